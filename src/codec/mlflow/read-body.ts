import type { Signature } from '../../contract/signature.ts';
import type { ArrowLibrary } from '../arrow/library.ts';
import type { Payload } from '../../payload/payload.ts';
import { isObject } from '../values/read-nested.ts';
import { Faults } from '../values/faults.ts';
import { malformed, misfit } from './fail.ts';
import { plain } from './infer.ts';
import { readNumberGrid } from './number-grid.ts';
import { columnsFrame, type Frame } from './frame.ts';
import { dataFields, holdsStructure, readInput, rowFrame } from './read-input.ts';
import { readTable } from './read-table.ts';
import { parsePythonBody } from './python-json.ts';
import { readMlflowParams } from './read-params.ts';
import type { DecodedRequest } from '../codec.ts';

/** What `encode` needs to know of a request. */
export interface Memo {
  /** The body was the data itself, so that the answer is the bare prediction. */
  readonly unwrapped: boolean;
  /** Writes the answer, where Arrow was asked for. */
  readonly arrow?: ArrowLibrary;
}

/** From so many bytes on the numbers cost more than the names. */
const gridBytes = 16 * 1024;

type Members = Readonly<Record<string, unknown>>;

/** Reads a JSON body of `/invocations`. MLFLOW's order: the form, then the data, then the params. */
export function readJsonBody(body: Uint8Array, signature: Signature | null): DecodedRequest {
  const grid = body.length < gridBytes ? null : readNumberGrid(body, signature);
  if (grid !== null) {
    const memo: Memo = { unwrapped: false };
    return { parts: [{ input: grid, positions: null }], params: new Map(), rows: null, memo };
  }
  const members = parsePythonBody(body, signature);
  if (!isObject(members)) throw malformed('it must be an object with one of the input fields');
  const memo: Memo = { unwrapped: isUnwrapped(members) };
  const { input, params } = memo.unwrapped
    ? unwrappedParts(members, signature)
    : wrappedParts(members, signature);
  const complete = readMlflowParams(signature?.params ?? [], params, memo.unwrapped ? '' : '/params');
  return { parts: [{ input, positions: null }], params: complete, rows: null, memo };
}

/** One of the names that chat, completion and embedding requests have makes the whole body the data. */
function isUnwrapped(members: Members): boolean {
  return (
    Object.hasOwn(members, 'messages') || Object.hasOwn(members, 'prompt') || Object.hasOwn(members, 'input')
  );
}

interface Parts {
  readonly input: Payload;
  readonly params: unknown;
}

function wrappedParts(members: Members, signature: Signature | null): Parts {
  const params = members['params'];
  if (signature?.fromTypeHint === true) {
    if (!Object.hasOwn(members, 'inputs'))
      throw malformed('the model takes its data in `inputs`').with({ mlflowCode: 'INVALID_PARAMETER_VALUE' });
    return { input: { kind: 'value', value: plain(members['inputs']) }, params };
  }
  const [field, ...others] = dataFields.filter((name) => Object.hasOwn(members, name));
  if (field === undefined || others.length > 0) {
    throw malformed(`it must have exactly one of the input fields ${dataFields.join(', ')}`);
  }
  return { input: readInput(signature?.inputs ?? null, field, members[field]), params };
}

function unwrappedParts(members: Members, signature: Signature | null): Parts {
  const names = new Set(signature?.params.map(({ name }) => name));
  const entries = Object.entries(members);
  const data = Object.fromEntries(entries.filter(([name]) => !names.has(name)));
  const params = Object.fromEntries(entries.filter(([name]) => names.has(name)));
  return { input: readUnwrapped(data, signature), params };
}

/**
 * MLflow hands the object to the model's own check, which reads it as one row, or as columns of one length.
 */
function readUnwrapped(data: Members, signature: Signature | null): Payload {
  const schema = signature?.inputs ?? null;
  if (schema?.kind !== 'columns' || !schema.named || signature?.fromTypeHint === true) {
    return { kind: 'value', value: plain(data) };
  }
  const isRow = schema.columns.some(holdsStructure) || Object.values(data).every(isScalarOrTexts);
  return readTable(schema, isRow ? rowFrame(data, '') : unwrappedColumns(data), 'unwrapped');
}

/** An object among single values makes no columns. */
function unwrappedColumns(data: Members): Frame {
  const values = Object.values(data);
  if (!values.some(Array.isArray)) return rowFrame(data, '');
  const frame = values.some(isObject) ? null : columnsFrame(data, '');
  if (frame === null) throw misfit(Faults.of('the columns are not lists of one length'));
  return frame;
}

function isScalarOrTexts(value: unknown): boolean {
  return Array.isArray(value) ? value.every((item) => typeof item === 'string') : !isObject(value);
}
