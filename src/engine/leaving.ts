import { countersignError, CountersignError } from '../errors/countersign-error.ts';

/** True when the signal aborted because time was up, not because somebody left. */
export function isDeadline(signal: AbortSignal): boolean {
  const reason: unknown = signal.reason;
  if (reason instanceof CountersignError) return reason.code === 'DEADLINE_EXCEEDED';
  return reason instanceof Error && reason.name === 'TimeoutError';
}

/** The error of a call whose signal aborted after so many milliseconds. */
export function leftError(signal: AbortSignal, afterMs: number): CountersignError {
  if (signal.reason instanceof CountersignError) return signal.reason;
  return isDeadline(signal)
    ? countersignError('DEADLINE_EXCEEDED', Math.round(afterMs))
    : countersignError('CALLER_LEFT');
}
