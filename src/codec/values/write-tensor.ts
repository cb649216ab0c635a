import type { Tensor } from '../../payload/payload.ts';
import type { JsonStyle } from './style.ts';
import { cellWriter, type CellWriter } from './write-cell.ts';

/** The whole tensor as nested lists; a bare value when it has no dimension. */
export function writeTensor(tensor: Tensor, style: JsonStyle): string {
  return writeLists(tensor.shape, 0, elementWriter(tensor, style));
}

/** What lies under the first dimension, one by one. */
export function tensorRowWriter(tensor: Tensor, style: JsonStyle): CellWriter {
  const write = elementWriter(tensor, style);
  const dimensions = tensor.shape.slice(1);
  if (dimensions.length === 0) return write;
  const size = dimensions.reduce((product, dimension) => product * dimension, 1);
  return (row) => writeLists(dimensions, row * size, write);
}

function elementWriter({ vector }: Tensor, style: JsonStyle): CellWriter {
  return cellWriter(vector, null, { kind: 'any' }, style);
}

function writeLists(dimensions: readonly number[], offset: number, write: CellWriter): string {
  const [length, ...inner] = dimensions;
  if (length === undefined) return write(offset);
  const size = inner.reduce((product, dimension) => product * dimension, 1);
  const items = new Array<string>(length);
  for (let index = 0; index < length; index++) {
    items[index] =
      inner.length === 0 ? write(offset + index) : writeLists(inner, offset + index * size, write);
  }
  return `[${items.join(',')}]`;
}
