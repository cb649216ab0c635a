import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { parseSignature } from '../contract/parse.ts';
import type { Signature } from '../contract/signature.ts';
import { CountersignError } from '../errors/countersign-error.ts';
import { createRowsCodec, readOutputs } from './rows.ts';
import { createServeCodec } from './serve.ts';

function signature(inputs: readonly object[], outputs: readonly object[] = inputs): Signature {
  const parsed = parseSignature({ inputs, outputs }, false);
  if (parsed === null) expect.unreachable();
  return parsed;
}

/** What rows come back as from a model that answers what it is asked. */
function echo(
  rows: readonly unknown[],
  inputs: readonly object[],
  longs: 'number' | 'bigint' = 'bigint',
): unknown {
  const codec = createRowsCodec(longs);
  const both = signature(inputs);
  const request = codec.decode({ rows, params: {} }, both);
  return codec.encode(
    request.parts.map(({ input }) => input),
    request,
    both,
  );
}

const everything = ['boolean', 'integer', 'long', 'float', 'double', 'string', 'binary', 'datetime'].map(
  (type) => ({
    name: type,
    type,
  }),
);
const row = {
  boolean: true,
  integer: -7,
  long: 2n ** 62n,
  float: 0.5,
  double: 0.1,
  string: 'é',
  binary: 'aGk=',
  datetime: '2024-01-31T12:30:00.123456789Z',
};

describe('rows of this process', () => {
  it('come back as they were, every type', () => {
    expect(echo([row], everything)).toEqual([row]);
    const nested = [
      { name: 'list', type: 'array', items: { type: 'long' }, required: true },
      { name: 'thing', type: 'object', properties: { at: { type: 'datetime' } }, required: true },
      { name: 'words', type: 'map', values: { type: 'string' }, required: true },
      { name: 'rest', type: 'any', required: true },
    ];
    const deep = {
      list: [1n, 2n],
      thing: { at: '2024-01-31T00:00:00Z' },
      words: { __proto__x: 'a' },
      rest: [1, 'a', null],
    };
    expect(echo([deep], nested)).toEqual([deep]);
  });

  it('have numbers that JSON has no words for', () => {
    fc.assert(
      fc.property(fc.double(), (x) => {
        expect(echo([{ x }], [{ name: 'x', type: 'double' }])).toEqual([{ x }]);
      }),
    );
    const tensor = [{ type: 'tensor', 'tensor-spec': { dtype: 'float64', shape: [-1, 2] } }];
    expect(echo([[NaN, Infinity]], tensor)).toEqual([[NaN, Infinity]]);
  });

  it('keep their order where some have an optional column and others have not', () => {
    const columns = [
      { name: 'x', type: 'double' },
      { name: 'note', type: 'string', required: false },
    ];
    const rows = [{ x: 1 }, { x: 2, note: 'a' }, { x: 3, note: null }, { x: 4 }];
    expect(echo(rows, columns)).toEqual(rows);
  });

  it('are bare values, lists or tensors as /serve has them', () => {
    expect(echo(['a', 'b'], [{ type: 'string' }])).toEqual(['a', 'b']);
    expect(echo([[1, 'a']], [{ type: 'double' }, { type: 'string' }])).toEqual([[1, 'a']]);
    const fixed = [{ type: 'tensor', 'tensor-spec': { dtype: 'int32', shape: [2, 2] } }];
    expect(
      echo(
        [
          [
            [1, 2],
            [3, 4],
          ],
        ],
        fixed,
      ),
    ).toEqual([
      [
        [1, 2],
        [3, 4],
      ],
    ]);
  });

  it('are read as /serve reads them: the same answer or the same refusal', () => {
    const value = fc.oneof(
      fc.integer(),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.string(),
      fc.constant(null),
    );
    const both = signature([
      { name: 'n', type: 'integer' },
      { name: 's', type: 'string', required: false },
    ]);
    const serve = createServeCodec({ unknownFields: 'reject' });
    const rows = createRowsCodec('bigint');
    fc.assert(
      fc.property(
        fc.array(fc.dictionary(fc.constantFrom('n', 's', 'x'), value), { minLength: 1, maxLength: 4 }),
        (list) => {
          const body = new TextEncoder().encode(JSON.stringify(list));
          const bytes = { body, contentType: 'application/json', query: new URLSearchParams() };
          const plain: unknown = JSON.parse(JSON.stringify(list));
          expect(outcome(() => rows.decode({ rows: plain as unknown[], params: {} }, both))).toEqual(
            outcome(() => serve.decode(bytes, both)),
          );
        },
      ),
    );
  });

  function outcome(decode: () => unknown): unknown {
    try {
      return decode();
    } catch (error) {
      return error instanceof CountersignError ? [error.code, error.facts.errors] : error;
    }
  }

  it('say which param is wrong', () => {
    const codec = createRowsCodec('number');
    const thrown = outcome(() =>
      codec.decode({ rows: [{ x: 1 }], params: { limit: 1 } }, signature([{ name: 'x', type: 'double' }])),
    );
    expect(thrown).toMatchObject(['INVALID_PARAMS', [{ pointer: '/params/limit' }]]);
  });
});

describe('what a function answers', () => {
  const outputs = [
    { name: 'score', type: 'double' },
    { name: 'note', type: 'string', required: false },
  ];

  it('is read into one payload, whatever optional columns each row has', () => {
    const read = readOutputs([{ score: 1 }, { score: NaN, note: 'a', extra: 1 }], signature(outputs), 2);
    expect(read).toMatchObject({
      ok: true,
      parts: [
        {
          positions: null,
          input: { kind: 'table', rows: 2, columns: [{ name: 'score' }, { name: 'note' }] },
        },
      ],
    });
  });

  it.each([
    [[{ score: 'x' }], 'row 0, `score`: expected a number'],
    [[{ score: 1 }, {}], 'row 1, `score`: required double is missing'],
    [[7], 'row 0: expected an object with `score`, `note`'],
    [[undefined], 'row 0: expected an object'],
  ])('is refused as %j', (rows, what) => {
    const read = readOutputs(rows, signature(outputs), rows.length);
    expect(read.ok ? '' : read.what).toContain(what);
  });

  it('is anything where the signature does not say', () => {
    expect(readOutputs([{ a: 1 }, 'b'], null, 2)).toMatchObject({ ok: true });
  });
});
