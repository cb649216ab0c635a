import { packageVersion } from '../util/package-version.ts';
import { type Clock, sleep } from '../util/clock.ts';
import type { Logger } from './logger.ts';
import { isTracerRegistered } from './open-tracing.ts';

/** Traces of a process of our own, running. */
export interface StartedTracing {
  /**
   * Sends what has not been sent, for a few seconds at most. False: the collector is gone, and the exporter, which
   * cannot be told to stop, goes on trying.
   */
  stop(): Promise<boolean>;
}

const longestStopMs = 3_000;

/** Variables that ask for traces by being there. */
const asking = ['OTEL_EXPORTER_OTLP_ENDPOINT', 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', 'OTEL_TRACES_EXPORTER'];

/**
 * Starts OpenTelemetry's SDK where its own environment variables ask for traces; the SDK reads all the others itself.
 * Null, and nothing loaded, where they do not, or where `node --import` registered a tracer provider before us. For a
 * command: a library leaves it to its program.
 * @see https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/
 */
export async function startTracing(clock: Clock, logger: Logger): Promise<StartedTracing | null> {
  const { env } = process;
  if (!asksForTraces(env) || isTracerRegistered()) return null;
  // Unlike the SDK's own choice without `process`: a command line may hold the credentials of a registry.
  env['OTEL_NODE_RESOURCE_DETECTORS'] ??= 'env,host,os,serviceinstance';
  const [{ NodeSDK }, { diag, DiagLogLevel }] = await Promise.all([
    import('@opentelemetry/sdk-node'),
    import('@opentelemetry/api'),
  ]);
  const sdk = new NodeSDK({
    ...(!namesService(env) && { serviceName: 'countersign' }),
    metricReaders: [],
    logRecordProcessors: [],
  });
  const say =
    (level: 'debug' | 'info' | 'warn' | 'error') =>
    (what: string): void => {
      logger[level]({ what }, 'OpenTelemetry');
    };
  const diagnostics = { verbose: say('debug'), debug: say('debug'), info: say('info'), warn: say('warn') };
  const level = env['OTEL_LOG_LEVEL']?.trim().toUpperCase() ?? '';
  const logLevel =
    level in DiagLogLevel ? DiagLogLevel[level as keyof typeof DiagLogLevel] : DiagLogLevel.WARN;
  // After the SDK was made, which would log to standard output.
  diag.setLogger({ ...diagnostics, error: say('warn') }, { logLevel, suppressOverrideMessage: true });
  sdk.start();
  logger.info({ version: packageVersion }, 'traces are sent as the OTEL_ variables say');
  return {
    async stop() {
      const enough = new AbortController();
      const late = sleep(clock, longestStopMs, enough.signal, { keepsAlive: true }).then(
        () => false,
        () => true,
      );
      const sent = sdk.shutdown().then(
        () => true,
        () => true,
      );
      const ended = await Promise.race([sent, late]);
      enough.abort();
      if (!ended) logger.warn({}, 'the last spans could not be sent');
      return ended;
    },
  };
}

type Environment = Readonly<Record<string, string | undefined>>;

function asksForTraces(env: Environment): boolean {
  const said = (name: string): string => env[name]?.trim().toLowerCase() ?? '';
  if (said('OTEL_SDK_DISABLED') === 'true' || said('OTEL_TRACES_EXPORTER') === 'none') return false;
  return asking.some((name) => said(name) !== '');
}

function namesService(env: Environment): boolean {
  return (
    (env['OTEL_SERVICE_NAME'] ?? '') !== '' ||
    /(^|,)\s*service\.name=/.test(env['OTEL_RESOURCE_ATTRIBUTES'] ?? '')
  );
}
