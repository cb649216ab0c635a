import type { Payload } from '../payload/payload.ts';
import { conformColumns } from './conform-columns.ts';
import { conformTensors } from './conform-tensors.ts';
import { Misfit } from './misfit.ts';
import type { Signature } from './signature.ts';

export type Conformed =
  | { readonly ok: true; readonly payload: Payload }
  | {
      readonly ok: false;
      /** Column or tensor, expected and got: "column `score`: expected double, got string in row 3". */
      readonly what: string;
    };

/**
 * A model's answer, of whatever form, as the outputs of the signature: a table with exactly the schema's columns
 * in its order and types, or its tensors. Numbers are widened where nothing is lost (a double becomes the
 * nearest float), what the schema does not name is left out, an optional column that is missing is all null.
 *
 * Without outputs in the signature the answer is passed as it is, and rows are not counted.
 *
 * @param rows How many outputs there must be; null where nobody knows.
 */
export function conformOutput(answer: Payload, signature: Signature | null, rows: number | null): Conformed {
  const schema = signature?.outputs ?? null;
  if (schema === null) return { ok: true, payload: answer };
  const conformed =
    schema.kind === 'columns' ? conformColumns(answer, schema, rows) : conformTensors(answer, schema, rows);
  return conformed instanceof Misfit
    ? { ok: false, what: conformed.sentence() }
    : { ok: true, payload: conformed };
}
