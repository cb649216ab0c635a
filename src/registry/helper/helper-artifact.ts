import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

import type { RemoteArtifact } from '../artifacts/artifact-source.ts';
import { withoutCredentials } from '../uri.ts';
import type { Failure } from '../http-client.ts';
import { HelperProcess, type HelperOptions } from './helper-process.ts';
import { helperProblem } from './helper-store.ts';

/** An artifact that MLflow's own client fetches: Google, Azure, Databricks, HDFS, plugins. */
export class HelperArtifact implements RemoteArtifact {
  readonly kind = 'remote';
  readonly uri: string | null;
  readonly #uri: string;
  readonly #shared: HelperProcess;
  readonly #options: HelperOptions;
  readonly #fail: Failure;

  constructor(uri: string, shared: HelperProcess, options: HelperOptions, fail: Failure) {
    this.#uri = uri;
    // Unity Catalog hands out credentials of its own for each download.
    this.uri = uri.startsWith('databricks-model:') ? null : withoutCredentials(uri);
    this.#shared = shared;
    this.#options = options;
    this.#fail = fail;
  }

  async read(path: string, signal: AbortSignal): Promise<Uint8Array | null> {
    const content = await this.#ask(this.#shared, 'read', { uri: this.#uri, path }, signal);
    return typeof content === 'string' ? Buffer.from(content, 'base64') : null;
  }

  /** In a process of its own, so that an abort can stop it. */
  async download(directory: string, signal: AbortSignal, onProgress: Progress): Promise<void> {
    const own = new HelperProcess(this.#options);
    try {
      await this.#ask(own, 'download', { uri: this.#uri, directory }, signal);
    } finally {
      own.close();
    }
    onProgress(await countFiles(directory));
  }

  async #ask(helper: HelperProcess, method: string, params: object, signal: AbortSignal): Promise<unknown> {
    const answer = await helper.call(method, params, signal);
    if (answer.ok) return answer.result;
    throw this.#fail(helperProblem(answer, this.#uri));
  }
}

type Progress = Parameters<RemoteArtifact['download']>[2];

async function countFiles(directory: string): Promise<Parameters<Progress>[0]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  const sizes = await Promise.all(
    files.map(async (file) => (await stat(join(file.parentPath, file.name))).size),
  );
  const bytes = sizes.reduce((sum, size) => sum + size, 0);
  return { files: files.length, filesTotal: files.length, bytes, bytesTotal: bytes };
}
