import { createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Transform, type Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

import { CountersignError } from '../../errors/countersign-error.ts';
import { sleep, type Clock } from '../../util/clock.ts';
import { mapBounded } from '../../util/map-bounded.ts';
import { reasonOf } from '../../util/unknown.ts';
import type { Failure } from '../http-client.ts';
import type { FetchProgress } from '../registry.ts';
import type { RemoteArtifact } from './artifact-source.ts';
import { safeRelativePath } from './safe-path.ts';

export interface RemoteFile {
  /** Relative to the artifact. */
  readonly path: string;
  /** Bytes; null where the server does not say. */
  readonly size: number | null;
}

/** What a protocol has to know so that an artifact can be downloaded: list everything, open one file. */
export interface RemoteTree {
  readonly uri: string;
  list(signal: AbortSignal): Promise<readonly RemoteFile[]>;
  /** Null if there is no such file. */
  open(path: string, signal: AbortSignal): Promise<Readable | null>;
}

/** Downloads trees: files in parallel, sizes checked, each file tried again when its stream breaks. */
export function remoteArtifact(tree: RemoteTree, fail: Failure, clock: Clock): RemoteArtifact {
  return {
    kind: 'remote',
    uri: tree.uri,
    async read(path, signal) {
      const stream = await tree.open(path, signal);
      return stream === null ? null : readSmall(stream, path, fail);
    },
    async download(directory, signal, onProgress) {
      const files = checked(await tree.list(signal), fail);
      const meter = new Meter(files, onProgress);
      // The first failure stops the other downloads.
      const stop = new AbortController();
      const either = AbortSignal.any([signal, stop.signal]);
      try {
        await mapBounded(files, parallelFiles, async (file) => {
          await withAnotherTry(
            file,
            clock,
            either,
            () => downloadOne(tree, file, directory, either, meter),
            fail,
          );
          meter.fileDone();
        });
      } finally {
        stop.abort();
      }
    },
  };
}

const parallelFiles = 8;
const attempts = 3;
/** Far above any MLmodel or example; `read` is not for weights. */
const smallFileBytes = 64 * 1024 * 1024;

async function readSmall(stream: Readable, path: string, fail: Failure): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > smallFileBytes) throw fail(`${path} is larger than ${String(smallFileBytes)} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function checked(files: readonly RemoteFile[], fail: Failure): readonly RemoteFile[] {
  if (files.length === 0) throw fail('there is nothing where its files should be');
  for (const file of files) {
    if (safeRelativePath(file.path) === null) {
      throw fail(`the listing has a path that is not allowed: ${JSON.stringify(file.path)}`);
    }
  }
  return files;
}

async function downloadOne(
  tree: RemoteTree,
  file: RemoteFile,
  directory: string,
  signal: AbortSignal,
  meter: Meter,
): Promise<string | null> {
  const stream = await tree.open(file.path, signal);
  if (stream === null) return `${file.path} is listed but is not there`;
  const target = join(directory, file.path);
  await mkdir(dirname(target), { recursive: true });
  const bytes = await meter.counting((count) =>
    pipeline(stream, count, createWriteStream(target, { flush: true }), { signal }),
  );
  return file.size === null || file.size === bytes
    ? null
    : `${file.path} has ${String(bytes)} bytes, not the ${String(file.size)} of the listing`;
}

/** Runs `job` until it has no complaint; errors of the catalogue have had their tries already. */
async function withAnotherTry(
  file: RemoteFile,
  clock: Clock,
  signal: AbortSignal,
  job: () => Promise<string | null>,
  fail: Failure,
): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    const problem = await job().catch((thrown: unknown) => {
      signal.throwIfAborted();
      if (thrown instanceof CountersignError) throw thrown;
      return `${file.path}: ${reasonOf(thrown)}`;
    });
    if (problem === null) return;
    if (attempt === attempts) throw fail(problem);
    await sleep(clock, 200 * 2 ** attempt, signal);
  }
}

/** Adds up what the parallel downloads do. */
class Meter {
  readonly #report: (progress: FetchProgress) => void;
  readonly #filesTotal: number;
  readonly #bytesTotal: number | null;
  #files = 0;
  #bytes = 0;

  constructor(files: readonly RemoteFile[], report: (progress: FetchProgress) => void) {
    this.#report = report;
    this.#filesTotal = files.length;
    this.#bytesTotal = files.reduce<number | null>(
      (sum, file) => (sum === null || file.size === null ? null : sum + file.size),
      0,
    );
  }

  /** Gives `job` a stream that counts; what a failed try counted is taken back. */
  async counting(job: (count: Transform) => Promise<void>): Promise<number> {
    let own = 0;
    const count = new Transform({
      transform: (chunk: Buffer, _encoding, done) => {
        own += chunk.length;
        this.#bytes += chunk.length;
        this.#tell();
        done(null, chunk);
      },
    });
    try {
      await job(count);
      return own;
    } catch (thrown) {
      this.#bytes -= own;
      throw thrown;
    }
  }

  fileDone(): void {
    this.#files += 1;
    this.#tell();
  }

  #tell(): void {
    this.#report({
      files: this.#files,
      filesTotal: this.#filesTotal,
      bytes: this.#bytes,
      bytesTotal: this.#bytesTotal,
    });
  }
}
