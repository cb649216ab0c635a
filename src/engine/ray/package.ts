import { createHash } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join, sep } from 'node:path';

import { countersignError } from '../../errors/countersign-error.ts';
import { zip } from './zip.ts';

/** A zip as Ray keeps it in its head's memory, under the hash of what is in it. */
export interface RayPackage {
  readonly fileName: string;
  /** `gcs://...`, what a `runtime_env` and a replica call it by. */
  readonly uri: string;
  readonly bytes: Buffer;
}

/** Ray's dashboard takes no request of 100 MiB (`DASHBOARD_CLIENT_MAX_SIZE`). */
export const maxPackageBytes = 96 * 1024 ** 2;

interface Packing {
  readonly takes?: (path: string) => boolean;
  readonly why?: string;
}

/**
 * All files of a directory; `takes` chooses by relative path. Errors: ARTIFACT_TOO_LARGE, which says why the cluster has
 * to have it from here.
 */
export async function packDirectory(
  directory: string,
  { takes = () => true, why = 'it lies on the disk of this machine' }: Packing = {},
): Promise<RayPackage> {
  const found = await readdir(directory, { recursive: true, withFileTypes: true });
  const paths = found
    .filter((entry) => !entry.isDirectory())
    .map((entry) =>
      join(entry.parentPath, entry.name)
        .slice(directory.length)
        .replace(/^[\\/]+/, ''),
    )
    .filter(takes)
    .sort();
  const sizes = await Promise.all(paths.map(async (path) => (await stat(join(directory, path))).size));
  const total = sizes.reduce((sum, size) => sum + size, 0);
  if (total > maxPackageBytes) throw countersignError('ARTIFACT_TOO_LARGE', total, maxPackageBytes, why);
  const entries = await Promise.all(
    paths.map(async (path) => ({
      name: path.split(sep).join('/'),
      data: await readFile(join(directory, path)),
    })),
  );
  const bytes = zip(entries);
  const fileName = `_ray_pkg_${createHash('sha256').update(bytes).digest('hex').slice(0, 40)}.zip`;
  return { fileName, uri: `gcs://${fileName}`, bytes };
}

/** The Python host, as replicas get it. */
export function packHost(directory: string): Promise<RayPackage> {
  return packDirectory(directory, { takes: (path) => /^countersign_host[\\/][^\\/]+\.py$/.test(path) });
}
