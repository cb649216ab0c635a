import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { type FastifyInstance } from 'fastify';
import { createMlflowCodec } from './codec/mlflow.ts';
import { createServeCodec } from './codec/serve.ts';
import { type ModelOptions, type ResolvedOptions } from './config/resolved-options.ts';
import { createBringUp } from './endpoint/bring-up.ts';
import { type Catalogue } from './endpoint/endpoint.ts';
import { ModelCatalogue } from './endpoint/model-catalogue.ts';
import { ModelEndpoint } from './endpoint/model-endpoint.ts';
import { parseSelector } from './endpoint/selector.ts';
import { type EndpointSettings } from './endpoint/settings.ts';
import { Verifications } from './endpoint/verification.ts';
import { VersionDirectory } from './endpoint/version-directory.ts';
import { type Engine } from './engine/engine.ts';
import { createOnnxEngine } from './engine/onnx/engine.ts';
import { createPythonEngine } from './engine/python/engine.ts';
import { createEnvironments } from './environment/environments.ts';
import { CountersignError, countersignError } from './errors/countersign-error.ts';
import { createHttpServer } from './http/server.ts';
import { type Registry } from './registry/registry.ts';
import { createManager } from './serving/create-manager.ts';
import { type Manager } from './serving/manager.ts';
import { type Logger } from './telemetry/logger.ts';
import { createMetrics } from './telemetry/create-metrics.ts';
import { type Clock, sleep } from './util/clock.ts';

export interface GatewayParts {
  readonly options: ResolvedOptions;
  /** Models whose default is loaded at the start; ready means that all of them answer. */
  readonly named: readonly string[];
  /** Serve every other model of the registry too, when it is asked for. */
  readonly whole: boolean;
  readonly defaultModel: string | null;
  readonly registry: Registry;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** A named model that could not be brought up, and why. */
export interface StartFailure {
  readonly model: string;
  readonly error: CountersignError;
}

/** A whole server: HTTP in front, engines behind. */
export interface Gateway {
  readonly http: FastifyInstance;
  readonly catalogue: Catalogue;
  /** Opens the port and returns the URL. Throws ADDRESS_IN_USE. */
  listen(): Promise<string>;
  /** Pins the contracts of the named models and loads their defaults; resolves when each has come up or failed. */
  start(): Promise<readonly StartFailure[]>;
  /** Takes nothing new, finishes what runs within the drain time-out, ends everything it started. */
  close(): Promise<Closed>;
}

export interface Closed {
  /** Every request that ran got its answer. */
  readonly drained: boolean;
  /**
   * Everything has ended. If not, an ONNX run is stuck in a thread: that cannot be ended from inside, and a process
   * that exits around it aborts. Kill the process.
   */
  readonly ended: boolean;
}

/** What may follow the drain time-out: killing workers, closing files. */
const closeGraceMs = 2_000;

/** The composition root: the one place that chooses the real parts. */
export async function createGateway(parts: GatewayParts): Promise<Gateway> {
  const { options, clock, logger, registry } = parts;
  const runtimeDir = await mkdtemp(join(tmpdir(), 'countersign-'));
  const defaults = new Map<string, string>();
  const verifications = new Verifications();
  const metrics = createMetrics();
  const engines = createEngines(parts, runtimeDir, (model) => {
    metrics.workerRestarted(model);
  });
  const manager = createManager({
    loaderFor: createBringUp({
      registry,
      engines,
      engineFor: (model) => {
        const { engine, mlflowExact } = options.forModel(model);
        return mlflowExact ? 'python' : engine;
      },
      outputCheckFor: (model) => options.forModel(model).outputCheck,
      batchingFor: (model) => {
        const { batching, maxBatchRows, maxQueue, maxQueueRows, batchWindowMs } = options.forModel(model);
        return {
          mode: batching,
          maxRows: maxBatchRows,
          maxQueued: maxQueue,
          maxQueuedRows: maxQueueRows,
          windowMs: batchWindowMs,
        };
      },
      isDefault: ({ model, version }) => defaults.get(model) === version,
      verifications,
      onBatch: (batch) => {
        metrics.batched(batch);
      },
      clock,
      logger,
    }),
    clock,
    logger,
    maxVersions: options.maxVersions,
    maxLoaded: options.maxLoaded,
  });
  const named = new Set(parts.named);
  const catalogue = new ModelCatalogue({
    registry,
    named: parts.named,
    whole: parts.whole,
    defaultName: parts.defaultModel,
    clock,
    makeEndpoint: (name) =>
      new ModelEndpoint({
        name,
        registry,
        directory: new VersionDirectory({ model: name, registry, clock, logger }),
        manager,
        verifications,
        settings: endpointSettings(options.forModel(name)),
        onPinned: ({ defaultVersion, because }) => {
          defaults.set(name, defaultVersion);
          logger.info({ model: name, version: defaultVersion, because }, 'contract pinned');
          if (named.has(name)) manager.pin(name, [defaultVersion]);
          else manager.prefer(name, [defaultVersion]);
        },
        clock,
        logger,
      }),
  });
  metrics.watch(manager);
  const http = createHttpServer({
    catalogue,
    serveCodec: createServeCodec({ unknownFields: options.unknownFields }),
    mlflowCodec: createMlflowCodec(),
    logger,
    metrics,
    clock,
    maxBodyBytes: options.maxBodyBytes,
  });
  return {
    http,
    catalogue,
    listen: () => listen(http, options.host, options.port),
    start: () => start(catalogue, manager, parts),
    close: () => close(http, manager, engines, parts, runtimeDir),
  };
}

function createEngines(
  parts: GatewayParts,
  runtimeDir: string,
  onReplaced: (model: string) => void,
): readonly Engine[] {
  const { options, env, clock, logger } = parts;
  const environments = createEnvironments({
    manager: options.envManager,
    python: options.python,
    cacheDir: options.cacheDir,
    env,
    clock,
    logger,
  });
  return [
    createOnnxEngine({
      workers: options.workers,
      isolation: options.onnxIsolation,
      onReplaced,
      clock,
      logger,
    }),
    createPythonEngine({
      environments,
      workers: options.workers,
      hostDirectory: fileURLToPath(new URL('../python', import.meta.url)),
      runtimeDir,
      onReplaced,
      clock,
      logger,
    }),
  ];
}

function endpointSettings(options: ModelOptions): EndpointSettings {
  return {
    defaultVersion: options.defaultVersion === null ? null : pinningSelector(options.defaultVersion),
    contractFile: options.contract,
    compatibility: options.compatibility,
    outputCheck: options.outputCheck,
    mlflowExact: options.mlflowExact,
    timeoutMs: options.timeoutMs,
  };
}

function pinningSelector(text: string): EndpointSettings['defaultVersion'] {
  const selector = parseSelector(text);
  return selector.kind === 'default' ? null : selector;
}

async function listen(http: FastifyInstance, host: string, port: number): Promise<string> {
  try {
    return await http.listen({ host, port });
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE') {
      throw countersignError('ADDRESS_IN_USE', `${host}:${String(port)}`);
    }
    throw error;
  }
}

async function start(
  catalogue: ModelCatalogue,
  manager: Manager,
  parts: GatewayParts,
): Promise<readonly StartFailure[]> {
  const { signal } = new AbortController();
  const outcomes = await Promise.all(
    parts.named.map(async (model): Promise<StartFailure | null> => {
      try {
        const { defaultVersion } = await (await catalogue.model(model, signal)).pin(signal);
        const ref = { model, version: defaultVersion };
        using handle = await manager.acquire(ref, { signal, waitMs: Number.POSITIVE_INFINITY });
        parts.logger.info(
          { ...ref, engine: handle.servable.engine, detail: handle.servable.detail },
          'ready',
        );
        return null;
      } catch (thrown) {
        return { model, error: CountersignError.from(thrown) };
      }
    }),
  );
  return outcomes.filter((outcome) => outcome !== null);
}

async function close(
  http: FastifyInstance,
  manager: Manager,
  engines: readonly Engine[],
  parts: GatewayParts,
  runtimeDir: string,
): Promise<Closed> {
  const { clock, options, registry } = parts;
  let drained = false;
  const end = async (): Promise<boolean> => {
    const closing = http.close();
    drained = await manager.close(options.drainTimeoutMs);
    if (!drained) http.server.closeAllConnections();
    await closing;
    await Promise.all(engines.map((engine) => engine.close()));
    await registry.close();
    return true;
  };
  const enough = new AbortController();
  const longest = options.drainTimeoutMs + closeGraceMs;
  const late = sleep(clock, longest, enough.signal, { keepsAlive: true }).then(
    () => false,
    () => false,
  );
  try {
    const ended = await Promise.race([end(), late]);
    return { drained, ended };
  } finally {
    enough.abort();
    await rm(runtimeDir, { recursive: true, force: true });
  }
}
