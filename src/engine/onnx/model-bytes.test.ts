import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { onnxArtifact } from '../../../test/support/onnx-specimens.ts';
import { prepareModel } from './model-bytes.ts';
import { encodeBytes, encodeNumber, encodeText, fieldsOf, int64sOf, joined, textsOf } from './protobuf.ts';

const read = (name: string): Uint8Array => readFileSync(join(onnxArtifact.directory, name));

test.each([
  ['tree-strings.onnx', ['red', 'green', 'blue']],
  ['tree-integers.onnx', ['7', '-1', '9']],
])('cuts the ZipMap of %s and says its labels', (name, labels) => {
  const prepared = prepareModel(read(name));
  expect(prepared.labels).toEqual({ probabilities: labels });
  expect(prepared.edited === null ? '' : Buffer.from(prepared.edited).toString('latin1')).not.toContain(
    'ZipMap',
  );
});

test('leaves a model without a ZipMap as it is', () => {
  expect(prepareModel(read('affine.onnx'))).toMatchObject({ edited: null, labels: {}, externalFiles: [] });
});

test('says which operators are left', () => {
  expect(prepareModel(read('affine.onnx')).operators).toEqual(['MatMul', 'Add']);
  expect(prepareModel(read('tree-strings.onnx')).operators).toEqual(['TreeEnsembleClassifier']);
});

test('names the files with weights', () => {
  expect(prepareModel(read('external.onnx')).externalFiles).toEqual(['external.weights']);
});

test('takes any bytes without failing', () => {
  const model = read('tree-strings.onnx');
  fc.assert(fc.property(fc.uint8Array(), (bytes) => typeof prepareModel(bytes) === 'object'));
  fc.assert(
    fc.property(fc.nat(model.length), (end) => typeof prepareModel(model.subarray(0, end)) === 'object'),
  );
});

test('fields are read as they were written, and put together again they are the same bytes', () => {
  const parts = fc.array(
    fc.tuple(fc.integer({ min: 1, max: 9 }), fc.oneof(fc.nat(), fc.string({ unit: 'grapheme' }))),
  );
  fc.assert(
    fc.property(parts, (list) => {
      const bytes = joined(
        list.map(([number, value]) =>
          typeof value === 'string' ? encodeText(number, value) : encodeNumber(number, value),
        ),
      );
      expect(joined([...fieldsOf(bytes)].map(({ whole }) => whole))).toEqual(bytes);
      for (const number of new Set(list.map(([key]) => key))) {
        const mine = list.filter(([key]) => key === number).map(([, value]) => value);
        expect(textsOf(bytes, number)).toEqual(mine.filter((value) => typeof value === 'string'));
      }
    }),
  );
});

test('numbers are read packed or not, with their sign', () => {
  const minusOne = Uint8Array.of(255, 255, 255, 255, 255, 255, 255, 255, 255, 1);
  const bytes = joined([encodeNumber(8, 300), encodeBytes(8, joined([Uint8Array.of(5), minusOne]))]);
  expect(int64sOf(bytes, 8)).toEqual([300n, 5n, -1n]);
});
