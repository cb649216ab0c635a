import type { Batch, DataType as ArrowType, Field, TypedArray } from '@uwdata/flechette';
import type { DataType } from '../../contract/signature.ts';
import { columnDtype, emptyVector, notATime } from '../../payload/dtypes.ts';
import { type Nested, type NestedObject, Timestamp, type Vector } from '../../payload/payload.ts';
import { serveStyle } from '../serve/style.ts';
import { writeNested } from '../values/write-nested.ts';
import type { ArrowLibrary } from './library.ts';
import { extensionKey, jsonExtension } from './read-cells.ts';

/** A run of cells as Arrow has them, and what its field says. */
export interface WrittenCells {
  readonly type: ArrowType;
  readonly batch: Batch<unknown>;
  /** The name of an extension that says more than the type. */
  readonly extension?: string;
}

/** Writes vectors and nested values as Arrow's buffers. Numbers stay in the memory they are in. */
export class ColumnWriter {
  readonly #arrow: ArrowLibrary;
  readonly #zone: string | null;

  /** @param zone What datetimes say of their zone; they are UTC either way. */
  constructor(arrow: ArrowLibrary, zone: string | null) {
    this.#arrow = arrow;
    this.#zone = zone;
  }

  field(name: string, { type, extension }: WrittenCells, nullable = true): Field {
    return this.#arrow.field(name, type, nullable, extension === undefined ? null : metadataOf(extension));
  }

  /** What the vector holds; nested cells go as JSON. */
  vector(vector: Vector, nulls: Uint8Array | null): WrittenCells {
    switch (vector.dtype) {
      case 'bool':
        return this.#leaf(this.#arrow.bool(), packed(vector.data), nulls, vector.data.length);
      case 'str':
        return this.#texts(vector.data, nulls);
      case 'bytes':
        return this.#runs(this.#arrow.binary(), vector.data, nulls);
      case 'object':
        return this.#json(vector.data);
      case 'datetime64':
        return this.#times(vector.data, nulls);
      default:
        return this.#numbers(vector, nulls);
    }
  }

  /** Cells of a type, null where there is none. They are of the type. */
  cells(type: DataType, cells: readonly Nested[]): WrittenCells {
    switch (type.kind) {
      case 'array':
        return this.#lists(type.items, cells);
      case 'object':
        return this.#structs(type.properties, cells);
      case 'map':
        return this.#maps(type.values, cells);
      case 'any':
        return this.#json(cells);
      default:
        return this.vector(scalars(type.kind, cells), missing(cells));
    }
  }

  /** Lists of what was written, each as long as `lengths` says; where all are `stride` long, of fixed size. */
  lists(
    items: WrittenCells,
    lengths: readonly number[],
    stride: number | null,
    nulls: Uint8Array | null,
  ): WrittenCells {
    const item = this.field('item', items);
    const children = [items.batch];
    if (stride !== null)
      return this.#batch(this.#arrow.fixedSizeList(item, stride), lengths.length, nulls, { children });
    return this.#batch(this.#arrow.list(item), lengths.length, nulls, {
      children,
      offsets: offsets(lengths),
    });
  }

  #lists(type: DataType, cells: readonly Nested[]): WrittenCells {
    const all = cells.map((cell) => (isList(cell) ? cell : []));
    const items = this.cells(type, all.flat(1));
    return this.lists(
      items,
      all.map(({ length }) => length),
      null,
      missing(cells),
    );
  }

  #structs(
    properties: Extract<DataType, { kind: 'object' }>['properties'],
    cells: readonly Nested[],
  ): WrittenCells {
    const written = properties.map(({ name, type }) => ({
      name,
      member: this.cells(
        type,
        cells.map((cell) => memberOf(cell, name)),
      ),
    }));
    const fields = written.map(({ name, member }) => this.field(name, member));
    const children = written.map(({ member }) => member.batch);
    return this.#batch(this.#arrow.struct(fields), cells.length, missing(cells), { children });
  }

  #maps(type: DataType, cells: readonly Nested[]): WrittenCells {
    const all = cells.map((cell) => (isObject(cell) ? Object.entries(cell) : []));
    const entries = all.flat(1);
    const keys = this.#texts(
      entries.map(([key]) => key),
      null,
    );
    const values = this.cells(
      type,
      entries.map(([, value]) => value),
    );
    const pairs = this.#arrow.struct([this.field('key', keys, false), this.field('value', values)]);
    const pair = this.#batch(pairs, entries.length, null, { children: [keys.batch, values.batch] });
    const lengths = all.map(({ length }) => length);
    const typeOfMap = {
      ...this.#arrow.map(keys.type, values.type),
      children: [this.field('entries', pair, false)],
    };
    return this.#batch(typeOfMap as ArrowType, cells.length, missing(cells), {
      children: [pair.batch],
      offsets: offsets(lengths),
    });
  }

  #json(cells: readonly Nested[]): WrittenCells {
    const texts = cells.map((cell) =>
      cell === null ? null : writeNested(cell, { kind: 'any' }, serveStyle),
    );
    return { ...this.#texts(texts, missing(cells)), extension: jsonExtension };
  }

  #texts(cells: readonly (string | null)[], nulls: Uint8Array | null): WrittenCells {
    const texts = cells.map((cell, index) =>
      cell === null || nulls?.[index] === 1 ? '' : cell.toWellFormed(),
    );
    const values = Buffer.from(texts.join(''));
    const lengths = texts.map((text) => Buffer.byteLength(text));
    return this.#batch(this.#arrow.utf8(), cells.length, merged(nulls, missing(cells)), {
      values,
      offsets: offsets(lengths),
    });
  }

  #runs(type: ArrowType, cells: readonly (Uint8Array | null)[], nulls: Uint8Array | null): WrittenCells {
    const runs = cells.map((cell, index) =>
      cell === null || nulls?.[index] === 1 ? new Uint8Array() : cell,
    );
    return this.#batch(type, cells.length, merged(nulls, missing(cells)), {
      values: Buffer.concat(runs),
      offsets: offsets(runs.map(({ length }) => length)),
    });
  }

  #times(data: BigInt64Array, nulls: Uint8Array | null): WrittenCells {
    const type = this.#arrow.timestamp(this.#arrow.TimeUnit.NANOSECOND, this.#zone);
    const absent = data.includes(notATime)
      ? Uint8Array.from(data, (cell) => Number(cell === notATime))
      : null;
    return this.#leaf(type, data, merged(nulls, absent), data.length);
  }

  #numbers(vector: NumberVector, nulls: Uint8Array | null): WrittenCells {
    const { data, dtype } = vector;
    const values =
      data instanceof Float16Array ? new Uint16Array(data.buffer, data.byteOffset, data.length) : data;
    return this.#leaf(this.#arrow[dtype](), values, nulls, data.length);
  }

  #leaf(type: ArrowType, values: TypedArray, nulls: Uint8Array | null, length: number): WrittenCells {
    return this.#batch(type, length, nulls, { values });
  }

  #batch(type: ArrowType, length: number, nulls: Uint8Array | null, buffers: Buffers): WrittenCells {
    const nullCount = nulls?.reduce((sum, isNull) => sum + isNull, 0) ?? 0;
    const validity =
      nulls === null || nullCount === 0 ? new Uint8Array() : packed(nulls.map((isNull) => 1 - isNull));
    return { type, batch: new this.#arrow.Batch({ length, nullCount, type, validity, ...buffers }) };
  }
}

/** JSON needs nothing beside its name, but readers look for the entry. */
function metadataOf(extension: string): Map<string, string> {
  return new Map([
    [extensionKey, extension],
    ['ARROW:extension:metadata', ''],
  ]);
}

type Buffers = Pick<ConstructorParameters<ArrowLibrary['Batch']>[0], 'values' | 'offsets' | 'children'>;
type NumberVector = Exclude<Vector, { dtype: 'bool' | 'str' | 'bytes' | 'object' | 'datetime64' }>;

/** Eight cells of 0 or 1 in a byte. */
function packed(cells: Uint8Array): Uint8Array {
  const bits = new Uint8Array((cells.length + 7) >> 3);
  cells.forEach((cell, index) => {
    if (cell !== 0) bits[index >> 3] = (bits[index >> 3] ?? 0) | (1 << (index & 7));
  });
  return bits;
}

function offsets(lengths: readonly number[]): Int32Array {
  const starts = new Int32Array(lengths.length + 1);
  lengths.forEach((length, index) => {
    starts[index + 1] = (starts[index] ?? 0) + length;
  });
  return starts;
}

function missing(cells: readonly unknown[]): Uint8Array | null {
  return cells.includes(null) ? Uint8Array.from(cells, (cell) => Number(cell === null)) : null;
}

function merged(a: Uint8Array | null, b: Uint8Array | null): Uint8Array | null {
  if (a === null || b === null) return a ?? b;
  return a.map((isNull, index) => isNull | (b[index] ?? 0));
}

function scalars(kind: string, cells: readonly Nested[]): Vector {
  const vector = emptyVector(columnDtype(kind), cells.length);
  // Cells of the type are what its vector holds, times apart.
  const data = vector.data as unknown as Record<number, unknown>;
  cells.forEach((cell, index) => {
    if (cell !== null) data[index] = cell instanceof Timestamp ? cell.nanoseconds : cell;
  });
  return vector;
}

function isList(value: Nested): value is readonly Nested[] {
  return Array.isArray(value);
}

function isObject(value: Nested): value is NestedObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function memberOf(cell: Nested, name: string): Nested {
  return isObject(cell) && Object.hasOwn(cell, name) ? (cell[name] ?? null) : null;
}
