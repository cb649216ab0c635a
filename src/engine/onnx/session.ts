import { env, InferenceSession, Tensor } from 'onnxruntime-node';
import {
  tensorTypes,
  type Answer,
  type Cells,
  type GraphInput,
  type LoadAnswer,
  type Question,
  type RunAnswer,
  type SessionSettings,
  type TensorType,
  type WireTensor,
} from './messages.ts';
import { type ModelFile, readModelFile } from './model-file.ts';

type Metadata = InferenceSession['inputMetadata'][number];

/**
 * One onnxruntime session, on the thread it is created on, which `session.run` blocks while it runs. Takes
 * questions one by one, in order; `end` calls back when the session is given back.
 */
export function serveSession(reply: (answer: Answer) => void, end: () => void): (question: Question) => void {
  let session: InferenceSession | null = null;
  let last: Promise<void> = Promise.resolve();
  const handle = async (question: Question): Promise<void> => {
    if (question.kind === 'end') {
      await session?.release();
      end();
    } else if (question.kind === 'load') {
      const loaded = await load(question.path, question.settings);
      session = loaded.session;
      reply(loaded.answer);
    } else {
      reply(
        session === null
          ? { kind: 'failed', reason: 'no model is loaded' }
          : await run(session, question.feeds),
      );
    }
  };
  return (question) => {
    last = last.then(() => handle(question));
  };
}

/** A session, and what it says of its model; null where it cannot run the model. */
type Loaded =
  | { readonly session: InferenceSession; readonly answer: LoadAnswer & { readonly kind: 'loaded' } }
  | { readonly session: null; readonly answer: LoadAnswer & { readonly kind: 'refused' } };

async function load(path: string, settings: SessionSettings): Promise<Loaded> {
  try {
    return await openSession(await readModelFile(path), settings);
  } catch (error) {
    return refused(messageOf(error));
  }
}

/** Blocks the thread it is called on until the session is there. */
export async function openSession(file: ModelFile, settings: SessionSettings): Promise<Loaded> {
  if (file.edited !== null && file.externalFiles.length > 0) {
    return refused('it has a ZipMap and keeps its weights in files of their own');
  }
  try {
    const session = await create(file.edited ?? file.path, settings);
    const reason = unreadable(session);
    return reason === null ? { session, answer: loaded(session, file) } : refused(reason);
  } catch (error) {
    return refused(messageOf(error));
  }
}

function create(model: string | Uint8Array, settings: SessionSettings): Promise<InferenceSession> {
  const options: InferenceSession.SessionOptions = {
    ...settings,
    executionProviders: ['cpu'],
    // With more, a row's answer depends on the batch it came in.
    intraOpNumThreads: 1,
    // Errors come back as exceptions; on the standard error they would only be there twice.
    logSeverityLevel: 4,
  };
  return typeof model === 'string'
    ? InferenceSession.create(model, options)
    : InferenceSession.create(model, options);
}

function refused(reason: string): Loaded {
  return { session: null, answer: { kind: 'refused', reason } };
}

function unreadable(session: InferenceSession): string | null {
  const find = (what: string, all: readonly Metadata[]): string | null => {
    const bad = all.find((value) => !value.isTensor || !isTensorType(value.type));
    if (bad === undefined) return null;
    return `its ${what} '${bad.name}' is ${bad.isTensor ? `of type ${bad.type}` : 'no tensor'}`;
  };
  return find('input', session.inputMetadata) ?? find('output', session.outputMetadata);
}

function isTensorType(type: string): type is TensorType {
  return (tensorTypes as readonly string[]).includes(type);
}

function loaded(
  session: InferenceSession,
  { labels, bytes }: ModelFile,
): LoadAnswer & { readonly kind: 'loaded' } {
  const inputs = session.inputMetadata.flatMap((value): GraphInput[] =>
    value.isTensor && isTensorType(value.type)
      ? [{ name: value.name, type: value.type, shape: value.shape }]
      : [],
  );
  const runtime = env.versions.node ?? env.versions.common;
  return { kind: 'loaded', graph: { inputs, labels, bytes, runtime } };
}

export async function run(session: InferenceSession, feeds: readonly WireTensor[]): Promise<RunAnswer> {
  try {
    const results = await session.run(tensorsOf(feeds));
    const outputs = session.outputNames.flatMap((name) => wireOf(name, results[name]));
    return { kind: 'outputs', outputs };
  } catch (error) {
    return { kind: 'failed', reason: messageOf(error) };
  }
}

function tensorsOf(feeds: readonly WireTensor[]): Record<string, Tensor> {
  return Object.fromEntries(feeds.map((feed) => [feed.name, tensorOf(feed)]));
}

function tensorOf({ type, data, dims }: WireTensor): Tensor {
  if (type !== 'float16') return new Tensor(type as 'float32', data as Float32Array, [...dims]);
  const bits = data as Uint16Array;
  const tensor = new Tensor('float16', bits, [...dims]);
  // The constructor makes a Float16Array of them, from which the binding reads nothing (1.30).
  Object.defineProperty(tensor, 'data', { value: bits });
  return tensor;
}

function wireOf(name: string, value: Tensor | undefined): WireTensor[] {
  if (value === undefined || !isTensorType(value.type)) return [];
  const data: unknown = value.data;
  const cells =
    data instanceof Float16Array
      ? new Uint16Array(data.buffer, data.byteOffset, data.length)
      : (data as Cells);
  return [{ name, type: value.type, dims: value.dims, data: cells }];
}

function messageOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.replaceAll(/\s*\n\s*/g, ' ').trim();
}
