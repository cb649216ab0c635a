import { writeJson } from '../util/write-json.ts';

/** What a route answers. */
export interface Answer {
  /** 200 when absent. */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly contentType?: string;
  readonly body: string | Uint8Array | AsyncIterable<string>;
}

export interface TextAnswer extends Answer {
  readonly body: string;
}

export function json(value: unknown, status = 200): TextAnswer {
  return { status, contentType: 'application/json', body: writeJson(value) };
}

/** `location` is a path of this server, so that it holds behind any proxy. */
export function redirect(status: 302 | 307, location: string): Answer {
  return { status, headers: { location }, body: '' };
}

export function isStream(body: Answer['body']): body is AsyncIterable<string> {
  return typeof body === 'object' && Symbol.asyncIterator in body;
}
