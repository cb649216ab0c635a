import { compareCodePoints } from '../util/code-points.ts';
import { compareParams } from './compare-params.ts';
import { compareSchemas } from './compare-schemas.ts';
import type { CompatibilityMode, Comparison, Difference } from './contract.ts';
import { difference, type Place } from './difference.ts';
import type { Signature } from './signature.ts';

const missing: Signature = { inputs: null, outputs: null, params: [], fromTypeHint: false };
const inputs: Place = { path: '/inputs', words: 'inputs', subject: 'input' };
const outputs: Place = { path: '/outputs', words: 'outputs', subject: 'output' };

/**
 * Whether the version can stand in for the contract: it accepts every request the contract accepts with the same
 * meaning, and all it answers is, after what the contract does not name is taken away, an answer of the contract.
 * Null is a model without a signature: every part of it is missing, which promises nothing.
 */
export function compareSignatures(contract: Signature | null, version: Signature | null): Comparison {
  const [a, b] = [contract ?? missing, version ?? missing];
  const differences = [
    ...compareProtocol(a, b),
    ...compareSchemas(inputs, a.inputs, b.inputs),
    ...compareSchemas(outputs, a.outputs, b.outputs),
    ...compareParams(a.params, b.params),
  ].sort((x, y) => compareCodePoints(x.path, y.path) || compareCodePoints(x.kind, y.kind));
  return { verdict: verdict(differences), differences };
}

/** Whether a version with this comparison may serve callers of the contract. */
export function isAcceptable(comparison: Comparison, mode: CompatibilityMode): boolean {
  return mode === 'exact' ? comparison.verdict === 'identical' : comparison.verdict !== 'incompatible';
}

function verdict(differences: readonly Difference[]): Comparison['verdict'] {
  if (differences.length === 0) return 'identical';
  return differences.some((one) => one.breaking) ? 'incompatible' : 'compatible';
}

/** Models from type hints take only `inputs`, unconverted; the others take every form and convert. */
function compareProtocol(a: Signature, b: Signature): readonly Difference[] {
  if (a.inputs === null || b.inputs === null || a.fromTypeHint === b.fromTypeHint) return [];
  const said = (signature: Signature): string =>
    signature.fromTypeHint ? 'type hints' : 'a logged signature';
  return [difference(inputs, 'protocol_changed', { contract: said(a), version: said(b) })];
}
