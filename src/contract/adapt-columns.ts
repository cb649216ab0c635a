import type { Column, Payload, Table } from '../payload/payload.ts';
import { toNested, widenColumn } from './cast.ts';
import type { ColumnSchema, ColumnSpec, DataType } from './signature.ts';
import { widening } from './widen-nested.ts';

type WidenColumn = ((column: Column) => Column) | null;

interface Step {
  /** Position of the column in the contract. */
  readonly from: number;
  readonly name: string | null;
  readonly widen: WidenColumn;
}

/** Tables of the contract's columns as tables of the version's; null where they are the same. */
export function planColumns(
  contract: ColumnSchema,
  version: ColumnSchema,
): ((input: Payload) => Payload) | null {
  const steps = version.columns.flatMap((column, position) => {
    const from = contract.named ? contract.columns.findIndex((mine) => mine.name === column.name) : position;
    return planColumn(contract.columns[from], column, from) ?? [];
  });
  const unchanged =
    steps.length === contract.columns.length &&
    steps.every((step, position) => step.from === position && step.widen === null);
  return unchanged ? null : (input) => (input.kind === 'table' ? applySteps(input, steps) : input);
}

function planColumn(contract: ColumnSpec | undefined, version: ColumnSpec, from: number): Step | null {
  if (contract === undefined) return null;
  return { from, name: version.name, widen: columnWidening(contract.type, version.type) };
}

/** An optional column that the request left out stays out: the model sees what it would see alone. */
function applySteps(table: Table, steps: readonly Step[]): Table {
  const named = new Map(table.columns.map((column) => [column.name, column]));
  const columns = steps.flatMap(({ from, name, widen }) => {
    const column = name === null ? table.columns[from] : named.get(name);
    if (column === undefined) return [];
    return [widen === null ? column : widen(column)];
  });
  return { ...table, columns };
}

const scalarKinds = new Set<DataType['kind']>(['integer', 'long', 'float', 'double', 'boolean', 'string']);

function columnWidening(from: DataType, to: DataType): WidenColumn {
  if (from.kind === to.kind && scalarKinds.has(from.kind)) return null;
  if (scalarKinds.has(from.kind) && to.kind !== 'any') return (column) => widenColumn(column, to.kind);
  const widen = widening(from, to);
  if (widen === null && !scalarKinds.has(from.kind)) return null;
  return (column) => {
    const cells = toNested(column.vector, column.nulls);
    const data = widen === null ? cells : cells.map((cell) => (cell === null ? null : widen(cell)));
    return { ...column, vector: { dtype: 'object', data } };
  };
}
