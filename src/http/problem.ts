import type { CountersignError } from '../errors/countersign-error.ts';
import { withoutPaths } from '../util/without-paths.ts';
import { writeJson } from '../util/write-json.ts';
import type { TextAnswer } from './answer.ts';

/** Where the page of errors is served; a problem's `type` points into it. */
export const errorsPath = '/docs/errors';

/** The error document of our own routes. @see https://www.rfc-editor.org/rfc/rfc9457 */
export interface Problem {
  /** Relative to the server: `/docs/errors#CODE`. */
  readonly type: string;
  /** The code in words; the same for every occurrence. */
  readonly title: string;
  readonly status: number;
  /** What happened here, and why. */
  readonly detail: string;
  /** Permanent, from the catalogue: match on this. */
  readonly code: string;
  readonly hint?: string;
  readonly requestId: string;
  readonly errors?: readonly { readonly pointer: string; readonly message: string }[];
  /** Facts of the code, such as `differences` or `versions`. */
  readonly [fact: string]: unknown;
}

export function problem(error: CountersignError, requestId: string): Problem {
  return {
    ...error.facts.details,
    type: `${errorsPath}#${error.code}`,
    title: titleOf(error.code),
    status: error.status,
    detail: publicMessage(error),
    code: error.code,
    ...(error.hint === undefined ? {} : { hint: error.hint }),
    requestId,
    ...(error.facts.errors === undefined ? {} : { errors: error.facts.errors }),
  };
}

/** What callers read. A failure of ours or of a model may quote a path of this machine; a caller's error quotes the caller. */
export function publicMessage(error: CountersignError): string {
  return error.status >= 500 ? withoutPaths(error.message) : error.message;
}

export function problemAnswer(error: CountersignError, requestId: string): TextAnswer {
  return {
    status: error.status,
    contentType: 'application/problem+json',
    body: writeJson(problem(error, requestId)),
  };
}

/** `QUEUE_FULL` as `Queue full`. */
export function titleOf(code: string): string {
  const words = code.toLowerCase().replaceAll('_', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}
