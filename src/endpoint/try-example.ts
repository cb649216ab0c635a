import { callerOf } from '../util/caller.ts';
import { writeJson } from '../util/write-json.ts';
import { createServeCodec } from '../codec/serve.ts';
import { exampleRequest } from '../codec/serve-example.ts';
import type { DecodedRequest } from '../codec/codec.ts';
import { conformOutput } from '../contract/conform.ts';
import type { Signature } from '../contract/signature.ts';
import type { Servable } from '../engine/engine.ts';
import { CountersignError, countersignError } from '../errors/countersign-error.ts';
import type { Payload } from '../payload/payload.ts';
import type { Registry, VersionMetadata } from '../registry/registry.ts';
import type { Example, Verdict } from './verification.ts';

export interface Trial {
  readonly verdict: Verdict;
  readonly example: Example | null;
  /** The example as the model was asked it; null when there is none that fits. */
  readonly asked: DecodedRequest | null;
  /** The error to refuse the version with, when the verdict is `failed`. */
  readonly failure: CountersignError | null;
}

const codec = createServeCodec({ unknownFields: 'reject' });
const utf8 = new TextEncoder();

/** Predicts the version's own input example under its own signature and looks whether the answer fits. */
export async function tryExample(
  registry: Registry,
  metadata: VersionMetadata,
  servable: Servable,
  signal: AbortSignal,
): Promise<Trial> {
  const { signature } = metadata;
  const request = await readExample(registry, metadata, signal);
  if (signature === null) return untried('the model has no signature', request);
  if (request === null)
    return untried('the model has no input example; answers are checked one by one', null);
  try {
    const decoded = codec.decode(encoded(request), signature);
    const answers = await predictAll(servable, decoded, signal);
    const conformed = conformAll(answers, decoded, signature, metadata);
    const answer: unknown = JSON.parse(text(codec.encode(conformed, decoded, signature).body));
    const reason =
      signature.outputs === null
        ? 'the signature says nothing of outputs'
        : 'the answer to its input example fits the signature';
    return {
      verdict: { status: 'verified', reason },
      example: { request, answer },
      asked: decoded,
      failure: null,
    };
  } catch (thrown) {
    signal.throwIfAborted();
    const failure = CountersignError.from(thrown);
    const reason = `its own input example fails: ${failure.message}`;
    return {
      verdict: { status: 'failed', reason },
      example: { request, answer: undefined },
      asked: null,
      failure,
    };
  }
}

/** The example as a body of `/serve`; null when there is none that fits the signature. */
export async function readExample(
  registry: Registry,
  metadata: VersionMetadata,
  signal: AbortSignal,
): Promise<unknown> {
  const info = metadata.example;
  if (info === null) return null;
  const read = (path: string | null): Promise<Uint8Array | null> =>
    path === null ? Promise.resolve(null) : registry.read(metadata, path, signal);
  const [example, serving] = await Promise.all([read(info.path), read(info.servingPath)]);
  return exampleRequest(info, example, serving, metadata.signature);
}

function untried(reason: string, request: unknown): Trial {
  const example = request === null ? null : { request, answer: undefined };
  return { verdict: { status: 'unproven', reason }, example, asked: null, failure: null };
}

function encoded(request: unknown): Parameters<typeof codec.decode>[0] {
  const body = utf8.encode(writeJson(request));
  return { body, contentType: 'application/json', query: new URLSearchParams() };
}

function predictAll(servable: Servable, decoded: DecodedRequest, signal: AbortSignal): Promise<Payload[]> {
  const { params } = decoded;
  return Promise.all(
    decoded.parts.map((part) =>
      servable.predict({ input: part.input, params, requestId: 'input-example' }, callerOf(signal)),
    ),
  );
}

function conformAll(
  answers: readonly Payload[],
  decoded: DecodedRequest,
  signature: Signature,
  metadata: VersionMetadata,
): readonly Payload[] {
  return answers.map((answer, index) => {
    const positions = decoded.parts[index]?.positions;
    const rows = positions === null || positions === undefined ? decoded.rows : positions.length;
    const conformed = conformOutput(answer, signature, rows);
    if (conformed.ok) return conformed.payload;
    throw countersignError('MODEL_OUTPUT_MISMATCH', metadata.model, metadata.version, conformed.what);
  });
}

function text(body: string | Uint8Array): string {
  return typeof body === 'string' ? body : new TextDecoder().decode(body);
}
