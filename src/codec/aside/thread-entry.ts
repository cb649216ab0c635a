import { inspect } from 'node:util';
import { parentPort, workerData } from 'node:worker_threads';
import { conformOutput } from '../../contract/conform.ts';
import type { Signature } from '../../contract/signature.ts';
import { CountersignError } from '../../errors/countersign-error.ts';
import type { Codec } from '../codec.ts';
import { createMlflowCodec } from '../mlflow.ts';
import { createServeArrowCodec } from '../serve-arrow.ts';
import type { ServeCodecOptions } from '../serve.ts';
import type { Question, ReadQuestion, Reply, WriteQuestion } from './messages.ts';
import { memoryOf, openPayload } from './sealed-payload.ts';
import { memoryOfRequest, sealRequest } from './sealed-request.ts';

/** Runs in a worker thread: reads and writes one after the other. */
const codecs = { serve: createServeArrowCodec(workerData as ServeCodecOptions), mlflow: createMlflowCodec() };

async function replyTo(question: Question): Promise<Reply> {
  const { id, protocol, signature } = question;
  const codec = codecs[protocol];
  try {
    return question.kind === 'read'
      ? { id, ...(await read(question, codec, signature)) }
      : { id, ...write(question, codec, signature) };
  } catch (thrown) {
    const { code, message, facts } = CountersignError.from(thrown);
    const { cause, ...told } = facts;
    const why = cause === undefined ? {} : { cause: inspect(cause) };
    return { id, kind: 'failed', code, message, facts: { ...told, ...why } };
  }
}

type Made<Kind extends Reply['kind']> = Omit<Extract<Reply, { readonly kind: Kind }>, 'id'>;

async function read(
  { body, contentType, query }: ReadQuestion,
  codec: Codec,
  signature: Signature | null,
): Promise<Made<'read'>> {
  const request = { body, contentType, query: new URLSearchParams(query) };
  return { kind: 'read', request: sealRequest(await codec.decode(request, signature)) };
}

function write(
  { answer, positions, rows, memo, conform }: WriteQuestion,
  codec: Codec,
  signature: Signature | null,
): Made<'written'> {
  const opened = openPayload(answer, () => undefined);
  const conformed = conform ? conformOutput(opened, signature, positions?.length ?? rows) : null;
  const misfit = conformed?.ok === false ? conformed.what : null;
  const written = conformed?.ok === true ? conformed.payload : opened;
  // Of the input nothing is written.
  const request = { parts: [{ input: opened, positions }], params: new Map(), rows, memo };
  const { body, ...rest } = codec.encode([written], request, signature);
  const bytes = typeof body === 'string' ? new TextEncoder().encode(body) : body;
  return { kind: 'written', answer: { ...rest, body: bytes }, misfit };
}

function memoryOfReply(reply: Reply): ArrayBuffer[] {
  if (reply.kind === 'read') return memoryOfRequest(reply.request);
  return reply.kind === 'written' ? memoryOf([reply.answer.body]) : [];
}

const port = parentPort;
let last: Promise<void> = Promise.resolve();
port?.on('message', (question: Question) => {
  last = last.then(async () => {
    const reply = await replyTo(question);
    port.postMessage(reply, memoryOfReply(reply));
  });
});
