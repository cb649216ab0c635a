import { type CountersignError, countersignError } from '../../errors/countersign-error.ts';

/** A body that is no Arrow stream, or one that is not read. MLflow's protocol calls it a bad request. */
export function brokenArrow(what: string, cause?: unknown): CountersignError {
  return countersignError('INVALID_BODY', what).with({ mlflowCode: 'BAD_REQUEST', cause });
}
