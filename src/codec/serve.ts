import type { Signature } from '../contract/signature.ts';
import { countersignError } from '../errors/countersign-error.ts';
import type { Nested, Params } from '../payload/payload.ts';
import type { DecodedRequest, EncodedRequest, PromptCodec } from './codec.ts';
import { hasIntegers, parseJsonText, utf8Text } from './json-body.ts';
import { requireJson } from './media-type.ts';
import { openEnvelope } from './serve/envelope.ts';
import type { ReadInputs } from './serve/body-rows.ts';
import { readInputs } from './serve/read-inputs.ts';
import { readRequestParams } from './serve/read-request-params.ts';
import { encodeAnswers, encodeLongAnswers } from './serve/write-answers.ts';
import { Faults } from './values/faults.ts';
import { readAny, type ReadPolicy, strict, type UnknownFields } from './values/read-nested.ts';

export interface ServeCodecOptions {
  /** Members of a row that the signature does not name: an error, or left out. */
  readonly unknownFields: UnknownFields;
}

/**
 * The protocol of `/serve`, whose requests and answers are the model's signature (DESIGN sections 5 and 6): a row
 * or a list of rows in, always a list of outputs out, one per row, in order.
 */
export function createServeCodec({ unknownFields }: ServeCodecOptions): PromptCodec {
  const policy = { ...strict, unknownFields };
  return {
    name: 'serve',
    decode: (request, signature) => decode(request, signature, policy),
    encode: encodeAnswers,
    encodeLong: encodeLongAnswers,
  };
}

function decode(request: EncodedRequest, signature: Signature | null, policy: ReadPolicy): DecodedRequest {
  requireJson(request.contentType);
  const body = parseJsonText(utf8Text(request.body), hasIntegers(signature));
  const { inputs, at, params } = openEnvelope(body, signature);
  const schema = signature?.inputs ?? null;
  const read = schema === null ? readUntyped(inputs, at) : readInputs(schema, inputs, at, policy);
  const readParams = readRequestParams(signature?.params ?? [], request.query, params);
  return accept(read, readParams);
}

export type ReadRequest = Pick<DecodedRequest, 'parts' | 'rows'>;

/** A model that says nothing of its inputs gets the JSON value itself. */
function readUntyped(body: unknown, at: string): ReadRequest | Faults {
  const value: Nested | Faults = readAny(body, 0, strict);
  if (value instanceof Faults) return prefixed(at, value);
  return { parts: [{ input: { kind: 'value', value }, positions: null }], rows: null };
}

function prefixed(at: string, faults: Faults): Faults {
  const all = new Faults();
  all.addAll(at, faults);
  return all;
}

/** Errors: INVALID_INPUT, INVALID_PARAMS, with all that is wrong. */
export function accept(read: ReadInputs | ReadRequest | Faults, params: Params | Faults): DecodedRequest {
  if (!(read instanceof Faults) && !(params instanceof Faults)) {
    return { parts: read.parts, params, rows: read.rows, memo: null };
  }
  const faults = new Faults();
  if (read instanceof Faults) faults.addAll('', read);
  if (params instanceof Faults) faults.addAll('', params);
  const code = read instanceof Faults ? 'INVALID_INPUT' : 'INVALID_PARAMS';
  throw countersignError(code, faults.count).with({ errors: faults.listed() });
}
