import { randomUUID } from 'node:crypto';

const sane = /^[\x21-\x7e]{1,128}$/;

/** The caller's `x-request-id` when it is 1 to 128 visible ASCII characters and trusted, else a new UUID. */
export function requestId(incoming: string | readonly string[] | undefined, trust: boolean): string {
  return trust && typeof incoming === 'string' && sane.test(incoming) ? incoming : randomUUID();
}
