import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { signatureOf, columns, frame, value, only, f64 } from '../../test/support/answers.ts';
import { payloadOf, schema } from '../../test/support/arbitraries.ts';
import { vectorOf } from '../../test/support/arbitrary-values.ts';
import { fits } from '../../test/support/fits.ts';
import type { Vector } from '../payload/payload.ts';
import { conformOutput } from './conform.ts';
import type { DataType } from './signature.ts';

describe('an answer that already fits', () => {
  test('is the same after conforming, for every schema', () => {
    const answers = schema.chain((one) =>
      fc
        .integer({ min: 1, max: 3 })
        .chain((rows) => fc.tuple(fc.constant(one), fc.constant(rows), payloadOf(one, rows))),
    );
    fc.assert(
      fc.property(answers, ([outputs, rows, answer]) => {
        const single = outputs.kind === 'tensors' && outputs.tensors.some(({ shape }) => shape[0] !== -1);
        const conformed = conformOutput(answer, signatureOf(outputs), single ? 1 : rows);
        expect(conformed.ok && fits(conformed.payload, outputs)).toBe(true);
        if (!conformed.ok || conformed.payload.kind === 'value') return;
        const again = conformOutput(conformed.payload, signatureOf(outputs), single ? 1 : rows);
        expect(again).toEqual(conformed);
      }),
      { numRuns: 400 },
    );
  });

  test('keeps its vectors, without a copy', () => {
    const vector = f64(1, NaN);
    const conformed = conformOutput(frame({ a: vector }), columns(['a', 'double']), 2);
    expect(conformed.ok && conformed.payload.kind === 'table' && conformed.payload.columns[0]?.vector).toBe(
      vector,
    );
  });

  test('is passed through, rows uncounted, where the signature says nothing of outputs', () => {
    const answer = value({ a: 1 });
    expect(conformOutput(answer, null, 3)).toEqual({ ok: true, payload: answer });
    expect(
      conformOutput(answer, { inputs: null, outputs: null, params: [], fromTypeHint: false }, 3),
    ).toEqual({ ok: true, payload: answer });
  });
});

test('what is wrong is told without the values of the answer', () => {
  const conformed = conformOutput(value(['secret', 4711]), columns(['x', 'double']), 2);
  expect(conformed.ok ? '' : conformed.what).not.toMatch(/secret|4711/);
});

test('widening an answer loses nothing', () => {
  const kinds = fc.constantFrom<[DataType['kind'], Vector['dtype'], DataType['kind']]>(
    ['integer', 'int32', 'long'],
    ['integer', 'int32', 'double'],
    ['float', 'float32', 'double'],
  );
  fc.assert(
    fc.property(
      kinds,
      fc.array(fc.integer({ min: -(2 ** 24), max: 2 ** 24 }), { minLength: 1 }),
      ([, dtype, to], data) => {
        const conformed = only(
          conformOutput(frame({ x: vectorOf(dtype, data) }), columns(['x', to]), data.length),
        );
        expect(typeof conformed === 'string' ? conformed : Array.from(conformed.vector.data, Number)).toEqual(
          data.map((n) => n + 0),
        );
      },
    ),
  );
});
