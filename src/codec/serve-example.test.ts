import { describe, expect, it } from 'vitest';
import { signatureOf } from '../../test/support/typed-json.ts';
import type { DataType, ParamSpec, Schema, Signature } from '../contract/signature.ts';
import { exampleRequest } from './serve-example.ts';

// What MLflow 3.17 writes for the examples named in each test.

function schema(types: Readonly<Record<string, DataType['kind']>>, optional = false): Schema {
  const columns = Object.entries(types).map(([name, kind]) => ({
    name,
    type: kind === 'array' ? { kind, items: { kind: 'string' as const } } : ({ kind } as DataType),
    required: !optional,
  }));
  return { kind: 'columns', named: true, columns };
}

const unnamedString: Schema = {
  kind: 'columns',
  named: false,
  columns: [{ name: null, type: { kind: 'string' }, required: true }],
};

function turn(
  inputs: Schema | null,
  example: string,
  serving: string | null = null,
  params: readonly ParamSpec[] = [],
): unknown {
  return turnUnder(signatureOf({ inputs, params }), example, serving);
}

function turnUnder(signature: Signature | null, example: string, serving: string | null): unknown {
  const info = { path: 'input_example.json', type: 'any', servingPath: null };
  return exampleRequest(
    info,
    Buffer.from(example),
    serving === null ? null : Buffer.from(serving),
    signature,
  );
}

describe("a model's own input example", () => {
  it('turns from a frame into rows', () => {
    const frame = '{"columns": ["a", "b"], "data": [[1.5, "x"], [2.0, "y"]]}';
    const rows = [
      { a: 1.5, b: 'x' },
      { a: 2, b: 'y' },
    ];
    expect(turn(schema({ a: 'double', b: 'string' }), frame)).toEqual(rows);
    expect(turn(schema({ a: 'double', b: 'string' }), frame, `{"dataframe_split": ${frame}}`)).toEqual(rows);
    expect(turn(null, frame)).toEqual(rows);
  });

  it('turns into the row itself when there is one', () => {
    expect(turn(schema({ a: 'string' }), '{"columns": ["a"], "data": [["x"]]}')).toEqual({ a: 'x' });
  });

  it('numbers the columns of a frame without labels', () => {
    expect(turn(schema({ '0': 'double', '1': 'double' }), '{"data": [[1.0, 2.0], [3.0, 4.0]]}')).toEqual([
      { '0': 1, '1': 2 },
      { '0': 3, '1': 4 },
    ]);
  });

  it('turns from bytes in lines of base64 into base64', () => {
    expect(
      turn(schema({ z: 'binary', s: 'string' }), '{"columns": ["z", "s"], "data": [["YWJj\\n", "a b\\n"]]}'),
    ).toEqual({
      z: 'YWJj',
      s: 'a b\n',
    });
  });

  it('turns NaN into null where the column takes it', () => {
    const frame = '{"columns": ["a", "b"], "data": [[NaN, "x"], [2.0, NaN]]}';
    expect(turn(schema({ a: 'double', b: 'string' }, true), frame)).toEqual([
      { a: null, b: 'x' },
      { a: 2, b: null },
    ]);
  });

  it('keeps integers that a double would round', () => {
    expect(turn(schema({ a: 'long' }), '{"columns": ["a"], "data": [[1152921504606846977]]}')).toEqual({
      a: 1152921504606846977n,
    });
  });

  it('turns from arrays, dicts of arrays, dicts, lists and bare values', () => {
    const tensors: Schema = {
      kind: 'tensors',
      named: true,
      tensors: [
        { name: 'x', dtype: 'float64', shape: [-1, 2] },
        { name: 'y', dtype: 'int64', shape: [-1] },
      ],
    };
    expect(turn(tensors, '{"x": [[1.0, 2.0], [3, 4]], "y": [3, 4]}')).toEqual([
      { x: [1, 2], y: 3 },
      { x: [3, 4], y: 4 },
    ]);
    const matrix: Schema = {
      kind: 'tensors',
      named: false,
      tensors: [{ name: null, dtype: 'float32', shape: [-1, 2] }],
    };
    expect(turn(matrix, '[[1.0, 2.0], [3.0, 4.0]]')).toEqual([
      [1, 2],
      [3, 4],
    ]);
    expect(turn(schema({ a: 'string', l: 'array' }), '{"a": "x", "l": ["p", "q"]}')).toEqual({
      a: 'x',
      l: ['p', 'q'],
    });
    expect(turn(schema({ a: 'string' }), '[{"a": "x"}, {"a": "y"}]')).toEqual([{ a: 'x' }, { a: 'y' }]);
    expect(turn(schema({ a: 'string' }), '["x", "y"]')).toEqual([{ a: 'x' }, { a: 'y' }]);
    expect(turn(unnamedString, '"hello"')).toBe('hello');
    expect(turn(unnamedString, '["a", "b"]')).toEqual(['a', 'b']);
  });

  it('comes in the envelope when it has params', () => {
    const param: ParamSpec = { name: 'temp', type: { kind: 'double' }, array: false, default: 1 };
    const saved = '{"inputs": {"columns": ["a"], "data": [["x"]]}, "params": {"temp": 0.5}}';
    const body = { inputs: { a: 'x' }, params: { temp: 0.5 } };
    expect(turn(schema({ a: 'string' }), saved, null, [param])).toEqual(body);
    expect(turn(schema({ prompt: 'string' }), '{"prompt": "x", "temp": 0.5}', null, [param])).toEqual({
      inputs: { prompt: 'x' },
      params: { temp: 0.5 },
    });
  });

  it('is nothing when it does not fit the signature, or is no JSON', () => {
    expect(turn(schema({ a: 'long' }), '{"columns": ["a"], "data": [["x"]]}')).toBeNull();
    expect(turn(schema({ a: 'long' }), '{')).toBeNull();
    expect(turnUnder(null, '{"a": 1}', null)).toEqual({ a: 1 });
  });
});
