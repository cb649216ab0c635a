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

/** Proportional set size of all the processes, in bytes: shared pages are counted once. */
export async function pssBytes(root: number): Promise<number> {
  const each = await Promise.all(
    (await processTree(root)).map((pid) =>
      readFile(`/proc/${String(pid)}/smaps_rollup`, 'utf8').catch(() => ''),
    ),
  );
  const kilobytes = each.map((text) => Number(/^Pss:\s+(\d+) kB/m.exec(text)?.[1] ?? 0));
  return kilobytes.reduce((sum, size) => sum + size, 0) * 1024;
}
