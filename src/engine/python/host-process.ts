import type { Logger } from '../../telemetry/logger.ts';
import type { Connection } from './connection.ts';
import type { Output } from './output.ts';

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

export interface StartRequest {
  /** Modules that its model will want; a zygote imports them once for all. */
  readonly imports: readonly string[];
  /** False where a fork of this model has been seen to hang. */
  readonly fork: boolean;
  /** Bound to the version: gets what the process prints. */
  readonly logger: Logger;
}

/** Starts worker processes of one environment. */
export interface Launcher {
  /** Errors: WORKER_NOT_STARTED, MODULE_MISSING; the signal's reason. */
  start(request: StartRequest, signal: AbortSignal): Promise<HostProcess>;
  close(): Promise<void>;
}
