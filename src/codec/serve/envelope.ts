import type { Schema, Signature } from '../../contract/signature.ts';
import { isObject } from '../values/read-nested.ts';

/** A body taken apart: the rows, where they stand in it, and the params that came along. */
export interface Opened {
  readonly inputs: unknown;
  /** JSON pointer of `inputs` into the body. */
  readonly at: string;
  /** Undefined: the body brought no params. */
  readonly params: unknown;
}

/**
 * A body is the envelope `{"inputs": ..., "params": ...}` if it has `inputs`, no keys but these two, and no column
 * has one of these names. A model that declares neither inputs nor params gets every body as it is.
 */
export function openEnvelope(body: unknown, signature: Signature | null): Opened {
  const plain = { inputs: body, at: '', params: undefined };
  if (!isObject(body) || !Object.hasOwn(body, 'inputs') || !mayBeEnveloped(signature)) return plain;
  const others = Object.keys(body).filter((key) => key !== 'inputs' && key !== 'params');
  return others.length > 0 ? plain : { inputs: body['inputs'], at: '/inputs', params: body['params'] };
}

function mayBeEnveloped(signature: Signature | null): boolean {
  if (signature === null) return false;
  if (signature.inputs === null) return signature.params.length > 0;
  const names = inputNames(signature.inputs);
  return !names.includes('inputs') && !names.includes('params');
}

function inputNames(schema: Schema): readonly (string | null)[] {
  return (schema.kind === 'columns' ? schema.columns : schema.tensors).map((part) => part.name);
}
