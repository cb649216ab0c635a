import type { Environments, PythonEnvironment } from '../../environment/environments.ts';
import type { VersionMetadata } from '../../registry/registry.ts';
import type { Logger } from '../../telemetry/logger.ts';
import type { Clock } from '../../util/clock.ts';
import type { Engine, Loadable } from '../engine.ts';
import { Hub } from './hub.ts';
import { EnvironmentLauncher } from './launcher.ts';
import { loadPython } from './load.ts';

export interface PythonEngineOptions {
  readonly environments: Environments;
  /** Processes per loaded version, each of which predicts one request at a time. */
  readonly workers: number;
  /** The directory that holds the Python package `countersign_host`. */
  readonly hostDirectory: string;
  /** Where the socket may lie; a long path is replaced by the system's temporary directory. */
  readonly runtimeDir: string;
  /**
   * How long a predict may run on after its caller left, before its worker is killed. Default 60 000: MLflow's
   * own request timeout. A deadline of the caller's, said by the signal, always holds.
   */
  readonly abandonedTimeoutMs?: number;
  /** Fork workers from one process per environment. Default: on Linux, where the kernel ends them with it. */
  readonly fork?: boolean;
  /** Environment variables of the workers. Default: those of this process. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** A worker of the model was lost and has a successor. */
  readonly onReplaced?: (model: string) => void;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Worker processes per version, in the version's own environment, loading with `mlflow.pyfunc`. */
export function createPythonEngine(options: PythonEngineOptions): Engine {
  const shared = new Shared(options);
  return {
    name: 'python',
    canLoad,
    loader: (metadata, artifact) => ({
      async load(signal, progress) {
        const { environments } = options;
        const environment = await environments.prepare(metadata, artifact.directory, signal, progress);
        const launcher = await shared.launcher(environment);
        signal.throwIfAborted();
        return loadPython({ ...shared.settings, metadata, artifact, environment, launcher, progress }, signal);
      },
    }),
    close: () => shared.close(),
  };
}

function canLoad({ flavors }: VersionMetadata): Loadable {
  if (Object.hasOwn(flavors, 'python_function')) return { ok: true };
  return { ok: false, reason: 'it has no python_function flavor' };
}

/** What the loaders of one engine share: the socket, and a launcher per environment. */
class Shared {
  readonly settings;
  readonly #options: PythonEngineOptions;
  readonly #launchers = new Map<string, EnvironmentLauncher>();
  #hub: Promise<Hub> | null = null;

  constructor(options: PythonEngineOptions) {
    const { workers, clock, logger, abandonedTimeoutMs = 60_000, onReplaced = () => undefined } = options;
    this.settings = { workers, clock, logger, abandonedTimeoutMs, onReplaced };
    this.#options = options;
  }

  async launcher(environment: PythonEnvironment): Promise<EnvironmentLauncher> {
    const { hostDirectory, runtimeDir, clock, logger, env = process.env, fork = process.platform === 'linux' } = this.#options;
    const hub = await this.#openHub(runtimeDir, logger);
    const known = this.#launchers.get(environment.python);
    if (known !== undefined) return known;
    const context = { environment, hub, hostDirectory, env, clock, logger };
    const launcher = new EnvironmentLauncher(context, fork);
    this.#launchers.set(environment.python, launcher);
    return launcher;
  }

  /** Once for all; after a failure the next load tries again. */
  #openHub(runtimeDir: string, logger: Logger): Promise<Hub> {
    this.#hub ??= Hub.open(runtimeDir, logger).catch((error: unknown) => {
      this.#hub = null;
      throw error;
    });
    return this.#hub;
  }

  async close(): Promise<void> {
    const launchers = [...this.#launchers.values()];
    this.#launchers.clear();
    await Promise.all(launchers.map((launcher) => launcher.close()));
    await (await this.#hub)?.close();
  }
}
