import { countersignError, CountersignError } from '../errors/countersign-error.ts';
import type { VersionRef } from '../registry/registry.ts';
import { withoutPaths } from '../util/without-paths.ts';

/** A failed load as callers see it; `reason` is its own part of the message. */
export interface LoadFailure {
  readonly reason: string;
  readonly error: CountersignError;
}

/**
 * VERSION_LOAD_FAILED with what went wrong as its cause; a version that was deleted stays VERSION_NOT_FOUND. The reason is what our own errors say; the words of any
 * other thrown thing stay in the log, since they may name secrets, and so do paths of this machine.
 */
export function loadFailure(ref: VersionRef, thrown: unknown): LoadFailure {
  if (thrown instanceof CountersignError && thrown.code === 'VERSION_NOT_FOUND') {
    return { reason: 'it is no longer in the registry', error: thrown };
  }
  const reason = withoutPaths(reasonOf(ref, thrown));
  const error = countersignError('VERSION_LOAD_FAILED', ref.model, ref.version, reason);
  return { reason, error: error.with({ cause: thrown }) };
}

function reasonOf({ model, version }: VersionRef, thrown: unknown): string {
  if (!(thrown instanceof CountersignError) || thrown.code === 'INTERNAL') {
    return 'Something unexpected went wrong; the server log has the trace.';
  }
  if (thrown.code === 'VERSION_LOAD_FAILED') {
    const frame = countersignError('VERSION_LOAD_FAILED', model, version, '').message;
    return thrown.message.startsWith(frame) ? thrown.message.slice(frame.length) : thrown.message;
  }
  return thrown.hint === undefined ? thrown.message : `${asSentence(thrown.message)} ${thrown.hint}`;
}

const asSentence = (text: string): string => (/[.!?]$/u.test(text) ? text : `${text}.`);
