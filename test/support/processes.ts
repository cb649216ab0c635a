import { readFileSync, readdirSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

/** Pids of all living processes that descend from `pid`; Linux. */
export function descendants(pid: number): readonly number[] {
  const children = Map.groupBy(processes(), ({ parent }) => parent);
  const below = (one: number): readonly number[] =>
    (children.get(one) ?? []).flatMap((child) => [child.pid, ...below(child.pid)]);
  return below(pid);
}

/** Alive and not a zombie. */
export function isRunning(pid: number): boolean {
  const stat = readStat(pid);
  return stat !== null && stat.state !== 'Z';
}

/** Resolves when `holds` does; throws after `withinMs`, so that nothing hangs. */
export async function eventually(holds: () => boolean, withinMs: number, what: string): Promise<void> {
  const end = performance.now() + withinMs;
  while (!holds()) {
    if (performance.now() > end) throw new Error(`after ${String(withinMs)} ms it still is not so: ${what}`);
    await delay(50);
  }
}

function processes(): readonly { pid: number; parent: number }[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      const stat = readStat(Number(name));
      return stat === null || stat.state === 'Z' ? [] : [{ pid: Number(name), parent: stat.parent }];
    });
}

function readStat(pid: number): { state: string; parent: number } | null {
  try {
    const text = readFileSync(`/proc/${String(pid)}/stat`, 'utf8');
    // The name, in parentheses, may hold spaces.
    const [state = '', parent = '0'] = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return { state, parent: Number(parent) };
  } catch {
    return null;
  }
}
