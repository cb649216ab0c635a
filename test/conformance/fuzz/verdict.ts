import type { Case, Room } from '../case.ts';
import { mismatch } from '../compare.ts';
import { decodedBytes } from '../differences.ts';
import { normalForm } from '../normal-form.ts';
import type { Answer } from '../send.ts';
import type { Invocation } from './invocation.ts';

/** The answers are the same, or differ as a room allows, or else what is wrong with ours. */
export type Verdict = 'same' | Room | { readonly complaint: string };

/** Holds our answer to MLflow's as if it had been recorded for a case of this request. */
export function verdict(invocation: Invocation, theirs: Answer, ours: Answer): Verdict {
  const recorded = asCase(invocation, theirs);
  const complaint = mismatch(recorded, ours, 'strict');
  if (complaint === null) return 'same';
  const room = rooms(invocation, theirs).find(
    (may_differ) => mismatch({ ...recorded, may_differ }, ours, 'with-room') === null,
  );
  return room ?? { complaint };
}

function asCase(invocation: Invocation, theirs: Answer): Case {
  const { contentType, body, bytes } = invocation;
  const response = normalForm(theirs);
  return {
    id: '',
    model: '',
    category: '',
    request: { method: 'POST', path: '/invocations', headers: { 'Content-Type': contentType }, body },
    response,
    match: matchOf(invocation, theirs),
    ...(bytes === true && { also: decodedBytes(response.body) }),
  };
}

function matchOf({ damaged }: Invocation, { status }: Answer): Case['match'] {
  if (status === 415) return 'status';
  if (status !== 400) return 'exact';
  return damaged === true ? 'status' : 'error';
}

/** Those that `README.md` has for such a request and such an answer of MLflow's. */
function rooms({ fits, bytes }: Invocation, theirs: Answer): readonly Room[] {
  const misfits: readonly Room[] = fits === false ? ['D3'] : [];
  if (theirs.status === 200) return ['D2', ...(bytes === true ? (['D6'] as const) : []), ...misfits];
  if (theirs.status >= 500) return fits === true ? ['D5'] : ['D1'];
  // What MLflow hands on to the model though it does not fit, the model may refuse.
  if (isFailureOfModel(theirs)) return ['D4', ...misfits, ...(fits === true ? (['D7'] as const) : [])];
  return fits === true ? ['D7'] : [];
}

/** MLflow's words for an exception that the model raised. */
function isFailureOfModel({ body }: Answer): boolean {
  return body.includes('while evaluating the model');
}
