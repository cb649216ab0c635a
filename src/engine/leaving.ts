import { countersignError, CountersignError } from '../errors/countersign-error.ts';

/** True of the reason of a caller for whom time was up; not of one who left. */
export function isDeadline(reason: unknown): boolean {
  if (reason instanceof CountersignError) return reason.code === 'DEADLINE_EXCEEDED';
  return reason instanceof Error && reason.name === 'TimeoutError';
}

/** The error of a call whose caller left for this reason after so many milliseconds. */
export function leftError(reason: unknown, afterMs: number): CountersignError {
  if (reason instanceof CountersignError) return reason;
  return isDeadline(reason)
    ? countersignError('DEADLINE_EXCEEDED', Math.round(afterMs))
    : countersignError('CALLER_LEFT');
}
