import type { RayScale } from '../../config/ray-options.ts';
import type { Logger } from '../../telemetry/logger.ts';
import type { VersionMetadata, VersionRef } from '../../registry/registry.ts';
import { type Clock, sleep } from '../../util/clock.ts';
import type { Servable, VersionFiles } from '../engine.ts';
import { CountersignError, countersignError } from '../../errors/countersign-error.ts';
import { SingleFlight } from '../../util/single-flight.ts';
import { asNumber, asRecord } from '../../util/unknown.ts';
import { parseRayAddress } from './address.ts';
import { ClusterView } from './cluster-view.ts';
import { applicationName, type ClusterEnvironment, type KnownVersions } from './application.ts';
import { chooseEnvironment, type ClusterEnvManager } from './choose-environment.ts';
import { Dashboard } from './dashboard.ts';
import { type DeployedModel, Deployments, type WantedApplication } from './deployments.ts';
import { removeIdleApplications } from './idle-applications.ts';
import { packDirectory } from './package.ts';
import { noVersion, versionKey } from './replica-note.ts';
import { askOnce, type OnCluster, RayServable } from './servable.ts';
import type { TokenSource } from './token.ts';
import type { AskedReplica } from './way.ts';
import { Ways } from './ways.ts';

export interface RayEngineOptions {
  /** `http://HEAD:8265`, Ray's dashboard; null is refused when the engine is first used. */
  readonly address: string | null;
  readonly tokenSource: TokenSource;
  /** The directory that holds the Python package `countersign_host`. */
  readonly hostDirectory: string;
  readonly scaleFor: (model: string) => RayScale;
  /** Versions that each replica keeps loaded beside the default. */
  readonly maxVersions: number;
  /** Told of each answer. */
  readonly onAsked?: (asked: AskedReplica) => void;
  readonly envManager: ClusterEnvManager;
  /** The default of its model stays loaded in every replica. */
  readonly isDefault: (ref: VersionRef) => boolean;
  /** An application of an environment that nobody used for so long is removed. Default: 15 minutes. */
  readonly idleApplicationMs?: number;
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

export interface Load {
  readonly metadata: VersionMetadata;
  readonly files: VersionFiles;
  readonly signal: AbortSignal;
  readonly progress: (sentence: string) => void;
}

/** Where replicas have an artifact from. */
interface Source {
  /** As a header can carry it. */
  readonly uri: string;
  /** Sees to it that the cluster has it. */
  readonly upload: (signal: AbortSignal) => Promise<void>;
}

type Told = Pick<WantedApplication, 'model' | 'environment' | 'known'>;

const nothing: Source = { uri: 'nothing:', upload: () => Promise.resolve() };

/** A question to the replica itself, not to a version in it; its answer is JSON. */
async function askReplica(
  on: OnCluster,
  what: 'check' | 'idle',
  body: Uint8Array,
  signal: AbortSignal,
): Promise<unknown> {
  const question = { type: 'invoke', id: 1, body, contentType: null, exact: false, requestId: '' } as const;
  const reply = await askOnce(on, what, question, signal);
  return reply.type === 'raw' ? JSON.parse(Buffer.from(reply.body).toString()) : null;
}

/** Between two looks whether the proxies know a route. */
const routeMs = 250;

/** What a Ray engine does once somebody asks it for a version. */
export class Cluster {
  readonly #options: RayEngineOptions;
  readonly #dashboard: Dashboard;
  readonly #deployments: Deployments;
  readonly #view: ClusterView;
  readonly #ways: Ways;
  /** By model: one deploy however many versions of it come up at once. */
  readonly #deploying = new SingleFlight<string, boolean>();
  /** By application: what its replicas were told of versions, to be told again where it is deployed again. */
  readonly #known = new Map<string, KnownVersions>();
  readonly #closing = new AbortController();
  readonly #telling = new Set<Promise<void>>();
  #removing: Promise<void> | null = null;

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

  /** From where the files are; where replicas cannot fetch them, from here. */
  async load(load: Load): Promise<Servable> {
    const { metadata, files, signal, progress } = load;
    const environment = await this.#environment(load);
    const remote = await files.remoteUri(signal);
    if (remote === null) return this.#loadFrom(await this.#package(load), environment, load);
    try {
      // Encoded, so that a header can carry any path; replicas decode it.
      const source = { uri: encodeURI(remote), upload: () => Promise.resolve() };
      return await this.#loadFrom(source, environment, load);
    } catch (thrown) {
      if (!(thrown instanceof CountersignError) || thrown.code !== 'ARTIFACT_UNFETCHED') throw thrown;
      const logger = this.#options.logger.child({ model: metadata.model, version: metadata.version });
      logger.warn({ error: thrown }, 'replicas cannot fetch the artifact; it is uploaded from here');
      progress('replicas cannot fetch the artifact themselves');
      return this.#loadFrom(await this.#package(load, thrown.message), environment, load);
    }
  }

  /** The application that the version needs: of the cluster's own Python, which is asked, or of an environment. */
  async #environment({ metadata, files, signal, progress }: Load): Promise<ClusterEnvironment | null> {
    const { envManager: manager, logger } = this.#options;
    const { model, version } = metadata;
    const ask = async (requirements: string): Promise<unknown> => {
      await this.#deploy({ model }, signal, progress);
      await this.#view.read(signal);
      const on = this.#onCluster(metadata, null, nothing);
      return askReplica(on, 'check', Buffer.from(requirements), signal);
    };
    const child = logger.child({ model, version });
    return chooseEnvironment({ manager, metadata, files, ask, progress, logger: child }, signal);
  }

  async #package({ files, signal, progress }: Load, why?: string): Promise<Source> {
    const { directory } = await files.fetch(signal, progress);
    progress('packing the artifact for the cluster');
    const packing = why === undefined ? {} : { why };
    const { uri, fileName } = await packDirectory(directory, packing);
    const upload = async (stop: AbortSignal): Promise<void> => {
      if (await this.#dashboard.hasPackage(fileName, stop)) return;
      const again = await packDirectory(directory, packing);
      if (again.uri !== uri) throw countersignError('LOAD_FAILED', 'the files of its artifact have changed');
      progress(`uploading ${(again.bytes.byteLength / 1e6).toFixed(1)} MB to the cluster`);
      await this.#dashboard.putPackage(again, stop);
    };
    return { uri, upload };
  }

  async #loadFrom(
    source: Source,
    environment: ClusterEnvironment | null,
    { metadata, signal, progress }: Load,
  ): Promise<Servable> {
    const { model, version } = metadata;
    const on = this.#onCluster(metadata, environment, source);
    const isDefault = this.#options.isDefault(metadata);
    const whole = isDefault ? { default: version } : {};
    const known = { ...whole, versions: { [version]: source.uri } };
    await source.upload(signal);
    // The default is loaded in every replica before it is waited for.
    await this.#deploy({ model, environment, known: isDefault ? known : {} }, signal, progress);
    if (environment !== null) this.#removeIdle();
    // What runs since a moment ago is to be seen, and what it has.
    await this.#view.read(signal);
    await this.#ways.look(on.application);
    progress('loading in a replica');
    const loaded = await askOnce(on, 'load', { type: 'load', id: 1, directory: '' }, signal);
    if (loaded.type !== 'loaded')
      throw countersignError('INTERNAL').with({ cause: `a replica said ${loaded.type}` });
    const elsewhere = { ...whole, versions: { [version]: { application: on.application } } };
    this.#tell({ model, environment, known });
    // Callers of Ray's own port find it where they find the model.
    if (environment !== null) this.#tell({ model, known: elsewhere });
    return new RayServable(on, loaded, this.#options.scaleFor(model).mostReplicas);
  }

  #onCluster(ref: VersionRef, environment: ClusterEnvironment | null, { uri, upload }: Source): OnCluster {
    const { model, version } = ref;
    const logger = this.#options.logger.child({ model, version });
    const redeploy = async (stop: AbortSignal): Promise<void> => {
      const changed = await this.#deploy({ model, environment }, stop, () => undefined);
      if (changed && environment !== null) this.#tell({ model });
      if (changed)
        logger.warn({}, 'the application was gone from the cluster, or another; it is deployed again');
      await sleep(this.#options.clock, routeMs, stop, { keepsAlive: true });
      await this.#view.read(stop);
    };
    const application = applicationName(model, environment?.id);
    const key = uri === nothing.uri ? noVersion : versionKey(uri);
    return { ref: { model, version }, application, uri, key, way: this.#ways, upload, redeploy, logger };
  }

  /** As its replicas know it: other gateways, and callers of Ray's own port, use it too. */
  async #idleMs({ model, application }: DeployedModel, signal: AbortSignal): Promise<number> {
    const on = { ...this.#onCluster({ model, version: '' }, null, nothing), application };
    const { seconds } = asRecord(await askReplica(on, 'idle', new Uint8Array(), signal));
    return (asNumber(seconds) ?? 0) * 1000;
  }

  #removeIdle(): void {
    const { clock, logger, idleApplicationMs: longestMs = 900_000 } = this.#options;
    this.#removing ??= removeIdleApplications(
      {
        deployments: this.#deployments,
        serves: (model) => this.#known.has(applicationName(model)),
        idleMs: (deployed, signal) => this.#idleMs(deployed, signal),
        longestMs,
        everyMs: longestMs / 10,
        clock,
        logger,
      },
      this.#closing.signal,
    );
  }

  async close(): Promise<void> {
    // What is under way there is not cut off in the middle.
    await Promise.all(this.#telling);
    this.#closing.abort();
    this.#view.close();
    await this.#removing;
    await Promise.all([this.#ways.close(), this.#dashboard.close()]);
  }

  /** What replicas are told of versions in the background: no request of this gateway needs it. */
  #tell(told: Told): void {
    const wanted = this.#wanted(told);
    const telling = this.#deployments
      .write(wanted, this.#closing.signal, () => undefined)
      .then(
        () => undefined,
        (error: unknown) => {
          if (this.#closing.signal.aborted) return;
          this.#options.logger.warn({ model: told.model, error }, 'replicas were not told of a version');
        },
      );
    this.#telling.add(telling);
    void telling.finally(() => this.#telling.delete(telling));
  }

  /** With all that its replicas were told before. */
  #wanted({ model, environment = null, known = {} }: Told): WantedApplication {
    const { maxVersions, scaleFor } = this.#options;
    const name = applicationName(model, environment?.id);
    const before = this.#known.get(name) ?? {};
    const versions = { ...before.versions, ...known.versions };
    const all = { ...before, ...known, ...(Object.keys(versions).length > 0 && { versions }) };
    this.#known.set(name, all);
    return { model, environment, maxVersions, scale: scaleFor(model), known: all };
  }

  /** Shared by all who ask at once: one that leaves does not end it, a gateway that closes does. */
  async #deploy(
    { model, environment = null, known = {} }: Told,
    signal: AbortSignal,
    progress: (sentence: string) => void,
  ): Promise<boolean> {
    const name = applicationName(model, environment?.id);
    const wanted = this.#wanted({ model, environment, known });
    const deploying = this.#deploying.run(`${name} ${JSON.stringify(wanted.known)}`, () =>
      this.#deployments.deploy(wanted, this.#closing.signal, progress),
    );
    try {
      return await Promise.race([deploying, aborted(signal)]);
    } catch (thrown) {
      const failed = thrown instanceof CountersignError && thrown.code === 'RAY_DEPLOY_FAILED';
      if (!failed || environment === null || !(await this.#deployments.hasFailed(name, signal))) throw thrown;
      // Ray would go on trying to make it.
      this.#known.delete(name);
      await this.#deployments.removeApplication(name, signal);
      throw countersignError('ENVIRONMENT_FAILED', thrown.message).with({ cause: thrown });
    }
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
