import type { Signature } from '../contract/signature.ts';
import { conformOutput } from '../contract/conform.ts';
import { countersignError, type Issue } from '../errors/countersign-error.ts';
import type { Payload } from '../payload/payload.ts';
import type { DecodedRequest, PromptCodec, RequestPart } from './codec.ts';
import { readAnswers, rowsPolicy, tensorBody } from './rows/read-answers.ts';
import { type Longs, rowValues } from './rows/row-values.ts';
import type { ReadInputs } from './serve/body-rows.ts';
import { readInputs } from './serve/read-inputs.ts';
import { readRequestParams } from './serve/read-request-params.ts';
import { Faults } from './values/faults.ts';

export { type Longs } from './rows/row-values.ts';

/** Rows that code of this process asks about, each as `/serve` would take it. */
export interface RowsRequest {
  readonly rows: readonly unknown[];
  readonly params: Readonly<Record<string, unknown>>;
}

/**
 * The protocol of composed models, which ask their members without HTTP: rows of JavaScript values in, as many out,
 * in order. They are read and checked as the rows of `/serve` are; see `rowValues` for what a value is.
 */
export function createRowsCodec(longs: Longs): PromptCodec<RowsRequest, readonly unknown[]> {
  return {
    name: 'rows',
    decode,
    encode: (answers, request, signature) => inOrder(answers, request, signature, longs),
  };
}

const noQuery = new URLSearchParams();

function decode({ rows, params }: RowsRequest, signature: Signature | null): DecodedRequest {
  const schema = signature?.inputs ?? null;
  const read: ReadInputs | Faults =
    schema === null ? untyped(rows) : readInputs(schema, tensorBody(rows, schema), '', rowsPolicy);
  const given = Object.keys(params).length === 0 ? undefined : params;
  const readParams = readRequestParams(signature?.params ?? [], noQuery, given);
  if (read instanceof Faults) throw fault('INVALID_INPUT', read);
  if (readParams instanceof Faults) throw fault('INVALID_PARAMS', readParams);
  return { parts: read.parts, params: readParams, rows: read.rows, memo: null };
}

function untyped(rows: readonly unknown[]): ReadInputs | Faults {
  const parts = readAnswers(rows, null);
  return parts instanceof Faults ? parts : { parts, rows: rows.length };
}

function fault(code: 'INVALID_INPUT' | 'INVALID_PARAMS', faults: Faults): Error {
  return countersignError(code, faults.count).with({ errors: faults.listed() });
}

function inOrder(
  answers: readonly Payload[],
  { parts, rows }: DecodedRequest,
  signature: Signature | null,
  longs: Longs,
): readonly unknown[] {
  return placed(
    answers.map((answer, index) => {
      const positions = parts[index]?.positions ?? null;
      return {
        positions,
        rows: rowValues(answer, positions?.length ?? rows, signature?.outputs ?? null, longs),
      };
    }),
  );
}

/** The rows that a request of any protocol asks about, in its order. */
export function requestRows(
  { parts, rows }: DecodedRequest,
  signature: Signature | null,
  longs: Longs,
): readonly unknown[] {
  return placed(
    parts.map(({ input, positions }) => ({
      positions,
      rows: rowValues(input, positions?.length ?? rows, signature?.inputs ?? null, longs),
    })),
  );
}

interface PlacedRows {
  readonly positions: readonly number[] | null;
  readonly rows: readonly unknown[];
}

/** Puts the rows of each part where the request had them. */
function placed(parts: readonly PlacedRows[]): readonly unknown[] {
  const [first] = parts;
  if (first?.positions === null && parts.length === 1) return first.rows;
  const ordered: unknown[] = [];
  for (const { positions, rows } of parts) {
    positions?.forEach((position, index) => (ordered[position] = rows[index]));
  }
  return ordered;
}

/** The params of a request as JavaScript values. */
export function paramValues({ params }: DecodedRequest, longs: Longs): Readonly<Record<string, unknown>> {
  const values = [...params].map(([name, value]) => {
    const [read] = rowValues({ kind: 'value', value: [value] }, 1, null, longs);
    return [name, read];
  });
  return Object.fromEntries(values) as Readonly<Record<string, unknown>>;
}

export type ReadOutputs =
  | { readonly ok: true; readonly parts: readonly RequestPart[] }
  | {
      readonly ok: false;
      /** "row 2, `score`: expected a number, got null". */
      readonly what: string;
    };

/** The outputs of a function as the payloads of a signature, checked as a model's are: one for each of `rows`. */
export function readOutputs(
  outputs: readonly unknown[],
  signature: Signature | null,
  rows: number,
): ReadOutputs {
  const read = readAnswers(outputs, signature?.outputs ?? null);
  if (read instanceof Faults)
    return { ok: false, what: read.listed().slice(0, 5).map(outputWords).join('; ') };
  const parts: RequestPart[] = [];
  for (const { input, positions } of read) {
    const conformed = conformOutput(input, signature, positions?.length ?? rows);
    if (!conformed.ok) return conformed;
    parts.push({ input: conformed.payload, positions });
  }
  return { ok: true, parts };
}

function outputWords({ pointer, message }: Issue): string {
  const [, row, ...path] = pointer.split('/');
  const field = path.length === 0 ? '' : `, \`${path.join('/')}\``;
  return row === undefined ? message : `row ${row}${field}: ${message}`;
}
