import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { signature } from '../../test/support/arbitraries.ts';
import { CountersignError } from '../errors/countersign-error.ts';
import { writeJson } from '../util/write-json.ts';
import { compareSignatures } from './compare.ts';
import { parseSignature } from './parse.ts';
import type { ColumnSpec, DataType, ParamSpec, TensorSpec } from './signature.ts';
import { writeSignature } from './write.ts';

function columns(text: string): readonly ColumnSpec[] {
  const inputs = parseSignature({ inputs: text }, false)?.inputs;
  return inputs?.kind === 'columns' ? inputs.columns : [];
}

function tensor(spec: object): TensorSpec | undefined {
  const inputs = parseSignature({ inputs: [spec] }, false)?.inputs;
  return inputs?.kind === 'tensors' ? inputs.tensors[0] : undefined;
}

function params(text: string): readonly ParamSpec[] {
  return parseSignature({ params: text }, false)?.params ?? [];
}

describe('parseSignature', () => {
  test.each([null, undefined, {}, { inputs: null, outputs: null, params: '[]' }, { inputs: '' }])(
    'no signature, or none of its parts, is null: %j',
    (nothing) => {
      expect(parseSignature(nothing, true)).toBeNull();
    },
  );

  test('what writeSignature writes is read back as the same signature, parsed or as text', () => {
    fc.assert(
      fc.property(signature, (one) => {
        fc.pre(one.inputs !== null || one.outputs !== null || one.params.length > 0);
        const written = writeSignature(one);
        const asText = Object.entries(written).map(([name, part]) => [
          name,
          part === null ? null : writeJson(part),
        ]);
        for (const form of [written, Object.fromEntries(asText)]) {
          expect(compareSignatures(one, parseSignature(form, one.fromTypeHint)).verdict).toBe('identical');
        }
      }),
    );
  });

  test('required may be left out: true for scalars and properties, false for other columns', () => {
    const [scalar, list, object] = columns(
      '[{"name":"a","type":"long"},{"name":"b","type":"array","items":{"type":"long"}},' +
        '{"name":"c","type":"object","properties":{"x":{"type":"any"},"y":{"type":"any","required":null}}}]',
    );
    expect([scalar?.required, list?.required, object?.required]).toEqual([true, false, false]);
    const properties = object?.type.kind === 'object' ? object.type.properties : [];
    expect(properties.map((property) => property.required)).toEqual([true, false]);
  });

  test('an unnamed column is required whatever the file leaves out', () => {
    expect(columns('[{"type":"array","items":{"type":"long"},"required":null}]')[0]?.required).toBe(true);
  });

  test('sparkml_vector is an optional array of double', () => {
    expect(columns('[{"name":"v","type":"sparkml_vector"}]')).toEqual([
      { name: 'v', type: { kind: 'array', items: { kind: 'double' } }, required: false },
    ]);
  });

  test('names are what they are, __proto__ among them', () => {
    const type: DataType | undefined = columns(
      '[{"name":"__proto__","type":"object","properties":{"__proto__":{"type":"long"},"toString":{"type":"map","values":{"type":"any"}}}}]',
    )[0]?.type;
    expect(type?.kind === 'object' && type.properties.map((property) => property.name)).toEqual([
      '__proto__',
      'toString',
    ]);
  });

  test('the number that pandas gives a column without a label is its name', () => {
    expect(
      columns('[{"name":0,"type":"double"},{"name":1,"type":"double"}]').map((column) => column.name),
    ).toEqual(['0', '1']);
  });

  test.each([
    ['float32', 'float32'],
    ['<f4', 'float32'],
    ['str', 'str'],
    ['<U5', 'str'],
    ['str160', 'str'],
    ['S5', 'bytes'],
    ['|S', 'bytes'],
    ['bytes40', 'bytes'],
    ['object', 'object'],
    ['|O', 'object'],
    ['datetime64[ns]', 'datetime64'],
    ['<M8[us]', 'datetime64'],
    ['bool_', 'bool'],
    ['|b1', 'bool'],
    ['double', 'float64'],
    ['>i8', 'int64'],
  ])('the dtype %s is %s', (written, read) => {
    expect(tensor({ type: 'tensor', 'tensor-spec': { dtype: written, shape: [-1, 3] } })).toEqual({
      name: null,
      dtype: read,
      shape: [-1, 3],
    });
  });

  test('defaults of params are exact beyond 2^53, and NaN and infinities as Python writes them', () => {
    const read = params(
      '[{"name":"a","dtype":"long","default":9007199254740993,"shape":null},' +
        '{"name":"b","type":"double","default":NaN},{"name":"c","type":"double","default":[-Infinity],"shape":[-1]}]',
    );
    expect(read).toEqual([
      { name: 'a', type: { kind: 'long' }, array: false, default: 9007199254740993n },
      { name: 'b', type: { kind: 'double' }, array: false, default: Number.NaN },
      { name: 'c', type: { kind: 'double' }, array: true, default: [Number.NEGATIVE_INFINITY] },
    ]);
  });

  test.each([
    ['text that is no JSON', { inputs: '[{' }, '/inputs'],
    ['no list', { inputs: {} }, '/inputs'],
    ['an empty list', { outputs: [] }, '/outputs'],
    ['no object', { inputs: ['long'] }, '/inputs/0'],
    ['an unknown type', { inputs: [{ type: 'decimal' }] }, '/inputs/0'],
    ['an inherited name as a type', { inputs: [{ type: 'constructor' }] }, '/inputs/0'],
    ['no type', { inputs: [{ name: 'a' }] }, '/inputs/0'],
    ['items without a type', { inputs: [{ type: 'array', items: {} }] }, '/inputs/0/items'],
    ['an array without items', { inputs: [{ type: 'array' }] }, '/inputs/0/items'],
    [
      'an object without properties',
      { inputs: [{ type: 'object', properties: {} }] },
      '/inputs/0/properties',
    ],
    [
      'a broken property',
      { inputs: [{ type: 'object', properties: { 'a/b': { type: 'x' } } }] },
      '/inputs/0/properties/a~1b',
    ],
    ['some names', { inputs: [{ type: 'long', name: 'a' }, { type: 'long' }] }, '/inputs'],
    [
      'a name twice',
      {
        inputs: [
          { type: 'long', name: 'a' },
          { type: 'long', name: 'a' },
        ],
      },
      '/inputs',
    ],
    [
      'columns and tensors',
      { inputs: [{ type: 'long' }, { type: 'tensor', 'tensor-spec': { dtype: 'bool', shape: [] } }] },
      '/inputs',
    ],
    [
      'a dtype of another kind',
      { inputs: [{ type: 'tensor', 'tensor-spec': { dtype: 'complex64', shape: [] } }] },
      '/inputs/0/tensor-spec/dtype',
    ],
    [
      'a negative dimension',
      { inputs: [{ type: 'tensor', 'tensor-spec': { dtype: 'bool', shape: [-2] } }] },
      '/inputs/0/tensor-spec/shape',
    ],
    ['a param without a default', { params: [{ name: 'a', type: 'long' }] }, '/params/0'],
    ['a param without a name', { params: [{ type: 'long', default: 1 }] }, '/params/0'],
    ['a binary param', { params: [{ name: 'a', type: 'binary', default: '' }] }, '/params/0'],
    [
      'a matrix param',
      { params: [{ name: 'a', type: 'long', default: [], shape: [-1, -1] }] },
      '/params/0/shape',
    ],
    [
      'a param twice',
      {
        params: [
          { name: 'a', type: 'long', default: 1 },
          { name: 'a', type: 'long', default: 1 },
        ],
      },
      '/params',
    ],
  ])('%s is INVALID_SIGNATURE with the path', (_what, broken, path) => {
    const error = ((): unknown => {
      try {
        return parseSignature(broken, false);
      } catch (thrown) {
        return thrown;
      }
    })();
    expect(error).toBeInstanceOf(CountersignError);
    expect(error).toMatchObject({
      code: 'INVALID_SIGNATURE',
      message: expect.stringMatching(new RegExp(` at ${path}\\.$`)) as string,
    });
  });
});
