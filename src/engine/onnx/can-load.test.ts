import { expect, test } from 'vitest';
import { columnsOf, onnxVersion } from '../../../test/support/onnx-specimens.ts';
import type { DataType, Schema } from '../../contract/signature.ts';
import { canLoadOnnx } from './can-load.ts';
import { sessionSettings } from './session-settings.ts';

const version = onnxVersion('m', { inputs: columnsOf({ a: 'double', b: 'string' }) });
const withInput = (type: DataType): Schema => ({
  kind: 'columns',
  named: true,
  columns: [{ name: 'when', type, required: true }],
});

test('loads what has the onnx flavor and inputs of types that ONNX has', () => {
  expect(canLoadOnnx(version)).toEqual({ ok: true });
  expect(
    canLoadOnnx(onnxVersion('m', { inputs: columnsOf({ a: 'float' }) }, { providers: ['Any'] })),
  ).toEqual({
    ok: true,
  });
});

test.each([
  ['no onnx flavor', { ...version, flavors: {} }, 'no onnx flavor'],
  ['no file', { ...version, flavors: { onnx: {} } }, 'no model file'],
  [
    'another loader',
    { ...version, flavors: { ...version.flavors, python_function: { loader_module: 'x' } } },
    'another',
  ],
  ['no signature', { ...version, signature: null }, 'no signature'],
  ['no inputs', onnxVersion('m', {}), 'no signature'],
  ['a datetime', onnxVersion('m', { inputs: withInput({ kind: 'datetime' }) }), 'when is of type datetime'],
  [
    'an array',
    onnxVersion('m', { inputs: withInput({ kind: 'array', items: { kind: 'long' } }) }),
    'type array',
  ],
])('refuses what has %s, and says so', (_, metadata, reason) => {
  const verdict = canLoadOnnx(metadata);
  expect(verdict.ok ? '' : verdict.reason).toContain(reason);
});

test('session options of the model are followed where they are safe', () => {
  const options = {
    inter_op_num_threads: 2,
    intra_op_num_threads: 8,
    execution_mode: 'PARALLEL',
    graph_optimization_level: 99,
    extra_session_config: { 'session.intra_op_thread_affinities': '1;2', 'session.disable_prepacking': 1 },
  };
  expect(sessionSettings(options)).toEqual({
    interOpNumThreads: 2,
    executionMode: 'parallel',
    graphOptimizationLevel: 'all',
    extra: { 'session.disable_prepacking': '1' },
  });
});

test.each([null, undefined, 'x', {}, { execution_mode: 3 }])(
  'odd session options (%j) are no options',
  (odd) => {
    expect(sessionSettings(odd)).toEqual({});
  },
);
