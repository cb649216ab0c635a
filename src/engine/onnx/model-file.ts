import { readFile, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { prepareModel, type PreparedModel } from './model-bytes.ts';

/** A model as it lies on the disk, before a session is made of it. */
export interface ModelFile extends PreparedModel {
  readonly path: string;
  /** Size of the file and of the files of weights it names. */
  readonly bytes: number;
}

/** Rejects where a file cannot be read, or is no model. */
export async function readModelFile(path: string): Promise<ModelFile> {
  const bytes = await readFile(path);
  const prepared = prepareModel(bytes);
  const weights = prepared.externalFiles.map((name) => stat(join(dirname(path), name)));
  const sizes = (await Promise.all(weights)).map(({ size }) => size);
  return { ...prepared, path, bytes: sizes.reduce((sum, size) => sum + size, bytes.length) };
}
