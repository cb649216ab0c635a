import { CountersignError, countersignError } from '../errors/countersign-error.ts';

/** What Fastify itself refuses, in our words: a body over the limit, one cut short, a path that does not decode. */
export function fromFastify(thrown: unknown, maxBodyBytes: number): CountersignError {
  switch (codeOf(thrown)) {
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return countersignError('BODY_TOO_LARGE', maxBodyBytes);
    case 'FST_ERR_CTP_INVALID_CONTENT_LENGTH':
      return countersignError('INVALID_BODY', 'it is not as long as Content-Length says');
    case 'FST_ERR_BAD_URL':
    case 'FST_ERR_MAX_PARAM_LENGTH':
      return countersignError('INVALID_PATH');
    case 'ECONNRESET':
      return countersignError('CALLER_LEFT');
    default:
      return CountersignError.from(thrown);
  }
}

function codeOf(thrown: unknown): unknown {
  return thrown instanceof Error && 'code' in thrown ? thrown.code : undefined;
}
