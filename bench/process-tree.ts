import { readdir, readFile } from 'node:fs/promises';

/** Clock ticks of /proc are hundredths of a second on every Linux that Node runs on (USER_HZ). */
const tickMicroseconds = 10_000;

/** A process and all that descend from it, as they are now. */
export async function processTree(root: number): Promise<readonly number[]> {
  const threads = await readdir(`/proc/${String(root)}/task`).catch(() => []);
  const lists = await Promise.all(
    threads.map((thread) =>
      readFile(`/proc/${String(root)}/task/${thread}/children`, 'utf8').catch(() => ''),
    ),
  );
  const children = lists.flatMap((list) => list.split(' ').filter((text) => text.trim() !== ''));
  const below = await Promise.all(children.map((child) => processTree(Number(child))));
  return [root, ...below.flat()];
}

/** CPU time that the processes have used, user and system, in microseconds. */
export async function cpuMicroseconds(root: number): Promise<number> {
  return cpuOf(await processTree(root));
}

export async function cpuOf(pids: readonly number[]): Promise<number> {
  const each = await Promise.all(pids.map(ticksOf));
  return each.reduce((sum, ticks) => sum + ticks, 0) * tickMicroseconds;
}

async function ticksOf(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${String(pid)}/stat`, 'utf8').catch(() => '');
  // The name stands in brackets and may hold anything; utime and stime are the 12th and 13th fields after it.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return Number(fields[11] ?? 0) + Number(fields[12] ?? 0);
}

/**
 * Memory of all the processes, in bytes, as if nothing else ran: pages they share with each other are counted once,
 * and those of files that other programs map too (a second server's `node`) are counted wholly.
 */
export async function memoryBytes(root: number): Promise<number> {
  const pids = await processTree(root);
  const [maps, rollups] = await Promise.all(
    ['smaps', 'smaps_rollup'].map((name) =>
      Promise.all(pids.map((pid) => readFile(`/proc/${String(pid)}/${name}`, 'utf8').catch(() => ''))),
    ),
  );
  return memoryOf(maps ?? [], rollups ?? []);
}

/**
 * From the contents of `smaps` and `smaps_rollup` of each process. The kernel divides the pages of no file itself
 * (`Pss_Anon`, `Pss_Shmem`); of a part of a file as much is counted as the process has that has most of it.
 */
export function memoryOf(maps: readonly string[], rollups: readonly string[]): number {
  const parts = new Map<string, number>();
  for (const text of maps) {
    for (const [part, size] of fileParts(text)) parts.set(part, Math.max(size, parts.get(part) ?? 0));
  }
  const files = [...parts.values()].reduce((sum, size) => sum + size, 0);
  const others = rollups.map((text) => kilobytes(text, 'Pss_Anon') + kilobytes(text, 'Pss_Shmem'));
  return (files + others.reduce((sum, size) => sum + size, 0)) * 1024;
}

/** Kilobytes in memory of each mapped part of a file, without the pages that the process has changed. */
function fileParts(text: string): ReadonlyMap<string, number> {
  const parts = new Map<string, number>();
  for (const mapping of text.split(/^(?=[0-9a-f]+-[0-9a-f]+ )/m)) {
    const [, offset, device, inode = '0', path = ''] = /^\S+ \S+ (\S+) (\S+) (\d+) *(.*)/.exec(mapping) ?? [];
    // Memory that only looks like a file is in `Pss_Shmem`.
    if (inode === '0' || /^\/(?:memfd:|dev\/shm\/|dev\/zero)/.test(path)) continue;
    const part = [device, inode, offset].join(' ');
    parts.set(part, (parts.get(part) ?? 0) + kilobytes(mapping, 'Rss') - kilobytes(mapping, 'Anonymous'));
  }
  return parts;
}

function kilobytes(text: string, field: string): number {
  return Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(text)?.[1] ?? 0);
}
