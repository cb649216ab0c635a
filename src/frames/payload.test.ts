import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { nested, payload, table } from '../../test/support/arbitrary-payloads.ts';
import { resealed, unreadable } from '../../test/support/resealed.ts';
import { nestedFromJson, nestedToJson } from '../payload/nested-json.ts';
import { type Nested, type Payload, Timestamp } from '../payload/payload.ts';
import { rowCount } from '../payload/rows.ts';
import { sealedBytes } from '../payload/sealed.ts';
import { FrameReader, packFrame } from './frame.ts';
import { LayoutReader, LayoutWriter, maxLayouts } from './layout.ts';
import { packPayload, unpackPayload } from './payload.ts';

/** One direction of a connection. */
class Line {
  readonly #said = new LayoutWriter();
  readonly #heard = new LayoutReader();
  bytes = 0;

  carry(sent: Payload): Payload {
    const { description, blocks } = packPayload(sent, this.#said);
    const bytes = Buffer.concat(packFrame({ p: description }, blocks));
    this.bytes = bytes.byteLength;
    const [frame] = new FrameReader().push(bytes);
    return unpackPayload(frame?.header['p'], frame?.blocks ?? [], this.#heard);
  }
}

const iris = (rows: number): Payload => ({
  kind: 'table',
  rows,
  columns: ['sepal length (cm)', 'sepal width (cm)', 'petal length (cm)', 'petal width (cm)'].map(
    (name, i) => ({
      name,
      vector: { dtype: 'float64', data: Float64Array.from({ length: rows }, (_, row) => row + i / 10) },
      nulls: null,
    }),
  ),
});

describe('payloads on the wire', () => {
  test('every payload arrives as it was sent', () => {
    fc.assert(
      fc.property(payload, (sent) => {
        expect(new Line().carry(sent)).toEqual(sent);
      }),
    );
  });

  test('what a thread has sealed arrives as it was, and is not looked at on the way', () => {
    fc.assert(
      fc.property(payload, (sent) => {
        expect(new Line().carry(resealed(sent))).toEqual(new Line().carry(sent));
        expect(() => packPayload(unreadable(sent), null)).not.toThrow();
      }),
    );
  });

  test('what comes sealed is not looked at until somebody asks for its cells', () => {
    const text = { dtype: 'str', data: ['x', null] } as const;
    const sent: Payload = { kind: 'table', rows: 2, columns: [{ name: 'a', vector: text, nulls: null }] };
    const got = new Line().carry(unreadable(sent));
    expect(rowCount(got)).toBe(2);
    expect(sealedBytes(got)).toBe('["x",null]'.length);
    const [column] = got.kind === 'table' ? got.columns : [];
    const broken = expect.objectContaining({ code: 'INTERNAL' }) as Error;
    expect(() => column?.nulls).toThrow(broken);
    expect(() => column?.vector.data).toThrow(broken);
    const [read] = (new Line().carry(resealed(sent)) as typeof sent).columns;
    expect(read).toEqual({ name: 'a', vector: text, nulls: Uint8Array.of(0, 1) });
    const list = unpackPayload({ k: 'v', n: 3, j: [null] }, [Buffer.from('[1,2,3]')], new LayoutReader());
    expect([rowCount(list), sealedBytes(list)]).toEqual([3, 7]);
    expect(list).toEqual({ kind: 'value', value: [1, 2, 3] });
  });

  test('payloads arrive in any order of column lists on one connection', () => {
    fc.assert(
      fc.property(
        fc.array(table, { minLength: 1, maxLength: 6 }),
        fc.array(fc.nat(), { maxLength: 12 }),
        (tables, order) => {
          const line = new Line();
          for (const position of order) {
            const sent = tables[position % tables.length] ?? expect.fail();
            expect(line.carry(sent)).toEqual(sent);
          }
        },
      ),
    );
  });

  test('the columns are said once: a predict of one row is its numbers and little more', () => {
    const line = new Line();
    expect(line.carry(iris(1))).toEqual(iris(1));
    const first = line.bytes;
    expect(line.carry(iris(1))).toEqual(iris(1));
    expect(line.bytes).toBeLessThan(first - 100);
    expect(line.bytes).toBeLessThan(100);
  });

  test('more column lists than are remembered are said in full, and still understood', () => {
    const line = new Line();
    for (let i = 0; i < maxLayouts + 10; i += 1) {
      const sent: Payload = {
        kind: 'table',
        rows: 1,
        columns: [{ name: String(i), vector: { dtype: 'bool', data: Uint8Array.of(1) }, nulls: null }],
      };
      expect(line.carry(sent)).toEqual(sent);
      expect(line.carry(sent)).toEqual(sent);
    }
  });

  test('without a memory everything is said every time', () => {
    const { description } = packPayload(iris(1), null);
    expect(unpackPayload(description, packPayload(iris(1), null).blocks, new LayoutReader())).toEqual(
      iris(1),
    );
  });

  test('what no host would send is refused', () => {
    for (const junk of [
      null,
      1,
      {},
      { k: '?' },
      { k: 't', n: 1, l: 7 },
      { k: 't', n: 1, c: [['a', 'complex128', 0]] },
      { k: 'v', j: [null] },
      { k: 'v', j: [] },
    ])
      expect(() => unpackPayload(junk, [], new LayoutReader())).toThrow(
        expect.objectContaining({ code: 'INTERNAL' }),
      );
    const missing = { k: 't', n: 1, c: [['a', 'float64', 0]] };
    expect(() => unpackPayload(missing, [], new LayoutReader())).toThrow(
      expect.objectContaining({ code: 'INTERNAL' }),
    );
  });
});

describe('nested values as JSON', () => {
  const carry = (value: Nested): Nested =>
    nestedFromJson(JSON.parse(JSON.stringify(nestedToJson(value))) as ReturnType<typeof nestedToJson>);

  test('every nested value survives', () => {
    fc.assert(
      fc.property(nested, (value) => {
        expect(carry(value)).toEqual(value);
      }),
    );
  });

  test.each([
    ['an integer beyond 2^53', 9007199254740993n],
    ['minus zero', -0],
    ['not a number', NaN],
    ['infinity', -Infinity],
    ['a float that looks like a great integer', 1e300],
    ['bytes', Uint8Array.of(0, 255)],
    ['nanoseconds', new Timestamp(-1n)],
    ['an object with the key that marks the others', { $: ['i', '1'] }],
  ])('%s is not what JSON would make of it', (_, value) => {
    expect(carry(value)).toEqual(value);
  });

  test('a long that a number can hold comes back as a number', () => {
    expect(carry([5n])).toEqual([5]);
  });
});
