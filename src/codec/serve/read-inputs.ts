import type { Schema } from '../../contract/signature.ts';
import type { Faults } from '../values/faults.ts';
import type { ReadPolicy } from '../values/read-nested.ts';
import type { ReadInputs } from './body-rows.ts';
import { readColumns } from './read-columns.ts';
import { readTensors } from './read-tensors.ts';

/**
 * Reads a body (or the `inputs` of an envelope) under a schema. `at` is where it stands in the body as sent.
 * An empty list is no part and no row: the model is not asked.
 */
export function readInputs(
  schema: Schema,
  body: unknown,
  at: string,
  policy: ReadPolicy,
): ReadInputs | Faults {
  if (Array.isArray(body) && body.length === 0 && takesLists(schema)) return { parts: [], rows: 0 };
  return schema.kind === 'columns'
    ? readColumns(schema, body, at, policy)
    : readTensors(schema, body, at, policy);
}

/** A fixed first dimension is the one case where the body itself is the value, never a list of rows. */
function takesLists(schema: Schema): boolean {
  return schema.kind === 'columns' || schema.named || schema.tensors[0]?.shape[0] === -1;
}
