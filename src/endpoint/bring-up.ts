import type { Engine, EngineName, Loader, Servable, VersionFiles } from '../engine/engine.ts';
import { CountersignError, countersignError } from '../errors/countersign-error.ts';
import type { Registry, VersionMetadata, VersionRef } from '../registry/registry.ts';
import type { MakeLoader } from '../serving/manager.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Clock } from '../util/clock.ts';
import { Batcher, type BatcherLimits } from '../serving/batcher.ts';
import { type BatchingVerdict, probeBatching } from './probe-batching.ts';
import { type Trial, tryExample } from './try-example.ts';
import type { Finding, Verifications } from './verification.ts';

export interface BringUpOptions {
  readonly registry: Registry;
  /** In order of preference. */
  readonly engines: readonly Engine[];
  /** The only engine to use for a model; null for the first that can. */
  readonly engineFor: (model: string) => EngineName | null;
  readonly outputCheckFor: (model: string) => 'error' | 'warn' | 'off';
  readonly batchingFor: (model: string) => BatchingSettings;
  /** A default serves even when its answers do not fit its signature. */
  readonly isDefault: (ref: VersionRef) => boolean;
  readonly verifications: Verifications;
  /** Told of each predict. */
  readonly onBatch?: (batch: BatchSize) => void;
  readonly clock: Clock;
  readonly logger: Logger;
}

export interface BatchSize {
  readonly model: string;
  /** Requests that shared the predict. */
  readonly requests: number;
  readonly rows: number;
}

export interface BatchingSettings extends BatcherLimits {
  /** `auto` batches what the probe found to be safe. */
  readonly mode: 'auto' | 'on' | 'off';
}

/** How one version comes up: describe, fetch, load in an engine that can, try it on its own example. */
export function createBringUp(options: BringUpOptions): MakeLoader {
  return (ref) => ({
    async load(signal, progress) {
      const metadata = await options.registry.describe(ref, signal);
      const candidates = enginesFor(options, metadata);
      const files = filesOf(options.registry, ref);
      const fetched = candidates.every(({ loaderFrom }) => loaderFrom !== undefined)
        ? null
        : await files.fetch(signal, progress);
      const loaders = candidates.flatMap((engine) =>
        fetched === null ? (engine.loaderFrom?.(metadata, files) ?? []) : engine.loader(metadata, fetched),
      );
      const servable = await loadInFirst(loaders, signal, progress, options.logger.child({ ...ref }));
      try {
        const finding = await examine(options, metadata, servable, signal, progress);
        options.verifications.set(metadata, finding);
        const { model } = metadata;
        const limits = options.batchingFor(model);
        const batching = finding.batching.enabled;
        const onBatch = (batch: Omit<BatchSize, 'model'>): void => options.onBatch?.({ model, ...batch });
        return new Batcher(servable, { ...limits, batching, clock: options.clock, onBatch });
      } catch (error) {
        await servable.unload();
        throw error;
      }
    },
  });
}

function filesOf(registry: Registry, ref: VersionRef): VersionFiles {
  return {
    remoteUri: (signal) => registry.remoteUri(ref, signal),
    read: (path, signal) => registry.read(ref, path, signal),
    fetch: (signal, progress) => {
      progress('fetching the artifact');
      return registry.fetch(ref, signal, ({ bytes, bytesTotal }) => {
        const total = bytesTotal === null ? '' : ` of ${megabytes(bytesTotal)}`;
        progress(`fetching the artifact: ${megabytes(bytes)}${total}`);
      });
    },
  };
}

function enginesFor(options: BringUpOptions, metadata: VersionMetadata): readonly Engine[] {
  const wanted = options.engineFor(metadata.model);
  // What runs on a cluster is never taken by itself.
  const considered = options.engines.filter(({ name }) =>
    wanted === null ? name !== 'ray' : name === wanted,
  );
  const answers = considered.map((engine) => ({ engine, can: engine.canLoad(metadata) }));
  const able = answers.filter(({ can }) => can.ok).map(({ engine }) => engine);
  if (able.length > 0) return able;
  const reasons = answers.map(({ engine, can }) => `${engine.name}: ${can.ok ? 'can' : can.reason}`);
  throw countersignError('NO_ENGINE', metadata.model, metadata.version, reasons.join('; '));
}

/** An engine that finds out only at load that it cannot run a version hands over to the next. */
async function loadInFirst(
  loaders: readonly Loader[],
  signal: AbortSignal,
  progress: (sentence: string) => void,
  logger: Logger,
): Promise<Servable> {
  for (const [index, loader] of loaders.entries()) {
    try {
      return await loader.load(signal, progress);
    } catch (thrown) {
      const error = CountersignError.from(thrown);
      if (error.code !== 'ENGINE_CANNOT_LOAD' || index === loaders.length - 1) throw error;
      logger.info({ reason: error.message }, 'handing the version over to the next engine');
    }
  }
  throw countersignError('INTERNAL');
}

/** Runs the version on its own example: do its answers fit its signature, and may requests share a predict? */
async function examine(
  options: BringUpOptions,
  metadata: VersionMetadata,
  servable: Servable,
  signal: AbortSignal,
  progress: (sentence: string) => void,
): Promise<Finding> {
  progress('trying it on its own input example');
  const trial = await tryExample(options.registry, metadata, servable, signal);
  const { verdict, example, failure } = trial;
  if (verdict.status === 'failed' && options.outputCheckFor(metadata.model) === 'error') {
    if (!options.isDefault(metadata)) throw failure ?? countersignError('INTERNAL');
    options.logger.warn(
      { model: metadata.model, version: metadata.version, reason: verdict.reason },
      'the default serves unverified: its answers are passed through as they are',
    );
  }
  const batching = await judgeBatching(options.batchingFor(metadata.model).mode, servable, trial, signal);
  return { verdict, example, batching };
}

async function judgeBatching(
  mode: BatchingSettings['mode'],
  servable: Servable,
  { asked, verdict }: Trial,
  signal: AbortSignal,
): Promise<BatchingVerdict> {
  if (mode !== 'auto') return { enabled: mode === 'on', reason: 'as it was set' };
  if (verdict.status === 'failed') return { enabled: false, reason: verdict.reason };
  if (asked === null) return { enabled: false, reason: 'it has no input example to try it on' };
  return probeBatching(servable, asked, signal);
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
