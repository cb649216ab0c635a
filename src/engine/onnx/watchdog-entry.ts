import { parentPort } from 'node:worker_threads';
import { systemClock } from '../../util/clock.ts';

const everyMs = 1000;
const parent = process.ppid;

/** Runs in a thread of the child process: ends it, whatever it is doing, once its parent is gone. */
function watch(): void {
  if (process.ppid !== parent) process.kill(process.pid, 'SIGKILL');
  systemClock.after(everyMs, watch);
}
watch();
// Timers of the clock keep nothing alive; an open port keeps this thread alive, and no more than it.
parentPort?.on('message', () => undefined);
