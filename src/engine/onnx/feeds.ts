import type { Column, Payload, Table, Tensor, Tensors } from '../../payload/payload.ts';
import { allocate, fill, isFloat, type Source } from './cells.ts';
import type { GraphInput, WireTensor } from './messages.ts';
import { misfit } from './misfit.ts';

/**
 * The graph's inputs from a payload, as MLflow's own wrapper maps them (`_OnnxModelWrapper.predict` in
 * mlflow/onnx/__init__.py): of a table the whole matrix when the graph has one input, else each column by name;
 * tensors by name; an unnamed tensor to the only input. Beyond MLflow, a value may change its type where that
 * loses nothing, and a column may be the n by 1 matrix that converters ask for.
 *
 * Every tensor owns its buffer. What does not fit throws; the message is for the log.
 */
export function feedsOf(inputs: readonly GraphInput[], payload: Payload): readonly WireTensor[] {
  switch (payload.kind) {
    case 'table':
      return inputs.length === 1 ? inputs.map((input) => matrix(input, payload)) : byColumn(inputs, payload);
    case 'tensors':
      return tensorFeeds(inputs, payload);
    case 'value':
      return misfit('a plain value cannot be fed to an ONNX graph');
  }
}

function matrix(input: GraphInput, { columns, rows }: Table): WireTensor {
  const data = allocate(input.type, rows * columns.length);
  // numpy makes all columns one type: integers beside floats become floats, rounded where need be.
  const rounding = columns.some(({ vector }) => isFloat(vector.dtype));
  columns.forEach((column, index) => {
    fill(data, input.type, sourceOf(column), { offset: index, stride: columns.length, rounding });
  });
  const flat = columns.length === 1 && input.shape.length === 1;
  return { name: input.name, type: input.type, dims: flat ? [rows] : [rows, columns.length], data };
}

function byColumn(inputs: readonly GraphInput[], { columns, rows }: Table): readonly WireTensor[] {
  return inputs.map(({ name, type, shape }) => {
    const column = columns.find((candidate) => candidate.name === name);
    if (column === undefined) return misfit(`the graph has an input '${name}', the table no such column`);
    const data = allocate(type, rows);
    fill(data, type, sourceOf(column), { offset: 0, stride: 1, rounding: false });
    return { name, type, dims: shape.length === 2 ? [rows, 1] : [rows], data };
  });
}

function sourceOf({ name, vector, nulls }: Column): Source {
  return { label: name === null ? 'a column' : `column '${name}'`, vector, nulls };
}

function tensorFeeds(inputs: readonly GraphInput[], { tensors }: Tensors): readonly WireTensor[] {
  const [alone] = tensors;
  if (tensors.length === 1 && alone?.name === null) {
    const [input] = inputs;
    if (inputs.length === 1 && input !== undefined) return [tensorFeed(input, alone)];
    return misfit(`one unnamed tensor cannot feed ${String(inputs.length)} inputs`);
  }
  return inputs.map((input) => {
    const tensor = tensors.find(({ name }) => name === input.name);
    return tensor === undefined
      ? misfit(`the graph's input '${input.name}' is missing`)
      : tensorFeed(input, tensor);
  });
}

function tensorFeed({ name, type }: GraphInput, { vector, shape }: Tensor): WireTensor {
  const data = allocate(type, vector.data.length);
  const source = { label: `input '${name}'`, vector, nulls: null };
  fill(data, type, source, { offset: 0, stride: 1, rounding: false });
  return { name, type, dims: shape, data };
}
