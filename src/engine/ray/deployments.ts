import { isDeepStrictEqual } from 'node:util';

import { countersignError } from '../../errors/countersign-error.ts';
import { type Logger } from '../../telemetry/logger.ts';
import { type Clock, sleep } from '../../util/clock.ts';
import { type UnknownRecord } from '../../util/unknown.ts';
import { applicationConfig, applicationName, type ModelDeployment, modelOf } from './application.ts';
import { type Dashboard } from './dashboard.ts';
import { type RayApplication, type ServeInstance } from './instance.ts';
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
}

type Wanted = Omit<ModelDeployment, 'hostUri'>;

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

  async config(wanted: Wanted): Promise<UnknownRecord> {
    this.#host ??= packHost(this.#options.hostDirectory);
    return applicationConfig({ ...wanted, hostUri: (await this.#host).uri });
  }

  /**
   * Deploys unless just that stands there already, and waits until it runs; says whether anything was written. Errors:
   * RAY_DEPLOY_FAILED and those of the dashboard.
   */
  async deploy(wanted: Wanted, signal: AbortSignal, progress: (sentence: string) => void): Promise<boolean> {
    const config = await this.config(wanted);
    const name = String(config['name']);
    const changed = await this.#inTurn(async () => {
      for (let attempt = 1; ; attempt += 1) {
        const before = await this.#options.dashboard.instance(signal);
        // What failed before is tried again; what failed now is told below.
        const stands = attempt === 1 ? isDeployed : isThere;
        if (stands(before, config)) return attempt > 1;
        if (attempt > attempts) {
          throw countersignError(
            'RAY_DEPLOY_FAILED',
            name,
            'somebody else keeps overwriting what is deployed',
          );
        }
        progress(`deploying the application ${name}`);
        await this.#uploadHost(signal);
        const others = declared(before).filter((other) => other['name'] !== name);
        await this.#write(before, [...others, config], signal);
      }
    });
    await this.#untilRunning(name, signal, progress);
    return changed;
  }

  /** Takes the model's application away and waits until it is gone; false when there was none. */
  async undeploy(model: string, signal: AbortSignal): Promise<boolean> {
    const name = applicationName(model);
    const { dashboard, clock } = this.#options;
    const found = await this.#inTurn(async () => {
      const before = await dashboard.instance(signal);
      if (modelOf(before.applications.get(name)?.config ?? null) !== model) return false;
      const others = declared(before).filter((other) => other['name'] !== name);
      await this.#write(before, others, signal);
      return true;
    });
    while (found && (await dashboard.instance(signal)).applications.has(name))
      await sleep(clock, pollMs, signal, { keepsAlive: true });
    return found;
  }

  /** Models that countersign deployed, by name. */
  async list(signal: AbortSignal): Promise<readonly DeployedModel[]> {
    const { applications } = await this.#options.dashboard.instance(signal);
    return [...applications]
      .flatMap(([name, application]) => {
        const model = modelOf(application.config);
        return model === null ? [] : [{ ...application, model, application: name }];
      })
      .sort((a, b) => (a.model < b.model ? -1 : 1));
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

/** What a PUT must name so that it stays. */
function declared({ applications }: ServeInstance): readonly UnknownRecord[] {
  return [...applications.values()].flatMap(({ config, status }) =>
    config === null || status === 'DELETING' ? [] : [config],
  );
}
