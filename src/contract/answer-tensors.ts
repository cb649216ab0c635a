import type { Column, Nested, Payload, Table, Tensors } from '../payload/payload.ts';
import { nullableReader } from './conform-cells.ts';
import type { ShapedCells } from './answer.ts';
import { Misfit } from './misfit.ts';
import { isList, isObject } from './nested.ts';
import type { TensorSchema, TensorSpec } from './signature.ts';

/** Finds the cells for a tensor of the schema in an answer; null where it has none. */
export type FindTensor = (spec: TensorSpec) => ShapedCells | Misfit | null;

export function answerTensors(answer: Payload, schema: TensorSchema): FindTensor {
  const sole = schema.tensors.length === 1;
  switch (answer.kind) {
    case 'tensors':
      return fromTensors(answer, sole);
    case 'table':
      return (spec) => fromTable(answer, spec, sole);
    case 'value':
      return (spec) => fromValue(answer.value, spec, sole);
  }
}

function fromTensors({ tensors }: Tensors, sole: boolean): FindTensor {
  const named = new Map(tensors.map((tensor) => [tensor.name, tensor]));
  const [first] = tensors;
  return (spec) => {
    // Of two names, one of which is missing, nobody can say that they mean the same.
    const only =
      sole && tensors.length === 1 && (spec.name === null || first?.name === null) ? first : undefined;
    const tensor = named.get(spec.name) ?? only;
    return tensor === undefined ? null : { ...tensor, nulls: null };
  };
}

/** A column by name; for a lone tensor also a series, one column of cells or lists, or a column per number. */
function fromTable(table: Table, spec: TensorSpec, sole: boolean): ShapedCells | Misfit | null {
  const named = spec.name === null ? undefined : table.columns.find((column) => column.name === spec.name);
  if (named !== undefined) return fromColumn(named, spec);
  const [first] = table.columns;
  if (!sole || first === undefined) return null;
  if (table.columns.length === 1)
    return table.series === true || spec.name === null ? fromColumn(first, spec) : null;
  if (spec.name !== null) return null;
  const columns = table.columns.map((column) => nullableReader(column));
  const rows = Array.from({ length: table.rows }, (_, row) => columns.map((read) => read(row)));
  return flatten(rows, spec.shape);
}

function fromColumn(column: Column, spec: TensorSpec): ShapedCells | Misfit {
  const { vector, nulls } = column;
  const scalars = vector.dtype !== 'object' || spec.shape.length <= 1;
  return scalars ? { vector, nulls, shape: [vector.data.length] } : flatten(vector.data, spec.shape);
}

function fromValue(value: Nested, spec: TensorSpec, sole: boolean): ShapedCells | Misfit | null {
  const { shape } = spec;
  if (isObject(value)) {
    const values = Object.values(value);
    const only = sole && spec.name === null && values.length === 1 ? values[0] : undefined;
    const inner = spec.name !== null && Object.hasOwn(value, spec.name) ? value[spec.name] : only;
    return inner === undefined ? null : flatten(inner, shape);
  }
  const { name } = spec;
  if (name !== null && isList(value) && value.length > 0 && value.every(isObject)) {
    return value.every((record) => Object.hasOwn(record, name))
      ? flatten(
          value.map((record) => record[name] ?? null),
          shape,
        )
      : null;
  }
  return sole ? flatten(value, shape) : null;
}

/** Nested lists as cells in C order, down to the rank wanted; lists beyond are cells of an object tensor. */
function flatten(value: Nested, wanted: readonly number[]): ShapedCells | Misfit {
  const shape: number[] = [];
  let level: readonly Nested[] = [value];
  while (shape.length < wanted.length && level.length > 0 && level.every(isList)) {
    const lists = level.filter(isList);
    const length = lists[0]?.length ?? 0;
    const ragged = lists.find((list) => list.length !== length);
    if (ragged !== undefined)
      return new Misfit(`lists of ${String(length)}`, `one of ${String(ragged.length)}`);
    shape.push(length);
    level = lists.flat(1);
  }
  if (shape.length < wanted.length && level.some(isList))
    return new Misfit('lists of one depth', 'a mixture');
  // An empty list says nothing about the dimensions inside it.
  const unsaid = shape.length > 0 && level.length === 0 ? wanted.slice(shape.length) : [];
  return {
    vector: { dtype: 'object', data: level },
    nulls: null,
    shape: [...shape, ...unsaid.map((n) => Math.max(n, 0))],
  };
}
