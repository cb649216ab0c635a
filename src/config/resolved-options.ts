import type { RayScale } from './ray-options.ts';

/** Complete, checked and frozen: durations in `...Ms`, sizes in `...Bytes`. */
export interface ResolvedOptions {
  readonly modelUri: string | null;
  readonly name: string;
  readonly defaultModel: string | null;
  readonly trackingUri: string | null;
  readonly registryUri: string | null;
  readonly artifactsDestination: string | null;
  readonly host: string;
  readonly port: number;
  readonly envManager: 'auto' | 'local' | 'uv' | 'virtualenv';
  readonly python: string | null;
  readonly workers: number;
  readonly maxVersions: number;
  readonly maxLoaded: number | null;
  readonly drainTimeoutMs: number;
  readonly cacheDir: string;
  /** As it was written: only a Ray engine reads it, since Ray's own tools know other forms of the variable. */
  readonly rayAddress: string | null;
  readonly onnxIsolation: 'thread' | 'process';
  readonly unknownFields: 'reject' | 'ignore';
  readonly maxBodyBytes: number;
  readonly accessLogRate: number;
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error';
  /** What stands under `graphs` of the config file, not read yet: composed models by name. */
  readonly graphs: unknown;
  /** The settings of a model: those of the server with what the config file says of the model over them. */
  readonly forModel: (model: string) => ModelOptions;
}

export interface ModelOptions {
  readonly defaultVersion: string | null;
  readonly contract: string | null;
  readonly timeoutMs: number;
  readonly compatibility: 'substitutable' | 'exact';
  /** Null: the first that can. */
  readonly engine: 'onnx' | 'python' | 'ray' | null;
  /** On a Ray cluster. */
  readonly ray: RayScale;
  readonly outputCheck: 'error' | 'warn' | 'off';
  readonly mlflowExact: boolean;
  readonly batching: 'auto' | 'on' | 'off';
  readonly maxBatchRows: number;
  readonly maxQueue: number;
  readonly maxQueueRows: number;
  readonly batchWindowMs: number;
}
