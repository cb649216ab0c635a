import { type CountersignError, countersignError } from '../errors/countersign-error.ts';

/**
 * What a function throws to refuse a row that its contract allows and its rules do not: the caller gets 400
 * INVALID_INPUT with the message.
 *
 * @param pointer JSON pointer (RFC 6901) into the row: `/amount`. Default: the row itself.
 */
export function invalidRow(message: string, pointer = ''): CountersignError {
  return countersignError('INVALID_INPUT', 1).with({ errors: [{ pointer, message }] });
}
