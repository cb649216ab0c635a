import type { PythonEnvironment } from '../../environment/environments.ts';
import { countersignError } from '../../errors/countersign-error.ts';
import type { Artifact, VersionMetadata } from '../../registry/registry.ts';
import type { Logger } from '../../telemetry/logger.ts';
import type { Clock } from '../../util/clock.ts';
import type { Servable } from '../engine.ts';
import type { EnvironmentLauncher } from './launcher.ts';
import { Pool } from './pool.ts';
import { PythonServable } from './servable.ts';
import { Worker } from './worker.ts';

export interface LoadTask {
  readonly metadata: VersionMetadata;
  readonly artifact: Artifact;
  readonly environment: PythonEnvironment;
  readonly launcher: EnvironmentLauncher;
  readonly workers: number;
  readonly abandonedTimeoutMs: number;
  readonly onReplaced: (model: string) => void;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly progress: (sentence: string) => void;
}

/** Libraries that were seen to work in a fork when the parent only imported them (MEASURED: "Python"). */
const importsOfFlavor: Readonly<Record<string, readonly string[]>> = {
  sklearn: ['mlflow.sklearn', 'sklearn.ensemble', 'sklearn.pipeline', 'sklearn.linear_model'],
  xgboost: ['mlflow.xgboost', 'xgboost'],
  lightgbm: ['mlflow.lightgbm', 'lightgbm'],
  pytorch: ['mlflow.pytorch', 'torch'],
};

/** What the zygote imports before it forks, so that all workers share it. */
function importsOf({ flavors }: VersionMetadata): readonly string[] {
  return Object.entries(flavors).flatMap(([flavor, { serialization_format: format }]) => [
    ...(importsOfFlavor[flavor] ?? []),
    ...(format === 'skops' ? ['skops.io'] : []),
  ]);
}

/** Starts the workers of one version and has each of them load it. */
export async function loadPython(task: LoadTask, signal: AbortSignal): Promise<Servable> {
  const { metadata, artifact, environment, launcher, clock, workers, abandonedTimeoutMs } = task;
  const ref = { model: metadata.model, version: metadata.version };
  const logger = task.logger.child(ref);
  const imports = importsOf(metadata);
  task.progress(`loading in ${String(workers)} worker${workers === 1 ? '' : 's'}, ${environment.description}`);
  let fork = true;
  const distrustForks = (): void => {
    if (fork) logger.warn({}, 'a forked worker never answered; this version gets spawned workers from now on');
    fork = false;
  };
  const start = async (stop: AbortSignal): Promise<Worker> => {
    const process = await launcher.start({ imports, logger, fork }, stop);
    return Worker.load(process, ref, artifact.directory, stop, clock);
  };
  const lost = () => countersignError('WORKER_LOST', ref.model, ref.version);
  const onReplaced = (): void => {
    task.onReplaced(ref.model);
  };
  const pool = await Pool.open({ size: workers, start, lost, onReplaced, clock, logger }, signal);
  return PythonServable.open({ ref, pool, distrustForks, environment, workers, abandonedTimeoutMs, clock });
}
