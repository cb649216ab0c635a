import { parentPort } from 'node:worker_threads';
import { buffersOf, type Question } from './messages.ts';
import { serveSession } from './serve-session.ts';

/** Runs in a worker thread: a session behind the thread's port. */
const port = parentPort;
if (port !== null) {
  const ask = serveSession(
    (answer) => {
      port.postMessage(answer, buffersOf(answer));
    },
    () => {
      port.close();
    },
  );
  port.on('message', (question: Question) => {
    ask(question);
  });
}
