import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { FastifyInstance } from 'fastify';
import { CodecThread } from './codec/aside/codec-thread.ts';
import { createMlflowCodec } from './codec/mlflow.ts';
import { createServeArrowCodec } from './codec/serve-arrow.ts';
import type { ModelOptions, ResolvedOptions } from './config/resolved-options.ts';
import { createBringUp } from './endpoint/bring-up.ts';
import type { Catalogue } from './endpoint/endpoint.ts';
import { ModelCatalogue } from './endpoint/model-catalogue.ts';
import { ModelEndpoint } from './endpoint/model-endpoint.ts';
import { parseSelector } from './endpoint/selector.ts';
import type { EndpointSettings } from './endpoint/settings.ts';
import { Verifications } from './endpoint/verification.ts';
import { VersionDirectory } from './endpoint/version-directory.ts';
import type { Engine } from './engine/engine.ts';
import { createOnnxEngine } from './engine/onnx/engine.ts';
import { createPythonEngine } from './engine/python/engine.ts';
import { createRayEngine, type RayEngine } from './engine/ray/engine.ts';
import { hostDirectory } from './engine/ray/host-directory.ts';
import { tokenFrom } from './engine/ray/token.ts';
import type { AskedReplica } from './engine/ray/way.ts';
import { createEnvironments } from './environment/environments.ts';
import { CountersignError, countersignError } from './errors/countersign-error.ts';
import type { Graph } from './graph/definition.ts';
import { GraphCatalogue } from './graph/graph-catalogue.ts';
import type { GraphEndpoint } from './graph/graph-endpoint.ts';
import { createGraphEndpoints } from './graph/graph-endpoints.ts';
import { type MemberModel, memberModels } from './graph/member-models.ts';
import { parseGraphs } from './graph/parse-graphs.ts';
import { createHttpServer } from './http/server.ts';
import type { Registry, VersionRef } from './registry/registry.ts';
import { createManager } from './serving/create-manager.ts';
import type { Manager } from './serving/manager.ts';
import type { Logger } from './telemetry/logger.ts';
import { createMetrics } from './telemetry/create-metrics.ts';
import { openTracing } from './telemetry/open-tracing.ts';
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
  const graphs = parseGraphs(options.graphs);
  const named = splitNames(parts, graphs);
  const runtimeDir = await mkdtemp(join(tmpdir(), 'countersign-'));
  const defaults = new Map<string, string>();
  const verifications = new Verifications();
  const metrics = createMetrics();
  const isDefault = ({ model, version }: VersionRef): boolean => defaults.get(model) === version;
  const ray = createRay(parts, isDefault, (asked) => {
    metrics.replicaAsked(asked);
  });
  const local = createEngines(parts, runtimeDir, (model) => {
    metrics.workerRestarted(model);
  });
  const engines = [...local, ray];
  const manager = createManager({
    loaderFor: createBringUp({
      registry,
      engines,
      engineFor: (model) => {
        const { engine, mlflowExact } = options.forModel(model);
        return mlflowExact && engine !== 'ray' ? 'python' : engine;
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
      isDefault,
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
  const loadedAtStart = new Set([...named.models, ...named.members.map(({ model }) => model)]);
  const models = new ModelCatalogue({
    registry,
    named: named.models,
    members: named.members.map(({ model }) => model),
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
          if (loadedAtStart.has(name)) manager.pin(name, [defaultVersion]);
          else manager.prefer(name, [defaultVersion]);
        },
        clock,
        logger,
      }),
  });
  const composed = createGraphEndpoints({
    graphs,
    model: (name, signal) => models.member(name, signal),
    timeoutFor: (name) => options.forModel(name).timeoutMs,
    observed: (observation) => {
      metrics.memberAsked(observation);
    },
    clock,
    logger,
  });
  const served = new Map([...composed].filter(([name]) => parts.whole || named.graphs.includes(name)));
  const catalogue = new GraphCatalogue(models, served, parts.defaultModel);
  metrics.watch(manager);
  if (options.rayAddress !== null) metrics.watchCluster(ray);
  const reading = { unknownFields: options.unknownFields };
  const reader = new CodecThread({ ...reading, clock });
  const http = createHttpServer({
    catalogue,
    serveCodec: reader.wrap(createServeArrowCodec(reading)),
    mlflowCodec: reader.wrap(createMlflowCodec()),
    logger,
    metrics,
    tracing: await openTracing(clock),
    clock,
    maxBodyBytes: options.maxBodyBytes,
    accessLogRate: options.accessLogRate,
  });
  return {
    http,
    catalogue,
    listen: () => listen(http, options.host, options.port),
    start: () => start({ models, manager, graphs, served, named, ray, parts }),
    close: () => close(http, manager, [...engines, reader], parts, runtimeDir),
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
      hostDirectory,
      runtimeDir,
      onReplaced,
      clock,
      logger,
    }),
  ];
}

function createRay(
  { options, env, clock, logger }: GatewayParts,
  isDefault: (ref: VersionRef) => boolean,
  onAsked: (asked: AskedReplica) => void,
): RayEngine {
  return createRayEngine({
    address: options.rayAddress,
    tokenSource: tokenFrom(env),
    hostDirectory,
    scaleFor: (model) => options.forModel(model).ray,
    maxVersions: options.maxVersions,
    envManager: options.envManager,
    isDefault,
    onAsked,
    clock,
    logger,
  });
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

interface StartOptions {
  readonly models: ModelCatalogue;
  readonly manager: Manager;
  readonly graphs: ReadonlyMap<string, Graph>;
  readonly served: ReadonlyMap<string, GraphEndpoint>;
  readonly named: NamedParts;
  readonly ray: RayEngine;
  readonly parts: GatewayParts;
}

/** What was named at the start: registered models, composed ones, and the models that those ask. */
interface NamedParts {
  readonly models: readonly string[];
  readonly graphs: readonly string[];
  readonly members: readonly MemberModel[];
}

/** The registered models that are brought up for these names: the members, where a name is that of a composed model. */
export function registeredModels(parts: GatewayParts): readonly string[] {
  const { models, members } = splitNames(parts, parseGraphs(parts.options.graphs));
  return [...new Set([...models, ...members.map(({ model }) => model)])];
}

function splitNames({ named }: GatewayParts, graphs: ReadonlyMap<string, Graph>): NamedParts {
  const composed = named.filter((name) => graphs.has(name));
  return {
    models: named.filter((name) => !graphs.has(name)),
    graphs: composed,
    members: memberModels(composed, graphs),
  };
}

async function start(options: StartOptions): Promise<readonly StartFailure[]> {
  const { named, served, graphs } = options;
  if (usesRay(options)) {
    // Asked once, so that a cluster that is not there is told as such and not as a load that failed.
    const failure = await attempt(named.models[0] ?? 'all models', () =>
      options.ray.check(new AbortController().signal),
    );
    if (failure !== null) return [failure];
  }
  const checked = await Promise.all(
    [...served].map(([name, endpoint]) => attempt(name, () => checkGraph(endpoint, options))),
  );
  const broken = checked.filter((outcome) => outcome !== null);
  if (broken.length > 0) return broken;
  const outcomes = await Promise.all([
    ...named.models.map((name) =>
      attempt(name, () => bringUp({ model: name, selector: { kind: 'default' } }, options)),
    ),
    ...named.graphs.map((name) =>
      attempt(name, async () => {
        await Promise.all(memberModels([name], graphs).map((member) => bringUp(member, options)));
      }),
    ),
  ]);
  return outcomes.filter((outcome) => outcome !== null);
}

function usesRay({ named, parts }: StartOptions): boolean {
  const { options, whole } = parts;
  const models = [...named.models, ...named.members.map(({ model }) => model)];
  return [...models, ...(whole ? [''] : [])].some((model) => options.forModel(model).engine === 'ray');
}

async function attempt(model: string, job: () => Promise<void>): Promise<StartFailure | null> {
  try {
    await job();
    return null;
  } catch (thrown) {
    return { model, error: CountersignError.from(thrown) };
  }
}

/** Holds a composed model against the contracts of its members, and its name against those of the registry. */
async function checkGraph(endpoint: GraphEndpoint, { parts }: StartOptions): Promise<void> {
  const { signal } = new AbortController();
  await endpoint.prepare(signal);
  const clashes = await parts.registry.model(endpoint.name, signal).then(
    () => true,
    () => false,
  );
  if (!clashes) return;
  throw countersignError('INVALID_GRAPH', `graphs.${endpoint.name}`, 'a registered model has this name');
}

async function bringUp(
  { model, selector }: MemberModel,
  { models, manager, parts }: StartOptions,
): Promise<void> {
  const { signal } = new AbortController();
  const endpoint = await models.member(model, signal);
  const { defaultVersion } = await endpoint.pin(signal);
  const version =
    selector.kind === 'default'
      ? defaultVersion
      : (await endpoint.terms(selector, 'contract', signal)).version;
  const ref = { model, version };
  using handle = await manager.acquire(ref, { signal, waitMs: Number.POSITIVE_INFINITY });
  parts.logger.info({ ...ref, engine: handle.servable.engine, detail: handle.servable.detail }, 'ready');
}

async function close(
  http: FastifyInstance,
  manager: Manager,
  closed: readonly { close(): Promise<void> }[],
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
    await Promise.all(closed.map((part) => part.close()));
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
