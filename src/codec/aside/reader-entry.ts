import { inspect } from 'node:util';
import { parentPort, workerData } from 'node:worker_threads';
import { CountersignError } from '../../errors/countersign-error.ts';
import { createMlflowCodec } from '../mlflow.ts';
import { createServeArrowCodec } from '../serve-arrow.ts';
import type { ServeCodecOptions } from '../serve.ts';
import type { ReadAnswer, ReadQuestion } from './messages.ts';
import { memoryOf, sealRequest } from './sealed-request.ts';

/** Runs in a worker thread: reads one body after the other. */
const codecs = { serve: createServeArrowCodec(workerData as ServeCodecOptions), mlflow: createMlflowCodec() };

async function answer({ protocol, query, signature, ...request }: ReadQuestion): Promise<ReadAnswer> {
  const { id } = request;
  try {
    const encoded = { ...request, query: new URLSearchParams(query) };
    const decoded = await codecs[protocol].decode(encoded, signature);
    return { id, kind: 'read', request: sealRequest(decoded) };
  } catch (thrown) {
    const { code, message, facts } = CountersignError.from(thrown);
    const { cause, ...told } = facts;
    const why = cause === undefined ? {} : { cause: inspect(cause) };
    return { id, kind: 'failed', code, message, facts: { ...told, ...why } };
  }
}

const port = parentPort;
let last: Promise<void> = Promise.resolve();
port?.on('message', (question: ReadQuestion) => {
  last = last.then(async () => {
    const read = await answer(question);
    port.postMessage(read, read.kind === 'read' ? memoryOf(read.request) : []);
  });
});
