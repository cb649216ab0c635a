import { createHash } from 'node:crypto';

/** The header that a replica writes on every answer (python/countersign_host/replica.py). */
export const noteHeader = 'countersign-replica';

/** What a replica says of itself. */
export interface ReplicaNote {
  readonly id: string;
  /** Goes up with every change, so that an older note that comes later is known as such. */
  readonly changes: number;
  /** Loads that began there, ever. */
  readonly loads: number;
  /** Versions it keeps. */
  readonly room: number;
  /** What is there, by `versionKey`. */
  readonly has: ReadonlyMap<string, 'up' | 'coming'>;
}

/** Null for what is no note: another release wrote it, or nobody. */
export function parseNote(text: string): ReplicaNote | null {
  const [id, changes, loads, room, has] = text.split(';');
  const counts = [changes, loads, room].map(Number);
  if (id === undefined || id === '' || has === undefined || !counts.every(Number.isSafeInteger)) return null;
  const [changed = 0, loaded = 0, roomy = 0] = counts;
  const keys = has === '' ? [] : has.split(',');
  const there = keys.map((key) => [key.replace('~', ''), key.endsWith('~') ? 'coming' : 'up'] as const);
  return { id, changes: changed, loads: loaded, room: roomy, has: new Map(there) };
}

/** The key of a question to the replica itself. */
export const noVersion = '';

/** How a note names a version: short, and of its package alone. */
export function versionKey(uri: string): string {
  return createHash('sha256').update(uri).digest('hex').slice(0, 12);
}
