import type { Logger } from '../../telemetry/logger.ts';
import { type Clock, sleep } from '../../util/clock.ts';
import { knownOf } from './application.ts';
import type { DeployedModel, Deployments } from './deployments.ts';

export interface IdleApplicationsOptions {
  readonly deployments: Deployments;
  /** Whether this gateway serves the model. */
  readonly serves: (model: string) => boolean;
  /** How long nobody used it, in milliseconds, whichever gateway or caller. */
  readonly idleMs: (application: DeployedModel, signal: AbortSignal) => Promise<number>;
  /** An application that nobody used for so long is removed. */
  readonly longestMs: number;
  readonly everyMs: number;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * Takes away the applications of environments that no version is asked for any more, until `signal` aborts. That of the
 * default stays, and so does the model's own. A request that comes later deploys it again.
 */
export async function removeIdleApplications(
  options: IdleApplicationsOptions,
  signal: AbortSignal,
): Promise<void> {
  const { everyMs, clock, logger } = options;
  for (;;) {
    try {
      await sleep(clock, everyMs, signal);
      await removeIdle(options, signal);
    } catch (error) {
      if (signal.aborted) return;
      logger.debug({ error }, 'whether applications are idle cannot be seen at the moment');
    }
  }
}

async function removeIdle(options: IdleApplicationsOptions, signal: AbortSignal): Promise<void> {
  const { deployments, serves, idleMs, longestMs, logger } = options;
  for (const deployed of await deployments.list(signal)) {
    const { model, application, isOwn, runningReplicas } = deployed;
    if (isOwn || runningReplicas === 0 || !serves(model) || holdsDefault(deployed)) continue;
    if ((await idleMs(deployed, signal)) < longestMs) continue;
    logger.info({ model, application }, 'nobody asks for the versions of this application; it is removed');
    await deployments.removeApplication(application, signal);
  }
}

function holdsDefault({ config }: DeployedModel): boolean {
  const { default: version = '', versions = {} } = knownOf(config);
  return typeof versions[version] === 'string';
}
