import { Worker } from 'node:worker_threads';
import type { Question } from './messages.ts';
import { serveSession } from './serve-session.ts';

/** Runs in a child process, with the gateway's pid as its argument: a session behind the process's channel. */
const gateway = Number(process.argv[2]);
const ask = serveSession(
  (answer) => process.send?.(answer),
  () => {
    process.disconnect();
  },
);
process.on('message', (question: Question) => {
  ask(question);
});
process.on('disconnect', () => {
  process.exit(0);
});
// A terminal or a service manager signals every process of the group; the gateway decides what it means.
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => undefined);

// A run that never ends keeps this thread from hearing that the gateway died; the watchdog's hears nothing else.
const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
new Worker(new URL(`./watchdog-entry.${extension}`, import.meta.url), { workerData: gateway }).unref();
