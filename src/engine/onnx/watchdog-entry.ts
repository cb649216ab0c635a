import { parentPort, workerData } from 'node:worker_threads';
import { systemClock } from '../../util/clock.ts';

const everyMs = 1000;
/** Given, not asked for: the gateway may be gone already when this starts. */
const gateway: unknown = workerData;

/** Runs in a thread of the child process: ends it, whatever it is doing, once the gateway is gone. */
function watch(): void {
  if (process.ppid !== gateway) process.kill(process.pid, 'SIGKILL');
  systemClock.after(everyMs, watch);
}
watch();
// Timers of the clock keep nothing alive; an open port keeps this thread alive, and no more than it.
parentPort?.on('message', () => undefined);
