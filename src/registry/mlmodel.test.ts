import { expect, test } from 'vitest';

import { parseMlmodel } from './mlmodel.ts';
import { parsePyYaml } from './pyyaml.ts';

const version = { model: 'iris', version: '4' };

test('an MLmodel file is read with its signature, example and metadata', () => {
  const text = [
    'flavors:',
    '  python_function:',
    '    loader_module: mlflow.sklearn',
    'metadata:',
    '  task: llm/v1/chat',
    'mlflow_version: 3.17.2',
    'model_id: m-0123456789abcdef0123456789abcdef',
    'run_id: 09e11',
    'saved_input_example_info:',
    '  artifact_path: input_example.json',
    '  serving_input_path: serving_input_example.json',
    '  type: dataframe',
    'signature:',
    `  inputs: '[{"type": "double", "name": "x", "required": true}]'`,
    '  outputs: null',
    '  params: null',
  ].join('\n');
  expect(parseMlmodel(text, version)).toMatchObject({
    ...version,
    flavors: { python_function: { loader_module: 'mlflow.sklearn' } },
    metadata: { task: 'llm/v1/chat' },
    mlflowVersion: '3.17.2',
    runId: '09e11',
    example: { path: 'input_example.json', type: 'dataframe', servingPath: 'serving_input_example.json' },
    signature: { inputs: { kind: 'columns' }, outputs: null, params: [] },
  });
});

test('a model without signature and example says so', () => {
  const metadata = parseMlmodel('flavors: {onnx: {data: model.onnx}}', version);
  expect(metadata).toMatchObject({ signature: null, example: null, modelId: null, metadata: {} });
});

test.each([
  ['', /not a YAML mapping/],
  ['- a list', /not a YAML mapping/],
  ['flavors: {unclosed', /not YAML/],
  ['run_id: abc', /no flavors/],
  ['flavors: {}', /no flavors/],
])('the file %j cannot be used', (text, words) => {
  expect(() => parseMlmodel(text, version)).toThrow(expect.objectContaining({ code: 'INVALID_MLMODEL' }));
  expect(() => parseMlmodel(text, version)).toThrow(words);
});

test('numbers are what PyYAML takes for numbers', () => {
  expect(parsePyYaml('[1, -2, 0.5, 1.5e+20, 12e45, 0981, 1e5]')).toEqual([
    1,
    -2,
    0.5,
    1.5e20,
    '12e45',
    '0981',
    '1e5',
  ]);
});
