import { isDeepStrictEqual } from 'node:util';

import { countersignError } from '../../errors/countersign-error.ts';
import type { Logger } from '../../telemetry/logger.ts';
import { type Clock, sleep } from '../../util/clock.ts';
import type { UnknownRecord } from '../../util/unknown.ts';
import {
  applicationConfig,
  applicationName,
  knownOf,
  type ModelDeployment,
  modelOf,
  withKnown,
} from './application.ts';
import type { Dashboard } from './dashboard.ts';
import type { RayApplication, ServeInstance } from './instance.ts';
import { packHost, type RayPackage } from './package.ts';

export interface DeploymentsOptions {
  readonly dashboard: Dashboard;
  /** The directory that holds the Python package `countersign_host`. */
  readonly hostDirectory: string;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** How one model stands on the cluster. */
export interface DeployedModel extends RayApplication {
  readonly model: string;
  readonly application: string;
  /** That of the cluster's own Python; false for one of an environment. */
  readonly isOwn: boolean;
}

export type WantedApplication = Omit<ModelDeployment, 'hostUri'>;

const pollMs = 500;
const attempts = 3;

/**
 * Our applications among everybody's. Ray's PUT takes away every application that it does not name, so each change
 * reads, merges, writes and reads again. Two writers at the same instant can still overwrite each other: what got
 * lost of ours is written again, what got lost of others' is said in the log.
 */
export class Deployments {
  readonly #options: DeploymentsOptions;
  #host: Promise<RayPackage> | null = null;
  /** One change at a time from here. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(options: DeploymentsOptions) {
    this.#options = options;
  }

  async config(wanted: WantedApplication): Promise<UnknownRecord> {
    this.#host ??= packHost(this.#options.hostDirectory);
    return applicationConfig({ ...wanted, hostUri: (await this.#host).uri });
  }

  /**
   * Deploys unless just that stands there already, and waits until it runs; says whether anything was written. Errors:
   * RAY_DEPLOY_FAILED and those of the dashboard.
   */
  async deploy(
    wanted: WantedApplication,
    signal: AbortSignal,
    progress: (sentence: string) => void,
  ): Promise<boolean> {
    const changed = await this.write(wanted, signal, progress);
    await this.#untilRunning(applicationName(wanted.model, wanted.environment?.id), signal, progress);
    return changed;
  }

  /** The same without waiting for it. */
  async write(
    wanted: WantedApplication,
    signal: AbortSignal,
    progress: (sentence: string) => void,
  ): Promise<boolean> {
    const fresh = await this.config(wanted);
    const name = String(fresh['name']);
    return this.#inTurn(async () => {
      for (let attempt = 1; ; attempt += 1) {
        const before = await this.#whenGone(name, signal);
        const config = knowingMore(fresh, before);
        const siblings = declared(before).filter((other) => other['name'] !== name);
        const others = siblings.map((other) =>
          modelOf(other) === wanted.model ? withDefault(other, wanted.known?.default) : other,
        );
        // What failed before is tried again; what failed now is told below.
        const stands = attempt === 1 ? isDeployed : isThere;
        if (stands(before, config) && isDeepStrictEqual(others, siblings)) return attempt > 1;
        if (attempt > attempts) {
          throw countersignError(
            'RAY_DEPLOY_FAILED',
            name,
            'somebody else keeps overwriting what is deployed',
          );
        }
        progress(`deploying the application ${name}`);
        await this.#uploadHost(signal);
        await this.#write(before, [...others, config], signal);
      }
    });
  }

  async hasFailed(name: string, signal: AbortSignal): Promise<boolean> {
    const { applications } = await this.#options.dashboard.instance(signal);
    return applications.get(name)?.status === 'DEPLOY_FAILED';
  }

  /** Takes the model's applications away and waits until they are gone; false when there were none. */
  async undeploy(model: string, signal: AbortSignal): Promise<boolean> {
    const gone = await this.#remove((config) => modelOf(config) === model, signal);
    const { dashboard, clock } = this.#options;
    const remain = async (): Promise<boolean> => {
      const { applications } = await dashboard.instance(signal);
      return gone.some((name) => applications.has(name));
    };
    while (await remain()) await sleep(clock, pollMs, signal, { keepsAlive: true });
    return gone.length > 0;
  }

  /** Takes one application away, and what others know of it. */
  async removeApplication(name: string, signal: AbortSignal): Promise<void> {
    await this.#remove((config) => config['name'] === name && modelOf(config) !== null, signal);
  }

  /** Models that countersign deployed, by name. */
  async list(signal: AbortSignal): Promise<readonly DeployedModel[]> {
    const { applications } = await this.#options.dashboard.instance(signal);
    return [...applications]
      .flatMap(([name, application]) => {
        const model = modelOf(application.config);
        const isOwn = model !== null && name === applicationName(model);
        return model === null ? [] : [{ ...application, model, application: name, isOwn }];
      })
      .sort((a, b) => (a.application < b.application ? -1 : 1));
  }

  /** What stands there, once the application is not on its way out any more: Ray would take the new one with it. */
  async #whenGone(name: string, signal: AbortSignal): Promise<ServeInstance> {
    for (;;) {
      const instance = await this.#options.dashboard.instance(signal);
      if (instance.applications.get(name)?.status !== 'DELETING') return instance;
      await sleep(this.#options.clock, pollMs, signal, { keepsAlive: true });
    }
  }

  async #remove(goes: (config: UnknownRecord) => boolean, signal: AbortSignal): Promise<readonly string[]> {
    return this.#inTurn(async () => {
      const before = await this.#options.dashboard.instance(signal);
      const all = declared(before);
      const gone = all.filter(goes).map(({ name }) => String(name));
      if (gone.length === 0) return [];
      const rest = all.filter((config) => !goes(config));
      const remaining = rest.map((config) => (modelOf(config) === null ? config : forgetting(config, gone)));
      await this.#write(before, remaining, signal);
      return gone;
    });
  }

  async #write(
    before: ServeInstance,
    applications: readonly UnknownRecord[],
    signal: AbortSignal,
  ): Promise<void> {
    const { dashboard, logger } = this.#options;
    await dashboard.putApplications({ ...before.rest, applications }, signal);
    const after = await dashboard.instance(signal);
    const lost = applications.filter(({ name }) => !after.applications.has(String(name)));
    if (lost.length === 0) return;
    const names = lost.map(({ name }) => name);
    logger.warn(
      { applications: names },
      'another writer changed the applications of the cluster at the same time',
    );
  }

  async #uploadHost(signal: AbortSignal): Promise<void> {
    const { dashboard, hostDirectory } = this.#options;
    const host = await (this.#host ??= packHost(hostDirectory));
    if (!(await dashboard.hasPackage(host.fileName, signal))) await dashboard.putPackage(host, signal);
  }

  async #untilRunning(
    name: string,
    signal: AbortSignal,
    progress: (sentence: string) => void,
  ): Promise<void> {
    const { dashboard, clock } = this.#options;
    let last = '';
    for (;;) {
      const application = (await dashboard.instance(signal)).applications.get(name);
      if (application === undefined) throw countersignError('RAY_DEPLOY_FAILED', name, 'it is gone again');
      const { status, reason, runningReplicas } = application;
      // Ray calls UNHEALTHY also what lacks one replica of several.
      if (status === 'RUNNING' || (status === 'UNHEALTHY' && runningReplicas > 0)) return;
      if (status === 'DEPLOY_FAILED') throw countersignError('RAY_DEPLOY_FAILED', name, reason || status);
      const sentence = `waiting for the application ${name}: ${status}${reason === '' ? '' : `, ${reason}`}`;
      if (sentence !== last) progress(sentence);
      last = sentence;
      await sleep(clock, pollMs, signal, { keepsAlive: true });
    }
  }

  #inTurn<Result>(job: () => Promise<Result>): Promise<Result> {
    const done = this.#turn.then(job, job);
    this.#turn = done.catch(() => undefined);
    return done;
  }
}

function isDeployed(instance: ServeInstance, config: UnknownRecord): boolean {
  const status = instance.applications.get(String(config['name']))?.status;
  return status !== 'DEPLOY_FAILED' && isThere(instance, config);
}

function isThere({ applications }: ServeInstance, config: UnknownRecord): boolean {
  const there = applications.get(String(config['name']));
  return there !== undefined && there.status !== 'DELETING' && isDeepStrictEqual(there.config, config);
}

/** With what the same application was told of already. */
function knowingMore(config: UnknownRecord, { applications }: ServeInstance): UnknownRecord {
  const before = knownOf(applications.get(String(config['name']))?.config ?? null);
  const added = knownOf(config);
  if (before.versions === undefined && added.versions === undefined) return config;
  const versions = { ...before.versions, ...added.versions };
  return withKnown(config, { ...before, ...added, versions });
}

/** A model has one default, whichever of its applications holds it. */
function withDefault(config: UnknownRecord, version: string | undefined): UnknownRecord {
  const known = knownOf(config);
  if (version === undefined || known.versions === undefined || known.default === version) return config;
  return withKnown(config, { ...known, default: version });
}

function forgetting(config: UnknownRecord, gone: readonly string[]): UnknownRecord {
  const known = knownOf(config);
  const entries = Object.entries(known.versions ?? {});
  const kept = entries.filter(([, place]) => typeof place === 'string' || !gone.includes(place.application));
  if (kept.length === entries.length) return config;
  return withKnown(config, { ...known, versions: Object.fromEntries(kept) });
}

/** What a PUT must name so that it stays. */
function declared({ applications }: ServeInstance): readonly UnknownRecord[] {
  return [...applications.values()].flatMap(({ config, status }) =>
    config === null || status === 'DELETING' ? [] : [config],
  );
}
