import type { FetchProgress } from '../registry.ts';

/** Where the files of one artifact are. */
export type ArtifactSource = LocalArtifact | RemoteArtifact;

/** On this machine: used in place, never copied, never written to. */
export interface LocalArtifact {
  readonly kind: 'local';
  readonly directory: string;
}

export interface RemoteArtifact {
  readonly kind: 'remote';
  /** Where another machine finds it with MLflow's own client, without credentials; null if it cannot. */
  readonly uri: string | null;
  /** One small file; null if there is none. */
  read(path: string, signal: AbortSignal): Promise<Uint8Array | null>;
  /** Writes every file below `directory`, which is empty and belongs to this call. */
  download(
    directory: string,
    signal: AbortSignal,
    onProgress: (progress: FetchProgress) => void,
  ): Promise<void>;
}
