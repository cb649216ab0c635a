import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  compatibleVersion,
  incompatibleVersion,
  signature,
  signatureWithInputs,
} from '../../test/support/arbitraries.ts';
import { compareSignatures, isAcceptable } from './compare.ts';
import type { Comparison } from './contract.ts';
import { parseSignature } from './parse.ts';
import type { Signature } from './signature.ts';
import { writeSignature } from './write.ts';

const requestBreaks = (comparison: Comparison): boolean =>
  comparison.differences.some((one) => one.breaking && !one.path.startsWith('/outputs'));

const anyVersion = (base: Signature): fc.Arbitrary<Signature> =>
  fc.oneof({ weight: 4, arbitrary: compatibleVersion(base) }, { weight: 1, arbitrary: signature });

describe('the laws of substitution', () => {
  test('every signature is identical to itself', () => {
    fc.assert(
      fc.property(signature, (one) => {
        expect(compareSignatures(one, one)).toEqual({ verdict: 'identical', differences: [] });
        expect(compareSignatures(one, parseSignature(writeSignature(one), one.fromTypeHint)).verdict).toBe(
          'identical',
        );
      }),
      { numRuns: 500 },
    );
  });

  test('what only widens requests and narrows answers is never incompatible', () => {
    const pair = signature.chain((one) => fc.tuple(fc.constant(one), compatibleVersion(one)));
    fc.assert(
      fc.property(pair, ([contract, version]) => {
        expect(compareSignatures(contract, version).differences.filter((one) => one.breaking)).toEqual([]);
      }),
      { numRuns: 500 },
    );
  });

  test('one change that breaks callers is enough', () => {
    const pair = signatureWithInputs.chain((one) => fc.tuple(fc.constant(one), incompatibleVersion(one)));
    fc.assert(
      fc.property(pair, ([contract, version]) => {
        expect(compareSignatures(contract, version).verdict).toBe('incompatible');
      }),
      { numRuns: 500 },
    );
  });

  test('for inputs and params "does not break" is transitive', () => {
    const chain = signature.chain((a) =>
      anyVersion(a).chain((b) => fc.tuple(fc.constant(a), fc.constant(b), anyVersion(b))),
    );
    fc.assert(
      fc.property(chain, ([a, b, c]) => {
        fc.pre(!requestBreaks(compareSignatures(a, b)) && !requestBreaks(compareSignatures(b, c)));
        expect(requestBreaks(compareSignatures(a, c))).toBe(false);
      }),
      { numRuns: 1000 },
    );
  });

  test('the order of the two lists of names decides nothing but order_changed', () => {
    const reversed = (one: Signature): Signature => ({
      ...one,
      params: one.params.toReversed(),
      ...(one.inputs?.kind === 'columns' && one.inputs.named
        ? { inputs: { ...one.inputs, columns: one.inputs.columns.toReversed() } }
        : {}),
    });
    const kinds = (comparison: Comparison): string[] =>
      comparison.differences
        .filter((one) => one.kind !== 'order_changed')
        .map((one) => `${one.path} ${one.kind}`);
    fc.assert(
      fc.property(
        signature.chain((one) => fc.tuple(fc.constant(one), anyVersion(one))),
        ([a, b]) => {
          expect(kinds(compareSignatures(a, reversed(b)))).toEqual(kinds(compareSignatures(a, b)));
        },
      ),
    );
  });

  test('every difference is a sentence that says what each side has', () => {
    fc.assert(
      fc.property(
        signature.chain((one) => fc.tuple(fc.constant(one), anyVersion(one))),
        ([a, b]) => {
          for (const difference of compareSignatures(a, b).differences) {
            expect(difference.message).toMatch(/^\S.*\S$/s);
            expect(difference.contract ?? difference.version).not.toBeNull();
          }
        },
      ),
    );
  });
});

test('exact admits only identical signatures', () => {
  const comparison = (verdict: Comparison['verdict']): Comparison => ({ verdict, differences: [] });
  expect(
    ['identical', 'compatible', 'incompatible'].map((verdict) =>
      isAcceptable(comparison(verdict as 'identical'), 'exact'),
    ),
  ).toEqual([true, false, false]);
  expect(
    ['identical', 'compatible', 'incompatible'].map((verdict) =>
      isAcceptable(comparison(verdict as 'identical'), 'substitutable'),
    ),
  ).toEqual([true, true, false]);
});
