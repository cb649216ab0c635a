import { isRecord } from '../../src/util/unknown.ts';
import type { Case } from './case.ts';
import type { Answer } from './send.ts';
import { jsonDifference, parsePythonJson } from './same-json.ts';

/** What to hold an answer to: the recorded one only, or also what the case's `may_differ` leaves room for. */
export type Strictness = 'strict' | 'with-room';

/** An answer whose body has been read. */
interface Read {
  readonly status: number;
  readonly mediaType: string;
  readonly text: string;
  /** The body as JSON; undefined when it is not. */
  readonly json: { readonly value: unknown } | undefined;
}

/** Why the answer does not do for the case, or null. */
export function mismatch(expected: Case, answer: Answer, strictness: Strictness): string | null {
  const got = read(answer);
  const reason = recordedMismatch(expected, got, strictness);
  return reason !== null && strictness === 'with-room' && isInRoom(expected, got) ? null : reason;
}

function read({ status, contentType, body }: Answer): Read {
  const text = body.toString('utf8');
  return { status, mediaType: mediaTypeOf(contentType), text, json: parsePythonJson(text) };
}

function mediaTypeOf(contentType: string | null): string {
  return contentType?.split(';', 1)[0]?.trim().toLowerCase() ?? '';
}

function recordedMismatch(expected: Case, got: Read, strictness: Strictness): string | null {
  const { status, content_type } = expected.response;
  if (got.status !== status) return `status ${got.status}, expected ${status}: ${got.text.slice(0, 160)}`;
  if (expected.match === 'status') return null;
  const mediaType = mediaTypeOf(content_type);
  if (got.mediaType !== mediaType) return `content type ${got.mediaType}, expected ${mediaType}`;
  return expected.match === 'error'
    ? errorMismatch(expected, got)
    : bodyMismatch(expected, got, strictness === 'with-room' && expected.may_differ === 'D2');
}

function errorMismatch({ response }: Case, got: Read): string | null {
  const expected = errorCode(parsePythonJson(response.body));
  const code = errorCode(got.json);
  return code === expected ? null : `error_code ${code ?? 'missing'}, expected ${expected ?? 'none'}`;
}

function bodyMismatch({ response, match }: Case, got: Read, nullForNonFinite: boolean): string | null {
  const expected = parsePythonJson(response.body);
  if (expected === undefined) {
    return got.text === response.body ? null : `body ${shown(got.text)}, expected ${shown(response.body)}`;
  }
  if (got.json === undefined) return `body is not JSON: ${shown(got.text)}`;
  return jsonDifference(expected.value, got.json.value, { approx: match === 'approx', nullForNonFinite });
}

/** Whether the answer stays within the room that the case leaves; D2 is a matter of comparing bodies. */
function isInRoom(expected: Case, got: Read): boolean {
  const room = expected.may_differ;
  if (room === undefined) return false;
  switch (room) {
    case 'D2':
      return false;
    case 'D1':
      return got.status >= 400 && got.status < 500;
    case 'D3':
      return isRefusal(got);
    case 'D4':
      return got.status === 500 && isError(got);
    case 'D5':
      return got.status >= 500 && isError(got);
    case 'D6':
      return isRefusal(got) || (got.status === 200 && isSameAs(expected.also, got));
    case 'D7':
      return got.status === 200 && isRecord(got.json?.value) && Object.hasOwn(got.json.value, 'predictions');
  }
}

function isRefusal(got: Read): boolean {
  return (got.status === 400 || got.status === 422) && isError(got);
}

function isError(got: Read): boolean {
  return errorCode(got.json) !== undefined;
}

function errorCode(json: Read['json']): string | undefined {
  const code = isRecord(json?.value) ? json.value['error_code'] : undefined;
  return typeof code === 'string' ? code : undefined;
}

function isSameAs(body: string | undefined, got: Read): boolean {
  const expected = body === undefined ? undefined : parsePythonJson(body);
  if (expected === undefined || got.json === undefined) return false;
  return jsonDifference(expected.value, got.json.value, { approx: false, nullForNonFinite: false }) === null;
}

function shown(text: string): string {
  return JSON.stringify(text.slice(0, 160));
}
