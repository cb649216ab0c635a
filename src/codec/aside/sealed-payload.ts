import type { DataType } from '../../contract/signature.ts';
import { restoringLongs } from '../../contract/widen-nested.ts';
import type { Column, Nested, Payload, Table, Tensor, Tensors, Vector } from '../../payload/payload.ts';
import {
  isLoose,
  openColumn,
  openNested,
  openValue,
  openVector,
  sealNested,
  type SealedValue,
  type SealedVector,
  sealOfColumn,
  sealOfValue,
  sealOfVector,
  sealValue,
  sealVector,
} from '../../payload/sealed.ts';

// A message between threads makes other objects of nested values, whose prototypes and classes mean something here, and
// to make them takes the receiver as long as reading them. So cells of no fixed width go as bytes.

/** A payload as a message between threads can have it. */
export type SealedPayload =
  | (Omit<Table, 'columns' | 'labels'> & {
      readonly columns: readonly SealedColumn[];
      readonly labels: Uint8Array | null;
    })
  | (Omit<Tensors, 'tensors'> & { readonly tensors: readonly Sealed<Tensor>[] })
  | { readonly kind: 'value'; readonly sealed: SealedValue };

type Sealed<Part extends Column | Tensor> = Omit<Part, 'vector'> & {
  readonly vector: SealedVector | { readonly fixed: Vector };
};

type SealedColumn =
  | Sealed<Column>
  /** Its nulls are those of its cells. */
  | { readonly name: string | null; readonly vector: SealedVector; readonly nulls: 'of the cells' };

/** What is sealed already stays as it is. */
export function sealPayload(payload: Payload): SealedPayload {
  switch (payload.kind) {
    case 'table': {
      const { columns, labels, ...rest } = payload;
      return {
        ...rest,
        columns: columns.map(sealColumn),
        labels: labels === undefined ? null : sealNested(labels),
      };
    }
    case 'tensors':
      return {
        kind: 'tensors',
        tensors: payload.tensors.map((tensor) => ({ ...tensor, vector: sealCells(tensor.vector, null) })),
      };
    case 'value':
      return { kind: 'value', sealed: sealOfValue(payload) ?? sealValue(payload) };
  }
}

function sealColumn(column: Column): SealedColumn {
  const vector = sealOfColumn(column);
  const { name } = column;
  if (vector !== null) return { name, vector, nulls: 'of the cells' };
  return { ...column, vector: sealCells(column.vector, column.nulls) };
}

function sealCells(vector: Vector, nulls: Uint8Array | null): Sealed<Column>['vector'] {
  if (!isLoose(vector)) return { fixed: vector };
  return sealOfVector(vector) ?? sealVector(vector, nulls);
}

/** The payload again. `typeOf`: of the columns, whose longs come back as such. */
export function openPayload(
  payload: SealedPayload,
  typeOf: (name: string | null, index: number) => DataType | undefined,
): Payload {
  switch (payload.kind) {
    case 'table': {
      const { columns, labels, ...rest } = payload;
      return {
        ...rest,
        columns: columns.map((column, index) => {
          const { name, vector, nulls } = column;
          if (nulls === 'of the cells') return openColumn(name, vector);
          return { name, nulls, vector: openCells(vector, typeOf(name, index)) };
        }),
        ...(labels === null ? {} : { labels: openNested(labels) as readonly Nested[] }),
      };
    }
    case 'tensors':
      return {
        kind: 'tensors',
        tensors: payload.tensors.map((tensor) => ({
          ...tensor,
          vector: openCells(tensor.vector, undefined),
        })),
      };
    case 'value':
      return openValue(payload.sealed);
  }
}

function openCells(vector: Sealed<Column>['vector'], type: DataType | undefined): Vector {
  if ('fixed' in vector) return vector.fixed;
  return openVector(vector, type === undefined ? null : restoringLongs(type));
}

/** The bytes that its cells are in. */
export function viewsOf(payload: SealedPayload): readonly unknown[] {
  if (payload.kind === 'value') return [payload.sealed.json];
  if (payload.kind === 'tensors') return payload.tensors.flatMap(({ vector }) => cellsOf(vector));
  return [payload.labels, ...payload.columns.flatMap(({ vector, nulls }) => [nulls, ...cellsOf(vector)])];
}

function cellsOf(vector: SealedColumn['vector']): readonly unknown[] {
  if ('fixed' in vector) return [vector.fixed.data];
  return 'json' in vector ? [vector.json] : vector.blocks;
}

/** The memory of views, to be handed over instead of copied: each once, and no other values. */
export function memoryOf(views: readonly unknown[]): ArrayBuffer[] {
  const buffers = views.flatMap((view) =>
    ArrayBuffer.isView(view) && view.buffer instanceof ArrayBuffer ? [view.buffer] : [],
  );
  return [...new Set(buffers)];
}
