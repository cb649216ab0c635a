import type { IncomingMessage, ServerResponse } from 'node:http';

import type { CountersignOptions } from './config/options.ts';
import type { RayOptions } from './config/ray-options.ts';
import { resolveOptions } from './config/resolve-options.ts';
import { type Closed, createGateway } from './gateway.ts';
import type { GraphDefinition } from './graph/compose.ts';
import { openRegistry } from './registry/open.ts';
import type { Logger } from './telemetry/logger.ts';
import { createLogger } from './telemetry/pino-logger.ts';
import { systemClock } from './util/clock.ts';

/** The options of `countersign serve NAME`, and a logger of the program's own. */
export interface DeploymentOptions
  extends Omit<CountersignOptions, 'modelUri' | 'name' | 'defaultModel'>, RayOptions {
  /** Default: JSON lines on standard error, as the command writes them. */
  readonly logger?: Logger;
  /** Composed models by name; the deployment may be of one of them. */
  readonly graphs?: Readonly<Record<string, GraphDefinition>>;
}

/** What the default export of `countersign.config.ts` holds. */
export interface CountersignConfig extends CountersignOptions, RayOptions {
  /** Options of single models by name. */
  readonly models?: Readonly<Record<string, CountersignOptions & RayOptions>>;
  /** Composed models by name, of `compose`, `pipeline` and `ensemble`. */
  readonly graphs?: Readonly<Record<string, GraphDefinition>>;
}

/** A model of the registry as an API inside a program. */
export interface Deployment {
  /** Opens a port (`host` and `port` of the options) and returns its URL. Throws ADDRESS_IN_USE. */
  listen(): Promise<string>;
  /** Answers one request of a server the program already has; routes are those of the command. */
  readonly handler: (request: IncomingMessage, response: ServerResponse) => void;
  /** Takes nothing new, finishes what runs within the drain time-out (30 s), ends workers. */
  close(): Promise<Closed>;
}

/**
 * The same server that `countersign serve NAME` runs, for a TypeScript program; resolves when the default version
 * answers.
 *
 * @example
 * const deployment = await deploymentFromModelName('translation_model', { defaultVersion: '@production' });
 * http.createServer(deployment.handler).listen(3000);
 *
 * Throws CountersignError: MODEL_NOT_FOUND, REGISTRY_UNREACHABLE, VERSION_LOAD_FAILED, INVALID_OPTION and others.
 */
export async function deploymentFromModelName(
  name: string,
  { logger: givenLogger, graphs, ...given }: DeploymentOptions = {},
): Promise<Deployment> {
  const { env } = process;
  const options = resolveOptions({ given: { ...given }, env, file: { graphs } });
  const logger = givenLogger ?? createLogger({ level: options.logLevel, format: 'json' });
  const registry = await openRegistry({ ...options, env, cwd: process.cwd(), logger });
  const gateway = await createGateway({
    options,
    named: [name],
    whole: false,
    defaultModel: name,
    registry,
    env,
    clock: systemClock,
    logger,
  });
  const [failure] = await gateway.start();
  if (failure !== undefined) {
    await gateway.close();
    throw failure.error;
  }
  await gateway.http.ready();
  return {
    listen: () => gateway.listen(),
    handler: (request, response) => {
      gateway.http.routing(request, response);
    },
    close: () => gateway.close(),
  };
}
