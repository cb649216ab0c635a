import { Command } from 'commander';

import { countersignError } from '../../errors/countersign-error.ts';
import { createGateway, type Gateway, type GatewayParts, type StartFailure } from '../../gateway.ts';
import { resolveModelUri } from '../../registry/model-uri.ts';
import { startTracing } from '../../telemetry/start-tracing.ts';
import { systemClock } from '../../util/clock.ts';
import { type CliContext, cliContext, openFrom } from '../context.ts';
import { addOptions, allOptions } from '../options.ts';
import { tryLines } from '../try-lines.ts';

export function serveCommand(): Command {
  const command = new Command('serve')
    .description(
      'Serve registered models as typed, versioned HTTP APIs; with no NAME, the whole registry, lazily.',
    )
    .argument('[NAME...]', 'registered models')
    .option('--config <FILE>', 'config file; default: countersign.config.{ts,js,json,yaml}');
  return addOptions(command, allOptions).action(
    async (names: readonly string[], flags: Record<string, unknown>) => {
      // MLflow's -h is the host; with nothing behind it, it is what people expect of -h.
      if (flags['host'] === true) command.help();
      await serve(await cliContext(flags), names);
    },
  );
}

async function serve(context: CliContext, names: readonly string[]): Promise<void> {
  const tracing = await startTracing(systemClock, context.logger);
  let ended: boolean | undefined;
  try {
    await serveUntilStopped(context, names);
  } finally {
    ended = await tracing?.stop();
  }
  if (ended === false) process.exit();
}

async function serveUntilStopped(context: CliContext, names: readonly string[]): Promise<void> {
  const parts = await gatewayParts(context, names);
  const gateway = await createGateway(parts);
  const stopping = stopOnSignals(gateway, context);
  try {
    const address = await gateway.listen();
    process.stdout.write(`Listening on ${address}\n`);
    const failures = await Promise.race([gateway.start(), stopping.begun]);
    if (failures !== 'stopping') {
      reportFailures(failures, parts, context);
      if (failures.length === 0) process.stderr.write(await tryLines(gateway.catalogue, address));
    }
  } catch (error) {
    await gateway.close();
    throw error;
  }
  await stopping.done;
}

/** What the flags and names of `serve` come to. */
export async function gatewayParts(context: CliContext, names: readonly string[]): Promise<GatewayParts> {
  const { options, logger } = context;
  const shared = { options, env: process.env, clock: systemClock, logger };
  if (options.modelUri !== null) {
    if (names.length > 0)
      throw countersignError('INVALID_OPTION', '--model-uri', 'it takes the place of NAME; give one of them');
    const { signal } = new AbortController();
    const opened = await openFrom(context);
    const { registry, version } = await resolveModelUri(opened, options.modelUri, signal, options.name);
    const pinning = (model: string) => ({ ...options.forModel(model), defaultVersion: version.version });
    return {
      ...shared,
      options: { ...options, forModel: pinning },
      named: [version.model],
      whole: false,
      defaultModel: version.model,
      registry,
    };
  }
  const registry = await openFrom(context);
  const { defaultModel } = options;
  const named = [...new Set(defaultModel === null ? names : [...names, defaultModel])];
  const whole = names.length === 0;
  return { ...shared, named, whole, defaultModel: defaultModel ?? onlyOne(names), registry };
}

function onlyOne(names: readonly string[]): string | null {
  return names.length === 1 ? (names[0] ?? null) : null;
}

/** Options that cannot be, models that do not exist, contracts that would be broken: nobody wants to start with these. */
const fatalExits: readonly number[] = [2, 3, 6];

/** Of several models, those that cannot be loaded are told of and the others serve; the only one ends the server. */
function reportFailures(
  failures: readonly StartFailure[],
  { named, whole }: GatewayParts,
  { logger }: CliContext,
): void {
  const [first] = failures;
  if (first === undefined) return;
  const fatal = failures.find(({ error }) => fatalExits.includes(error.exitCode));
  if (fatal !== undefined) throw fatal.error;
  if (!whole && failures.length === named.length) throw first.error;
  for (const { model, error } of failures) {
    logger.error({ model, error }, 'this model is not served; the others are');
  }
}

interface Stopping {
  /** A first SIGTERM or SIGINT came. */
  readonly begun: Promise<'stopping'>;
  /** It was carried out. */
  readonly done: Promise<void>;
}

/** npm and npx pass on what the terminal has sent to the process already. */
const sameSignalMs = 500;

/** The first signal stops in order, a second ends at once. */
function stopOnSignals(gateway: Gateway, { logger }: CliContext): Stopping {
  const begun = Promise.withResolvers<'stopping'>();
  const done: PromiseWithResolvers<void> = Promise.withResolvers();
  let first: { readonly signal: NodeJS.Signals; readonly atMs: number } | null = null;
  const stop = (signal: NodeJS.Signals): void => {
    const atMs = systemClock.monotonicMs();
    if (first?.signal === signal && atMs - first.atMs < sameSignalMs) return;
    if (first !== null) process.kill(process.pid, 'SIGKILL');
    first = { signal, atMs };
    logger.info({ signal }, 'stopping: finishing what runs; a second signal ends at once');
    begun.resolve('stopping');
    gateway.close().then(({ ended }) => {
      // Exiting around an ONNX run that is stuck would abort the process.
      if (!ended) process.kill(process.pid, 'SIGKILL');
      done.resolve();
    }, done.reject);
  };
  process.on('SIGTERM', stop).on('SIGINT', stop);
  return { begun: begun.promise, done: done.promise };
}
