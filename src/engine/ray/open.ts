import type { Logger } from '../../telemetry/logger.ts';
import type { Clock } from '../../util/clock.ts';
import { parseRayAddress } from './address.ts';
import { Dashboard } from './dashboard.ts';
import { Deployments } from './deployments.ts';
import { hostDirectory } from './host-directory.ts';
import { tokenFrom } from './token.ts';

export interface OpenDeploymentsOptions {
  readonly address: string | null;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** What stands on a cluster, without serving. Errors: INVALID_OPTION, RAY_UNREACHABLE, RAY_TOKEN_REFUSED. */
export async function openDeployments(
  options: OpenDeploymentsOptions,
  signal: AbortSignal,
): Promise<{ deployments: Deployments; close(): Promise<void> }> {
  const dashboard = new Dashboard(parseRayAddress(options.address), tokenFrom(options.env));
  try {
    await dashboard.version(signal);
  } catch (error) {
    await dashboard.close();
    throw error;
  }
  return {
    deployments: new Deployments({ ...options, dashboard, hostDirectory }),
    close: () => dashboard.close(),
  };
}
