import { DatabaseSync } from 'node:sqlite';

import { sleep, systemClock, type Clock } from './clock.ts';

/**
 * Runs `job` while no other process (or other caller in this one) runs one under the same lock file.
 *
 * The lock is the operating system's own, on a file that SQLite holds exclusively: it is gone the moment its
 * holder dies, so there is no stale lock to guess about, no heartbeat to miss while a process is stopped, and
 * no signal handler. `held` is false where the file system has no locks: the job runs all the same and must
 * be right without one. `onWait` is called once when somebody else holds it.
 */
export async function withFileLock<Result>(
  path: string,
  signal: AbortSignal,
  job: (held: boolean) => Promise<Result>,
  clock: Clock = systemClock,
  onWait: () => void = () => undefined,
): Promise<Result> {
  let lock = tryLock(path);
  if (lock === 'busy') onWait();
  while (lock === 'busy') {
    // Whoever waits has nothing else that keeps the process alive.
    await sleep(clock, pollMs, signal, { keepsAlive: true });
    lock = tryLock(path);
  }
  try {
    return await job(lock !== 'unsupported');
  } finally {
    if (lock !== 'unsupported') lock.close();
  }
}

/** The lock if it is free right now; null if somebody holds it or there are no locks here. */
export function tryFileLock(path: string): Disposable | null {
  const lock = tryLock(path);
  if (lock === 'busy' || lock === 'unsupported') return null;
  return {
    [Symbol.dispose]: () => {
      lock.close();
    },
  };
}

/** Locks are held for seconds to minutes (a download, a build); this is short beside that. */
const pollMs = 200;
const sqliteBusy = 5;

function tryLock(path: string): DatabaseSync | 'busy' | 'unsupported' {
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(path, { timeout: 0 });
    // In memory: a journal file beside the lock would be left behind by a holder that is killed.
    database.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
    return database;
  } catch (thrown) {
    database?.close();
    return isBusy(thrown) ? 'busy' : 'unsupported';
  }
}

function isBusy(thrown: unknown): boolean {
  return thrown instanceof Error && 'errcode' in thrown && thrown.errcode === sqliteBusy;
}
