import type { BatchingVerdict } from './probe-batching.ts';
import type { VersionRef } from '../registry/registry.ts';

/**
 * Whether a version's answers are known to fit its signature. Recorded signatures are often wrong about
 * outputs, so nothing is believed before an answer of the model was seen.
 *
 * - `verified`: an answer fitted; from then on one that does not is an error.
 * - `unproven`: it has no example to try; every answer is checked.
 * - `failed`: the answer to its own example does not fit. Only a default serves like this, its answers passed
 *   through.
 */
export interface Verdict {
  readonly status: 'verified' | 'unproven' | 'failed';
  readonly reason: string;
}

/** The example of a version as the API shows it: a body of `/serve` and the answer the model gave at load. */
export interface Example {
  readonly request: unknown;
  readonly answer: unknown;
}

export interface Finding {
  readonly verdict: Verdict;
  readonly example: Example | null;
  readonly batching: BatchingVerdict;
}

/** What was learned about versions by running them. */
export class Verifications {
  readonly #findings = new Map<string, Finding>();

  get(ref: VersionRef): Finding | null {
    return this.#findings.get(key(ref)) ?? null;
  }

  set(ref: VersionRef, finding: Finding): void {
    this.#findings.set(key(ref), finding);
  }

  /** What was learned is of a version that is gone. */
  forget(ref: VersionRef): void {
    this.#findings.delete(key(ref));
  }

  /** An answer fitted: a version without an example is verified from now on. */
  confirm(ref: VersionRef): void {
    const known = this.get(ref);
    if (known?.verdict.status !== 'unproven') return;
    this.set(ref, { ...known, verdict: { status: 'verified', reason: 'an answer fitted the signature' } });
  }
}

function key(ref: VersionRef): string {
  return `${ref.version} ${ref.model}`;
}
