import { type Connection } from './connection.ts';
import { type Output } from './output.ts';

/** A process of the Python host that has said hello. */
export interface HostProcess {
  readonly pid: number;
  readonly connection: Connection;
  readonly output: Output;
  readonly origin: 'forked' | 'spawned';
  /** SIGKILL: a model in C code hears nothing else. */
  kill(): void;
  /** Resolves with how it ended ("exit code 1", "signal SIGKILL"). */
  readonly exited: Promise<string>;
}

/** Starts worker processes of one environment. */
export interface Launcher {
  /** Errors: WORKER_NOT_STARTED, MODULE_MISSING; the signal's reason. `imports` may be loaded beforehand. */
  start(imports: readonly string[], signal: AbortSignal): Promise<HostProcess>;
  close(): Promise<void>;
}
