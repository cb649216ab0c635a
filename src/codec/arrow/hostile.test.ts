import * as arrow from '@uwdata/flechette';
import { describe, expect, it } from 'vitest';
import { CountersignError } from '../../errors/countersign-error.ts';
import { withinBudget } from './budget.ts';
import { loadArrow } from './library.ts';
import { readCells } from './read-cells.ts';
import { readStream } from './read-stream.ts';

type Init = ConstructorParameters<typeof arrow.Batch>[0];

/** A stream of one column whose batch may say whatever it likes. */
function stream(
  type: arrow.DataType,
  init: Omit<Init, 'type' | 'nullCount'> & { nullCount?: number },
): Uint8Array {
  const batch = new arrow.Batch({ nullCount: 0, validity: new Uint8Array(), type, ...init });
  const column = new arrow.Column([batch], type);
  const table = new arrow.Table({ fields: [arrow.field('x', type)] }, [column]);
  return arrow.tableToIPC(table, {}) ?? new Uint8Array();
}

async function read(bytes: Uint8Array): Promise<readonly unknown[]> {
  const library = await loadArrow();
  return withinBudget(bytes.length, () => {
    const [column] = readStream(bytes, library).columns;
    return column === undefined ? [] : readCells(column);
  });
}

async function refusal(bytes: Uint8Array): Promise<string> {
  try {
    await read(bytes);
  } catch (thrown) {
    const error = CountersignError.from(thrown);
    expect(error.code).toBe('INVALID_BODY');
    return error.message.replace('The request body cannot be read: ', '');
  }
  return expect.unreachable('it was read');
}

const long = arrow.int64();
const sound = stream(long, { length: 2, values: BigInt64Array.of(1n, 2n) });

describe('a stream that lies', () => {
  it('is read where it tells the truth', async () => {
    expect(await read(sound)).toEqual([1, 2]);
  });

  it.each<[string, Uint8Array]>([
    ['is shorter than its column', stream(long, { length: 1000, values: BigInt64Array.of(1n) })],
    [
      'is shorter than its column',
      stream(long, { length: 100, nullCount: 1, validity: Uint8Array.of(1), values: new BigInt64Array(100) }),
    ],
    [
      'point outside of it',
      stream(arrow.utf8(), { length: 1, offsets: Int32Array.of(0, 9999), values: Uint8Array.of(65) }),
    ],
    [
      'point outside of it',
      stream(arrow.utf8(), { length: 2, offsets: Int32Array.of(0, 1, 0), values: Uint8Array.of(65) }),
    ],
    [
      'point outside of it',
      stream(arrow.utf8(), { length: 1, offsets: Int32Array.of(-5, 1), values: Uint8Array.of(65) }),
    ],
    [
      'is not UTF-8',
      stream(arrow.utf8(), { length: 1, offsets: Int32Array.of(0, 1), values: Uint8Array.of(255) }),
    ],
    [
      // Halves of one character.
      'is not UTF-8',
      stream(arrow.utf8(), { length: 2, offsets: Int32Array.of(0, 1, 2), values: Uint8Array.of(0xc3, 0xa4) }),
    ],
    ['too many cells', stream(arrow.nullType(), { length: 15_000_000 })],
    [
      'too many cells',
      stream(arrow.fixedSizeList(arrow.field('item', arrow.nullType()), 0), {
        length: 15_000_000,
        children: [new arrow.Batch({ length: 0, nullCount: 0, type: arrow.nullType() })],
      }),
    ],
  ])('%s', async (what, bytes) => {
    expect(await refusal(bytes)).toContain(what);
  });

  it('names many cells of one long text', async () => {
    const text = 'x'.repeat(1_000_000);
    const column = arrow.columnFromArray([text], arrow.dictionary(arrow.utf8(), arrow.int32()));
    const [batch] = column.data;
    const bytes = arrow.tableToIPC(
      new arrow.Table({ fields: [arrow.field('x', column.type)] }, [
        new arrow.Column([
          Object.assign(batch as object, { length: 100_000, values: new Int32Array(100_000) }) as never,
        ]),
      ]),
      {},
    );
    expect(await refusal(bytes ?? new Uint8Array())).toContain('too large once unpacked');
  });

  it('lists its items again and again', async () => {
    const items = new arrow.Batch({
      length: 1000,
      nullCount: 0,
      type: long,
      validity: new Uint8Array(),
      values: new BigInt64Array(1000),
    });
    const bytes = stream(arrow.listView(arrow.field('item', long)), {
      length: 100_000,
      offsets: new Int32Array(100_000),
      sizes: new Int32Array(100_000).fill(1000),
      children: [items],
    });
    expect(await refusal(bytes)).toContain('too many cells');
  });

  it('says that it unpacks to more than fits', async () => {
    const library = await loadArrow();
    const values = new BigInt64Array(1000);
    const init = { length: 1000, nullCount: 0, type: long, validity: new Uint8Array(), values };
    const table = new arrow.Table({ fields: [arrow.field('x', long)] }, [
      new arrow.Column([new arrow.Batch(init)], long),
    ]);
    const bytes = Buffer.from(library.tableToIPC(table, { codec: library.CompressionType.ZSTD }) ?? []);
    expect(await read(bytes)).toHaveLength(1000);
    const said = Buffer.alloc(8);
    said.writeBigInt64LE(BigInt(values.byteLength));
    bytes.writeBigInt64LE(600n * 1024n * 1024n, bytes.indexOf(said));
    expect(await refusal(bytes)).toContain('too large once unpacked');
  });

  it.each<[string, (bytes: Uint8Array) => Uint8Array]>([
    ['it is no Arrow stream', () => Buffer.from('{"inputs": [1, 2]}')],
    ['it is a file of Arrow', () => Buffer.from('ARROW1\0\0and more')],
    ['has no schema', () => new Uint8Array()],
    ['has no schema', () => Uint8Array.of(255, 255, 255, 255, 0, 0, 0, 0)],
    ['ends within a message', (bytes) => bytes.subarray(0, 5)],
    ['ends within a message', (bytes) => bytes.subarray(0, bytes.length - 20)],
    ['impossible length', (bytes) => withInt32(bytes, 4, -8)],
    ['ends within a message', (bytes) => withInt32(bytes, 4, 2 ** 31 - 8)],
    ['bytes follow the end', (bytes) => Buffer.concat([bytes, bytes])],
  ])('%s', async (what, change) => {
    expect(await refusal(change(Uint8Array.from(sound)))).toContain(what);
  });

  it('points from many places to one, so that it would never be read to the end', async () => {
    expect(await refusal(laughs())).toContain('broken');
  });

  it('does not show the bytes of others: a short body may lie in memory that is shared', async () => {
    const shared = Buffer.alloc(sound.length + 64, 7);
    shared.set(sound, 8);
    expect(await read(shared.subarray(8, 8 + sound.length))).toEqual([1, 2]);
  });
});

function withInt32(bytes: Uint8Array, at: number, value: number): Uint8Array {
  new DataView(bytes.buffer, bytes.byteOffset).setInt32(at, value, true);
  return bytes;
}

/** A schema each of whose fields has the next one as its child a hundred times, made by moving what children point to. */
function laughs(): Uint8Array {
  let type: arrow.DataType = arrow.nullType();
  for (let depth = 0; depth < 40; depth++)
    type = arrow.struct([
      arrow.field('a', type),
      ...Array.from({ length: 3 }, () => arrow.field('b', arrow.nullType())),
    ]);
  const batch = (of: arrow.DataType): arrow.Batch<unknown> =>
    new arrow.Batch({
      length: 0,
      nullCount: 0,
      type: of,
      validity: new Uint8Array(),
      children: 'children' in of ? of.children.map((field) => batch(field.type)) : [],
    });
  const table = new arrow.Table({ fields: [arrow.field('x', type)] }, [
    new arrow.Column([batch(type)], type),
  ]);
  const bytes = Uint8Array.from(arrow.tableToIPC(table, {}) ?? []);
  const view = new DataView(bytes.buffer);
  // Every vector of four offsets now has its first in all places.
  for (let at = 8; at + 20 <= view.getInt32(4, true); at += 4) {
    if (view.getInt32(at, true) !== 4) continue;
    const target = at + 4 + view.getInt32(at + 4, true);
    for (let item = 1; item < 4; item++) view.setInt32(at + 4 + 4 * item, target - (at + 4 + 4 * item), true);
  }
  return bytes;
}
