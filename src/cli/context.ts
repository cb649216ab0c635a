import { readConfigFile } from '../config/config-file.ts';
import { resolveOptions } from '../config/resolve-options.ts';
import type { ResolvedOptions } from '../config/resolved-options.ts';
import { openRegistry } from '../registry/open.ts';
import type { ArtifactRegistry } from '../registry/store-registry.ts';
import type { Logger } from '../telemetry/logger.ts';
import { createLogger } from '../telemetry/pino-logger.ts';
import { readMlflowFlags } from './mlflow-flags.ts';

/** What every command starts from: its options, resolved, and a logger on standard error. */
export interface CliContext {
  readonly options: ResolvedOptions;
  readonly logger: Logger;
}

export async function cliContext(flags: Readonly<Record<string, unknown>>): Promise<CliContext> {
  const { config, ...given } = flags;
  const file = await readConfigFile(typeof config === 'string' ? config : null, process.cwd());
  const options = resolveOptions({ given: readMlflowFlags(given), env: process.env, file });
  const format = process.stderr.isTTY ? 'pretty' : 'json';
  return { options, logger: createLogger({ level: options.logLevel, format }) };
}

/** Columns of the terminal that standard output is; undefined for a file or a pipe. */
export function terminalWidth(): number | undefined {
  return process.stdout.isTTY ? process.stdout.columns : undefined;
}

/** The registry that the options and MLflow's own defaults name. */
export function openFrom({ options, logger }: CliContext): Promise<ArtifactRegistry> {
  return openRegistry({
    trackingUri: options.trackingUri,
    registryUri: options.registryUri,
    artifactsDestination: options.artifactsDestination,
    cacheDir: options.cacheDir,
    python: options.python,
    env: process.env,
    cwd: process.cwd(),
    logger,
  });
}
