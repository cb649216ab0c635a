import type { CompatibilityMode } from '../contract/contract.ts';
import type { Selector } from './selector.ts';

/** What one endpoint is set to; the options of the server with those of the model over them. */
export interface EndpointSettings {
  /** Which version pins the contract; null: the alias `production` or `champion`, else the newest. */
  readonly defaultVersion: Exclude<Selector, { kind: 'default' }> | null;
  /** Path of a contract file written by `countersign lock`; it pins the contract instead of the default version. */
  readonly contractFile: string | null;
  readonly compatibility: CompatibilityMode;
  /** `error` refuses an answer that does not fit, `warn` logs it and passes it through, `off` does not look. */
  readonly outputCheck: 'error' | 'warn' | 'off';
  /** `/invocations` goes through MLflow's own code, whatever the codec could read itself. */
  readonly mlflowExact: boolean;
  /** Deadline of a request, waiting for a load included. */
  readonly timeoutMs: number;
}
