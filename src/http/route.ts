import type { Answer } from './answer.ts';
import type { Exchange, Protocol } from './exchange.ts';

/** One path and method. The tables of routes are the single source of the router, of 405 and of the tests. */
export interface Route {
  readonly method: 'GET' | 'POST';
  /** find-my-way's pattern: `/models/:name/serve`. */
  readonly path: string;
  readonly protocol: Protocol;
  /** Asked every few seconds by machines: its requests are logged at debug. */
  readonly quiet?: true;
  /** `none`: the path with a trailing slash is something else. By default it is the same (ours) or a 307 (MLflow's). */
  readonly slash?: 'none';
  readonly handle: (exchange: Exchange) => Answer | Promise<Answer>;
}
