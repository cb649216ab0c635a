import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parseExactJson } from '../util/exact-json.ts';
import { compareSignatures } from './compare.ts';
import { parseSignature } from './parse.ts';
import type { Signature } from './signature.ts';

interface Pair {
  readonly id: string;
  readonly a: Readonly<Record<string, unknown>> | null;
  readonly b: Readonly<Record<string, unknown>> | null;
  readonly verdict: string;
  readonly differences: readonly { path: string; kind: string; breaking: boolean }[];
}

const pairs = readFileSync(new URL('../../test/data/compatibility/pairs.jsonl', import.meta.url), 'utf8')
  .trim()
  .split('\n')
  .map((line) => parseExactJson(line) as Pair);

function read(side: Pair['a']): Signature | null {
  return parseSignature(side, side?.['is_signature_from_type_hint'] === true);
}

describe('the recorded pairs of signatures', () => {
  test('all of them are here', () => {
    expect(pairs).toHaveLength(306);
  });

  test.each(pairs.map((pair) => [pair.id, pair] as const))('%s', (_id, pair) => {
    const comparison = compareSignatures(read(pair.a), read(pair.b));
    expect(comparison.differences.map(({ path, kind, breaking }) => ({ path, kind, breaking }))).toEqual(
      pair.differences,
    );
    expect(comparison.verdict).toBe(pair.verdict);
  });
});
