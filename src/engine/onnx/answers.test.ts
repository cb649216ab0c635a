import { expect, test } from 'vitest';
import { columnsOf, float32, float64, int64, table, tensors } from '../../../test/support/onnx-specimens.ts';
import type { Schema } from '../../contract/signature.ts';
import { answerOf } from './answers.ts';
import type { GraphFacts, WireTensor } from './messages.ts';

const graph: GraphFacts = { inputs: [], labels: {}, bytes: 1, runtime: '1' };
const classifier: GraphFacts = { ...graph, labels: { p: ['red', 'blue'] } };
const label: WireTensor = { name: 'label', type: 'int64', dims: [2], data: BigInt64Array.of(1n, 0n) };
const flat: WireTensor = { name: 'y', type: 'float32', dims: [2, 1], data: Float32Array.of(1, 2) };
const wide: WireTensor = { name: 'p', type: 'float32', dims: [2, 2], data: Float32Array.of(0.5, 0.25, 0, 1) };
const rows = table({ a: float64(1, 2) });
const tensorSchema: Schema = {
  kind: 'tensors',
  named: false,
  tensors: [{ name: null, dtype: 'float32', shape: [-1, 1] }],
};

test('a table is answered with a table, one flattened column per output', () => {
  expect(answerOf([label, flat], graph, rows, null)).toEqual(table({ label: int64(1, 0), y: float32(1, 2) }));
});

test('where an output has more than one value per row the answer is named tensors', () => {
  expect(answerOf([label, wide], graph, rows, null)).toEqual(
    tensors(
      { name: 'label', shape: [2], vector: int64(1, 0) },
      { name: 'p', shape: [2, 2], vector: float32(0.5, 0.25, 0, 1) },
    ),
  );
});

test('where the signature has tensors the answer keeps its shape', () => {
  const expected = tensors({ name: 'y', shape: [2, 1], vector: float32(1, 2) });
  expect(answerOf([flat], graph, rows, tensorSchema)).toEqual(expected);
});

test('tensors are answered with named tensors', () => {
  const input = tensors({ name: null, shape: [2], vector: float32(1, 2) });
  const expected = tensors({ name: 'y', shape: [2, 1], vector: float32(1, 2) });
  expect(answerOf([flat], graph, input, null)).toEqual(expected);
});

test("a ZipMap's output is a map of each row again, as MLflow answers it", () => {
  const maps = {
    dtype: 'object',
    data: [
      { red: 0.5, blue: 0.25 },
      { red: 0, blue: 1 },
    ],
  } as const;
  expect(answerOf([label, wide], classifier, rows, null)).toMatchObject(
    table({ label: int64(1, 0), p: maps }),
  );
});

test("a ZipMap's output is its matrix where the signature asks for tensors", () => {
  expect(answerOf([wide], classifier, rows, tensorSchema)).toEqual(
    tensors({ name: 'p', shape: [2, 2], vector: float32(0.5, 0.25, 0, 1) }),
  );
});

test("a ZipMap's output is its matrix where the signature does not know it", () => {
  const answer = answerOf([label, wide], classifier, rows, columnsOf({ label: 'long' }));
  expect(answer).toMatchObject({
    kind: 'tensors',
    tensors: [{ name: 'label' }, { name: 'p', shape: [2, 2] }],
  });
});

test('strings and half floats come back as vectors of their own', () => {
  const outputs: WireTensor[] = [
    { name: 's', type: 'string', dims: [1], data: ['x'] },
    { name: 'h', type: 'float16', dims: [1], data: Uint16Array.of(0x3c00) },
  ];
  expect(answerOf(outputs, graph, table({ a: float64(1) }), null)).toEqual(
    table({ s: { dtype: 'str', data: ['x'] }, h: { dtype: 'float16', data: Float16Array.of(1) } }),
  );
});
