import type { Deployments } from '../engine/ray/deployments.ts';
import { countersignError } from '../errors/countersign-error.ts';
import { systemClock } from '../util/clock.ts';
import type { CliContext } from './context.ts';

/** Does something with what stands on the Ray cluster of the options. */
export async function withDeployments<Result>(
  { options, logger }: CliContext,
  job: (deployments: Deployments, signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const { signal } = new AbortController();
  const { openDeployments } = await import('../engine/ray/open.ts');
  const settings = { address: options.rayAddress, env: process.env, clock: systemClock, logger };
  const opened = await openDeployments(settings, signal);
  try {
    return await job(opened.deployments, signal);
  } finally {
    await opened.close();
  }
}

export async function notDeployed(
  model: string,
  deployments: Deployments,
  signal: AbortSignal,
): Promise<Error> {
  const there = await deployments.list(signal);
  return countersignError(
    'NOT_DEPLOYED',
    model,
    there.map((deployed) => deployed.model),
  );
}
