import { isScalar } from '../../contract/scalar.ts';
import type { ColumnSchema, ColumnSpec } from '../../contract/signature.ts';
import { columnDtype, emptyVector } from '../../payload/dtypes.ts';
import { type Column, type Nested, type Table, Timestamp, type Vector } from '../../payload/payload.ts';
import { Faults, step } from '../values/faults.ts';
import { readCell, readColumn } from '../values/read-column.ts';
import { isFloat } from '../values/read-nested.ts';
import { expected, wanted } from '../values/words.ts';
import { mixedForms, zoned } from './datetime-forms.ts';
import { misfit, unreadable } from './fail.ts';
import type { Frame, FrameColumn } from './frame.ts';
import { inferTensor, plain } from './infer.ts';
import { isCastable } from './numpy-casts.ts';
import { optional, required } from './policy.ts';
import { kindFaults, numbersFaults } from './python-kinds.ts';

/**
 * Where a frame comes from: `dataframe_...`; rows or else columns of `inputs` and `instances`; the body itself; CSV; or
 * a file whose values have types. Whole columns of strings may be lists in `values` and `unwrapped`, and the latter has
 * its numbers checked as within lists.
 */
export type Form = 'frame' | 'rows' | 'values' | 'unwrapped' | 'text' | 'typed';

/**
 * A frame under a column schema: columns of the schema in its order, others dropped, optional ones left out where
 * the frame has none. A cell is read as it is or refused; MLflow's lossy casts are not made.
 */
export function readTable(schema: ColumnSchema, frame: Frame, form: Form): Table {
  const byName = columnsByName(frame);
  const found = schema.columns.map((spec, index) => ({
    spec,
    column: spec.name === null ? frame.columns[index] : findColumn(spec, spec.name, byName),
  }));
  const matches = found.filter((match): match is Match => match.column !== undefined);
  const columns = matches.map(({ spec, column }) => readFrameColumn(spec, column, form));
  throwFaults(columns, matches, form);
  const missing = found.filter(({ spec, column }) => column === undefined && spec.required);
  if (missing.length > 0) throw misfit(missingColumns(missing.map(({ spec }) => spec)));
  if (form === 'frame') refuseZones(matches);
  return {
    kind: 'table',
    // MLflow keeps no rows without a column.
    rows: matches.length === 0 ? 0 : frame.rows,
    columns: columns.filter((column): column is Column => !(column instanceof Faults)),
    ...labelled(frame),
    // What numpy makes of each value there, which shows in lists and where there is none.
    ...(isOfValues(form) && (frame.rows === 0 || matches.some(holdsArrays)) && { arrays: true }),
  };
}

function holdsArrays({ spec }: Match): boolean {
  return spec.type.kind === 'array';
}

function isOfValues(form: Form): boolean {
  return form === 'rows' || form === 'values';
}

/** Labels other than the numbers from 0 that rows have by themselves. */
function labelled({ labels = null }: Frame): Pick<Table, 'labels'> {
  if (labels === null || labels.every((label, row) => label === row)) return {};
  return { labels: labels.map(plain) };
}

interface Match {
  readonly spec: ColumnSpec;
  readonly column: FrameColumn;
}

/** MLflow casts cells first and looks for missing columns and for shapes later, which shows in its error codes. */
function throwFaults(columns: readonly (Column | Faults)[], matches: readonly Match[], form: Form): void {
  const faults = new Faults();
  columns.forEach((read) => {
    if (read instanceof Faults) faults.addAll('', read);
  });
  if (faults.count === 0) return;
  const areCast = form === 'unwrapped' || (isOfValues(form) && matches.every((match) => isCast(match, form)));
  throw areCast ? misfit(faults) : unreadable(faults);
}

/** Rows are cast cell by cell; where one has no such cell, the check of the whole column finds out. */
function isCast({ spec, column: { cells } }: Match, form: Form): boolean {
  const { type } = spec;
  if (!isScalar(type)) return form === 'rows' && cells.includes(undefined);
  const { kind } = type;
  if (form === 'values') return isCastable(kind, cells);
  return cells.every((cell) => cell === undefined || isCastable(kind, cell));
}

function missingColumns(specs: readonly ColumnSpec[]): Faults {
  const names = specs.map(({ name }) => (name === null ? 'unnamed' : `\`${name}\``));
  return Faults.of(`required columns are missing: ${names.join(', ')}`);
}

function refuseZones(matches: readonly Match[]): void {
  for (const { spec, column } of matches) {
    const faults = spec.type.kind === 'datetime' ? zoned(column) : null;
    if (faults !== null) throw misfit(faults);
  }
}

type ColumnsByName = ReadonlyMap<string, FrameColumn | readonly FrameColumn[]>;

/** A list where several columns have one name. */
function columnsByName({ columns }: Frame): ColumnsByName {
  const byName = new Map<string, FrameColumn | readonly FrameColumn[]>();
  for (const column of columns) {
    const known = byName.get(column.name);
    byName.set(column.name, known === undefined ? column : [known, column].flat());
  }
  return byName;
}

function findColumn({ type }: ColumnSpec, name: string, byName: ColumnsByName): FrameColumn | undefined {
  const column = byName.get(name);
  if (column === undefined || 'cells' in column) return column;
  const faults = Faults.of(`the column \`${name}\` is there ${String(column.length)} times`);
  throw type.kind === 'string' ? unreadable(faults) : misfit(faults);
}

function readFrameColumn(spec: ColumnSpec, column: FrameColumn, form: Form): Column | Faults {
  const known = column.typed?.(spec.type) ?? null;
  if (known !== null) return { name: spec.name, vector: known, nulls: null };
  const { cells, pointer } = column;
  const vector = readAtOnce(spec, cells, form);
  if (vector !== null) return { name: spec.name, vector, nulls: null };
  const mixed = form === 'frame' && spec.type.kind === 'datetime' ? mixedForms(column) : null;
  const faults = mixed ?? checkKinds(spec, column, form);
  const ofLists = form === 'unwrapped' || (form === 'values' && isArray(cells));
  const read = cells.map((cell, row): Nested => {
    const value = readFrameCell(spec, cell, form, ofLists);
    if (!(value instanceof Faults)) return value;
    faults.addAll(pointer(row), value);
    return null;
  });
  if (faults.count > 0) return faults;
  const nulls = read.some((cell) => cell === null)
    ? Uint8Array.from(read, (cell) => Number(cell === null))
    : null;
  return { name: spec.name, vector: toVector(spec, read), nulls };
}

/** The cells of most columns need no look at each for itself; null where one of these does. */
function readAtOnce(
  { type, required: isRequired }: ColumnSpec,
  cells: readonly unknown[],
  form: Form,
): Vector | null {
  if (form === 'unwrapped' || !(type.kind === 'double' || type.kind === 'string')) return null;
  return readColumn(type, cells, isRequired ? required : optional);
}

function toVector(spec: ColumnSpec, cells: readonly Nested[]): Vector {
  const hasLists = spec.type.kind === 'string' && cells.some(Array.isArray);
  const vector = emptyVector(hasLists ? 'object' : columnDtype(spec.type.kind), cells.length);
  const data = vector.data as unknown as unknown[];
  const isText = Array.isArray(vector.data);
  cells.forEach((cell, row) => {
    if (cell === null && !isText) return;
    data[row] = cell instanceof Timestamp && vector.dtype === 'datetime64' ? cell.nanoseconds : cell;
  });
  return vector;
}

/** An unwrapped body's columns are checked like the items of a list. */
function checkKinds(spec: ColumnSpec, { cells, pointer }: FrameColumn, form: Form): Faults {
  const faults = new Faults();
  const whole = form === 'unwrapped' ? numbersFaults(spec.type, cells) : null;
  if (whole !== null) faults.addAll(pointer(0), whole);
  else if (!isScalar(spec.type) && form !== 'typed')
    cells.forEach((cell, row) => {
      faults.addAll(pointer(row), kindFaults(spec.type, cell));
    });
  return faults;
}

/** Null is NaN for floats, a missing value for optional columns that pandas can hold one in, else refused. */
function readFrameCell(spec: ColumnSpec, cell: unknown, form: Form, ofLists: boolean): Nested | Faults {
  const { type } = spec;
  if (isMissing(cell)) {
    if (isFloat(type)) return Number.NaN;
    const holdsNull = !spec.required && !isNumberWithoutNull(spec);
    if (type.kind === 'any' || holdsNull || (form === 'unwrapped' && type.kind === 'string')) return null;
    return Faults.of(expected(wanted(type), cell));
  }
  if (type.kind === 'string' && ofLists && Array.isArray(cell)) return readTexts(cell);
  const value = type.kind === 'binary' && typeof cell === 'string' ? cell.replace(/\s+/g, '') : cell;
  return readCell(type, value, spec.required ? required : optional);
}

/** Lists of one shape, which NumPy makes an array of. */
function isArray(cells: readonly unknown[]): boolean {
  return cells.every(Array.isArray) && inferTensor(null, cells) !== null;
}

/** A list where a string should be: MLflow lets it through to the model, which sees the list. */
function readTexts(list: readonly unknown[]): Nested | Faults {
  const faults = new Faults();
  list.forEach((item: unknown, index) => {
    const read = Array.isArray(item) ? readTexts(item) : readCell({ kind: 'string' }, item, required);
    if (read instanceof Faults) faults.addAll(step(index), read);
  });
  return faults.count > 0 ? faults : plain(list);
}

function isMissing(cell: unknown): cell is null | undefined {
  return cell === null || cell === undefined;
}

/** Types whose column in pandas has no place for a missing value, so that MLflow refuses or invents one. */
function isNumberWithoutNull({ type }: ColumnSpec): boolean {
  return ['integer', 'long', 'boolean', 'binary'].includes(type.kind);
}
