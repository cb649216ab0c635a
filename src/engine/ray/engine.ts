import { type RayScale } from '../../config/ray-options.ts';
import { type Artifact, type VersionMetadata } from '../../registry/registry.ts';
import { type Logger } from '../../telemetry/logger.ts';
import { type Clock, sleep } from '../../util/clock.ts';
import { type Engine, type Loadable, type Servable } from '../engine.ts';
import { countersignError } from '../../errors/countersign-error.ts';
import { SingleFlight } from '../../util/single-flight.ts';
import { parseRayAddress } from './address.ts';
import { applicationName } from './application.ts';
import { ClusterView } from './cluster-view.ts';
import { Dashboard } from './dashboard.ts';
import { Deployments } from './deployments.ts';
import { packDirectory } from './package.ts';
import { versionKey } from './replica-note.ts';
import { askOnce, type OnCluster, RayServable } from './servable.ts';
import { type TokenSource } from './token.ts';
import { type AskedReplica } from './way.ts';
import { Ways } from './ways.ts';

export interface RayEngineOptions {
  /** `http://HEAD:8265`, Ray's dashboard; null is refused when the engine is first used. */
  readonly address: string | null;
  readonly tokenSource: TokenSource;
  /** The directory that holds the Python package `countersign_host`. */
  readonly hostDirectory: string;
  readonly scaleFor: (model: string) => RayScale;
  /** Versions that each replica keeps loaded. */
  readonly maxVersions: number;
  /** Told of each answer. */
  readonly onAsked?: (asked: AskedReplica) => void;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** How one application is reached at the moment. */
export interface ApplicationView {
  readonly application: string;
  readonly way: 'direct' | 'proxy';
  /** Which way and why: "directly to 2 replicas". */
  readonly sentence: string;
  /** As they told of themselves. */
  readonly replicas: readonly { readonly id: string; readonly loads: number }[];
}

export interface RayEngine extends Engine {
  /** Whether the cluster can be reached at all. Errors: INVALID_OPTION, RAY_UNREACHABLE, RAY_TOKEN_REFUSED. */
  check(signal: AbortSignal): Promise<void>;
  /** What requests went to. */
  applications(): readonly ApplicationView[];
}

/**
 * Versions on a Ray cluster, one Ray Serve application per model. The application outlives the engine, and others may
 * share it: whatever is let go here stays there.
 */
export function createRayEngine(options: RayEngineOptions): RayEngine {
  let cluster: Cluster | null = null;
  const connect = (): Cluster => (cluster ??= new Cluster(options));
  return {
    name: 'ray',
    canLoad,
    loader: (metadata, artifact) => ({
      load: (signal, progress) => connect().load(metadata, artifact, signal, progress),
    }),
    check: (signal) => Promise.resolve().then(() => connect().check(signal)),
    applications: () => cluster?.applications() ?? [],
    close: async () => cluster?.close(),
  };
}

function canLoad({ flavors }: VersionMetadata): Loadable {
  if (Object.hasOwn(flavors, 'python_function')) return { ok: true };
  return { ok: false, reason: 'it has no python_function flavor' };
}

/** Between two looks whether the proxies know a route. */
const routeMs = 250;

class Cluster {
  readonly #options: RayEngineOptions;
  readonly #dashboard: Dashboard;
  readonly #deployments: Deployments;
  readonly #view: ClusterView;
  readonly #ways: Ways;
  /** By model: one deploy however many versions of it come up at once. */
  readonly #deploying = new SingleFlight<string, boolean>();
  readonly #closing = new AbortController();

  constructor(options: RayEngineOptions) {
    const { tokenSource, hostDirectory, clock, logger, onAsked = () => undefined } = options;
    this.#options = options;
    this.#dashboard = new Dashboard(parseRayAddress(options.address), tokenSource);
    this.#deployments = new Deployments({ dashboard: this.#dashboard, hostDirectory, clock, logger });
    this.#view = new ClusterView(this.#dashboard, clock, logger);
    this.#ways = new Ways({ view: this.#view, clock, logger, onAsked });
  }

  applications(): readonly ApplicationView[] {
    return this.#ways.known.map(({ application, way, notes }) => ({
      application,
      ...way,
      replicas: notes.map(({ id, loads }) => ({ id, loads })),
    }));
  }

  async check(signal: AbortSignal): Promise<void> {
    await this.#dashboard.version(signal);
  }

  async load(
    metadata: VersionMetadata,
    artifact: Artifact,
    signal: AbortSignal,
    progress: (sentence: string) => void,
  ): Promise<Servable> {
    const { model, version } = metadata;
    const logger = this.#options.logger.child({ model, version });
    progress('packing the artifact for the cluster');
    const { uri, fileName } = await packDirectory(artifact.directory);
    const upload = async (stop: AbortSignal): Promise<void> => {
      if (await this.#dashboard.hasPackage(fileName, stop)) return;
      const again = await packDirectory(artifact.directory);
      if (again.uri !== uri) throw countersignError('LOAD_FAILED', 'the files of its artifact have changed');
      progress(`uploading ${(again.bytes.byteLength / 1e6).toFixed(1)} MB to the cluster`);
      await this.#dashboard.putPackage(again, stop);
    };
    const redeploy = async (stop: AbortSignal): Promise<void> => {
      const changed = await this.#deploy(model, stop, () => undefined);
      if (changed)
        logger.warn({}, 'the application was gone from the cluster, or another; it is deployed again');
      await sleep(this.#options.clock, routeMs, stop, { keepsAlive: true });
      await this.#view.read(stop);
    };
    const on: OnCluster = {
      ref: { model, version },
      application: applicationName(model),
      uri,
      key: versionKey(uri),
      way: this.#ways,
      upload,
      redeploy,
      logger,
    };
    await Promise.all([upload(signal), this.#deploy(model, signal, progress)]);
    // What runs since a moment ago is to be seen.
    await this.#view.read(signal);
    progress('loading in a replica');
    const loaded = await askOnce(on, 'load', { type: 'load', id: 1, directory: '' }, signal);
    if (loaded.type !== 'loaded')
      throw countersignError('INTERNAL').with({ cause: `a replica said ${loaded.type}` });
    return new RayServable(on, loaded, this.#options.scaleFor(model).mostReplicas);
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.#view.close();
    await Promise.all([this.#ways.close(), this.#dashboard.close()]);
  }

  /** Shared by all who ask at once: one that leaves does not end it, a gateway that closes does. */
  async #deploy(model: string, signal: AbortSignal, progress: (sentence: string) => void): Promise<boolean> {
    const { maxVersions, scaleFor } = this.#options;
    const wanted = { model, maxVersions, scale: scaleFor(model) };
    const deploying = this.#deploying.run(model, () =>
      this.#deployments.deploy(wanted, this.#closing.signal, progress),
    );
    return Promise.race([deploying, aborted(signal)]);
  }
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const leave = (): void => {
      reject(signal.reason as Error);
    };
    if (signal.aborted) leave();
    else signal.addEventListener('abort', leave, { once: true });
  });
}
