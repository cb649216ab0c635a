import { join, resolve } from 'node:path';

export const root = resolve(import.meta.dirname, '..');
/** Environments, models, bodies and caches of the benchmark. */
export const cache = join(root, '.cache', 'bench');
export const requirements = join(import.meta.dirname, 'requirements');
/** The package as it is published. */
export const packaged = join(cache, 'package');
