import { type CountersignError, countersignError } from '../../errors/countersign-error.ts';
import type { Faults } from '../values/faults.ts';

// MLflow tells two kinds of bad data apart: what it cannot read (BAD_REQUEST) and what does not fit the signature
// once it was read (INVALID_PARAMETER_VALUE, also for params).

/** The body has not the form of the protocol. */
export function malformed(what: string): CountersignError {
  return countersignError('INVALID_BODY', what).with({ mlflowCode: 'BAD_REQUEST' });
}

/** Values that could not be read as the types of the signature. */
export function unreadable(faults: Faults): CountersignError {
  return invalidInput(faults).with({ mlflowCode: 'BAD_REQUEST' });
}

/** Columns, dimensions or counts that are not those of the signature. */
export function misfit(faults: Faults): CountersignError {
  return invalidInput(faults).with({ mlflowCode: 'INVALID_PARAMETER_VALUE' });
}

function invalidInput(faults: Faults): CountersignError {
  return countersignError('INVALID_INPUT', faults.count).with({ errors: faults.listed() });
}
