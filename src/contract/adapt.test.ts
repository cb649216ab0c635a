import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compatibleVersion, payloadOf, signatureWithInputs } from '../../test/support/arbitraries.ts';
import { fits, fitsNested } from '../../test/support/fits.ts';
import type { Nested, Payload, Table, Vector } from '../payload/payload.ts';
import { adaptInput, adaptParams, planAdaptation } from './adapt.ts';
import { toNested } from './cast.ts';
import { isList, isObject, nestedObject } from './nested.ts';
import { paramDefault } from './param-default.ts';
import type { ColumnSpec, DataType, ParamSpec, Signature } from './signature.ts';

function signatureOf(
  columns: readonly (readonly [string, DataType])[],
  params: readonly ParamSpec[] = [],
): Signature {
  const specs: ColumnSpec[] = columns.map(([name, type]) => ({ name, type, required: true }));
  return {
    inputs: { kind: 'columns', named: true, columns: specs },
    outputs: null,
    params,
    fromTypeHint: false,
  };
}

function tableOf(...columns: readonly (readonly [string, Vector])[]): Table {
  return {
    kind: 'table',
    rows: columns[0]?.[1].data.length ?? 0,
    columns: columns.map(([name, vector]) => ({ name, vector, nulls: null })),
  };
}

/** A cell as the JSON it came from, so that a value can be compared whatever its type. */
function plain(value: Nested): unknown {
  if (typeof value === 'bigint') return String(value);
  if (typeof value === 'number')
    return Number.isNaN(value) ? null : Number.isInteger(value) ? String(BigInt(value)) : value;
  if (isList(value)) return value.map(plain);
  if (isObject(value)) return Object.entries(value).map(([name, inner]) => [name, plain(inner)]);
  return value;
}

function cells(payload: Payload): ReadonlyMap<string | number, unknown> {
  if (payload.kind === 'value') return new Map([[0, plain(payload.value)]]);
  const parts =
    payload.kind === 'table'
      ? payload.columns
      : payload.tensors.map((tensor) => ({ ...tensor, nulls: null }));
  return new Map(
    parts.map(({ name, vector, nulls }, position) => [name ?? position, toNested(vector, nulls).map(plain)]),
  );
}

const pairs = signatureWithInputs.chain((contract) =>
  fc.tuple(
    fc.constant(contract),
    compatibleVersion(contract),
    fc.integer({ min: 1, max: 3 }).chain((rows) => payloadOf(contract.inputs, rows)),
  ),
);

describe('adapting a request of the contract', () => {
  test('every valid request of the contract is one of a compatible version, with the same values', () => {
    fc.assert(
      fc.property(pairs, ([contract, version, input]) => {
        expect(fits(input, contract.inputs)).toBe(true);
        const adapted = adaptInput(input, planAdaptation(contract, version));
        expect(version.inputs === null ? null : fits(adapted, version.inputs)).toBe(true);
        const before = cells(input);
        for (const [key, values] of cells(adapted)) expect(values).toEqual(before.get(key));
        expect(cells(adapted).size).toBe(before.size);
      }),
      { numRuns: 1000 },
    );
  });

  test('under the same signature the very same payload comes back', () => {
    fc.assert(
      fc.property(pairs, ([contract, , input]) => {
        expect(adaptInput(input, planAdaptation(contract, contract))).toBe(input);
      }),
    );
  });

  test('a column that does not change is not copied when another does', () => {
    const plan = planAdaptation(
      signatureOf([
        ['a', { kind: 'integer' }],
        ['b', { kind: 'string' }],
      ]),
      signatureOf([
        ['b', { kind: 'string' }],
        ['a', { kind: 'long' }],
      ]),
    );
    const input = tableOf(
      ['a', { dtype: 'int32', data: Int32Array.of(7) }],
      ['b', { dtype: 'str', data: ['x'] }],
    );
    const adapted = adaptInput(input, plan);
    expect(adapted).toEqual(
      tableOf(['b', { dtype: 'str', data: ['x'] }], ['a', { dtype: 'int64', data: BigInt64Array.of(7n) }]),
    );
    expect(adapted.kind === 'table' && adapted.columns[0]).toBe(input.columns[1]);
  });

  test('a long beyond 2^53 goes into any as itself', () => {
    const plan = planAdaptation(
      signatureOf([['a', { kind: 'long' }]]),
      signatureOf([['a', { kind: 'any' }]]),
    );
    const input = tableOf(['a', { dtype: 'int64', data: BigInt64Array.of(9007199254740993n, 5n) }]);
    expect(adaptInput(input, plan)).toEqual(
      tableOf(['a', { dtype: 'object', data: [9007199254740993n, 5] }]),
    );
  });

  test('longs within lists, maps and objects are plain integers under any, and a missing number is null', () => {
    const long = { kind: 'long' as const };
    const object: DataType = {
      kind: 'object',
      properties: [
        { name: 'a', type: { kind: 'array', items: long }, required: true },
        { name: 'm', type: { kind: 'map', values: { kind: 'double' } }, required: false },
      ],
    };
    const plan = planAdaptation(signatureOf([['x', object]]), signatureOf([['x', { kind: 'any' }]]));
    const cell = { a: [5n, 9007199254740993n], m: { k: Number.NaN } };
    const adapted = adaptInput(tableOf(['x', { dtype: 'object', data: [cell] }]), plan);
    expect(adapted.kind === 'table' && adapted.columns[0]?.vector.data).toEqual([
      nestedObject([
        ['a', [5, 9007199254740993n]],
        ['m', nestedObject([['k', null]])],
      ]),
    ]);
  });

  test('an integer that is missing is NaN as a double', () => {
    const optional = (kind: 'integer' | 'double'): Signature => {
      const column = { name: 'a', type: { kind }, required: false };
      return { ...signatureOf([]), inputs: { kind: 'columns', named: true, columns: [column] } };
    };
    const input: Table = {
      kind: 'table',
      rows: 2,
      columns: [
        { name: 'a', vector: { dtype: 'int32', data: Int32Array.of(1, 0) }, nulls: Uint8Array.of(0, 1) },
      ],
    };
    const adapted = adaptInput(input, planAdaptation(optional('integer'), optional('double')));
    expect(adapted).toEqual(tableOf(['a', { dtype: 'float64', data: Float64Array.of(1, NaN) }]));
  });
});

describe('adapting params', () => {
  const param = (name: string, type: DataType, value: unknown, array = false): ParamSpec => ({
    name,
    type,
    array,
    default: value,
  });

  test('a param that is new in the version gets the default of the version', () => {
    const plan = planAdaptation(signatureOf([]), signatureOf([], [param('k', { kind: 'long' }, 3)]));
    expect(adaptParams(new Map(), plan)).toEqual(new Map([['k', 3n]]));
  });

  test('a value of the caller is widened, one by one in a list and within an object', () => {
    const object = (kind: 'integer' | 'long'): DataType => ({
      kind: 'object',
      properties: [{ name: 'depth', type: { kind }, required: true }],
    });
    const contract = [
      param('ks', { kind: 'integer' }, [1], true),
      param('cfg', object('integer'), { depth: 1 }),
    ];
    const version = [param('ks', { kind: 'long' }, [1], true), param('cfg', object('long'), { depth: 1 })];
    const plan = planAdaptation(signatureOf([], contract), signatureOf([], version));
    const adapted = adaptParams(
      new Map<string, Nested>([
        ['ks', [4, 5]],
        ['cfg', { depth: 6 }],
      ]),
      plan,
    );
    expect(adapted.get('ks')).toEqual([4n, 5n]);
    expect(plain(adapted.get('cfg') ?? null)).toEqual([['depth', '6']]);
  });

  test('where nothing changes the very same params come back', () => {
    const both = signatureOf([], [param('k', { kind: 'string' }, 'a')]);
    const params = new Map([['k', 'b']]);
    expect(adaptParams(params, planAdaptation(both, both))).toBe(params);
  });

  test('the default of a generated param is a value of its type', () => {
    fc.assert(
      fc.property(signatureWithInputs, ({ params }) => {
        for (const spec of params) {
          const type: DataType = spec.array ? { kind: 'array', items: spec.type } : spec.type;
          expect(fitsNested(paramDefault(spec), type)).toBe(true);
        }
      }),
    );
  });
});
