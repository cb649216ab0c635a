import { describe, expect, it } from 'vitest';

import type { Signature } from '../../contract/signature.ts';
import type { VersionMetadata } from '../../registry/registry.ts';
import { createMlflowCodec } from '../mlflow.ts';
import { isForMlflow } from './is-for-mlflow.ts';

const typed: Signature = {
  inputs: {
    kind: 'columns',
    named: true,
    columns: [{ name: 'x', type: { kind: 'double' }, required: true }],
  },
  outputs: null,
  params: [],
  fromTypeHint: false,
};

const plain: VersionMetadata = {
  model: 'm',
  version: '1',
  flavors: { python_function: { loader_module: 'mlflow.pyfunc.loaders.code_model' } },
  signature: typed,
  mlflowVersion: '3.17.2',
  modelId: null,
  runId: null,
  metadata: {},
  example: null,
};

describe('what only MLflow can read', () => {
  it.each<[string, Signature | null, Partial<VersionMetadata>]>([
    ['a model without a signature', null, {}],
    ['one whose signature says nothing of inputs', { ...typed, inputs: null }, {}],
    ['one whose signature comes from type hints', { ...typed, fromTypeHint: true }, {}],
    ['an agent, by its task', typed, { metadata: { task: 'agent/v2/chat' } }],
    ['a pickled chat model, by its loader', typed, loaded('mlflow.pyfunc.loaders.chat_model')],
  ])('is a request to %s', (_, signature, version) => {
    expect(isForMlflow(signature, { ...plain, ...version })).toBe(true);
  });

  it.each<[string, Partial<VersionMetadata>]>([
    ['a signature', {}],
    ['another task', { metadata: { task: 'llm/v1/chat' } }],
    ['no Python flavor', { flavors: { onnx: {} } }],
  ])('is no request to a model with %s', (_, version) => {
    expect(isForMlflow(typed, { ...plain, ...version })).toBe(false);
  });
});

describe('handing over', () => {
  const codec = createMlflowCodec();
  const request = { body: Uint8Array.of(1), contentType: 'image/png', query: new URLSearchParams() };

  it('refuses what MLflow would not read either', () => {
    const to = { signature: null, version: plain, mlflowExact: false };
    expect(() => codec.handOver?.(request, to)).toThrow(
      expect.objectContaining({ code: 'UNSUPPORTED_MEDIA_TYPE' }),
    );
  });

  it('leaves even that to MLflow where its very answers are wanted', () => {
    const handover = codec.handOver?.(request, { signature: typed, version: plain, mlflowExact: true });
    expect(handover).toMatchObject({ body: request.body, contentType: 'image/png' });
  });
});

function loaded(module: string): Partial<VersionMetadata> {
  return { flavors: { python_function: { loader_module: module } } };
}
