import type { DataType, Signature } from '../../contract/signature.ts';
import { restoringLongs } from '../../contract/widen-nested.ts';
import type { Column, Nested, Payload, Table, Tensor, Tensors, Vector } from '../../payload/payload.ts';
import {
  isLoose,
  openNested,
  openValue,
  openVector,
  sealNested,
  type SealedValue,
  type SealedVector,
  sealValue,
  sealVector,
} from '../../payload/sealed.ts';
import type { DecodedRequest } from '../codec.ts';
import { paramType } from '../values/read-params.ts';

// A message between threads makes other objects of nested values, whose prototypes and classes mean something here, and
// to make them takes the receiver as long as reading them. So cells of no fixed width go as bytes.

/** A request as a message between threads can have it. */
export interface SealedRequest extends Omit<DecodedRequest, 'parts' | 'params'> {
  readonly parts: readonly { readonly input: SealedPayload; readonly positions: readonly number[] | null }[];
  readonly params: readonly (readonly [name: string, value: Uint8Array])[];
}

type SealedPayload =
  | (Omit<Table, 'columns' | 'labels'> & {
      readonly columns: readonly Sealed<Column>[];
      readonly labels: Uint8Array | null;
    })
  | (Omit<Tensors, 'tensors'> & { readonly tensors: readonly Sealed<Tensor>[] })
  | { readonly kind: 'value'; readonly sealed: SealedValue };

type Sealed<Part extends Column | Tensor> = Omit<Part, 'vector'> & {
  readonly vector: SealedVector | { readonly fixed: Vector };
};

export function sealRequest({ parts, params, ...rest }: DecodedRequest): SealedRequest {
  return {
    ...rest,
    parts: parts.map(({ input, positions }) => ({ input: sealPayload(input), positions })),
    params: [...params].map(([name, value]) => [name, sealNested(value)]),
  };
}

function sealPayload(payload: Payload): SealedPayload {
  switch (payload.kind) {
    case 'table': {
      const { columns, labels, ...rest } = payload;
      return {
        ...rest,
        columns: columns.map((column) => ({ ...column, vector: sealCells(column.vector, column.nulls) })),
        labels: labels === undefined ? null : sealNested(labels),
      };
    }
    case 'tensors':
      return {
        kind: 'tensors',
        tensors: payload.tensors.map((tensor) => ({ ...tensor, vector: sealCells(tensor.vector, null) })),
      };
    case 'value':
      return { kind: 'value', sealed: sealValue(payload) };
  }
}

function sealCells(vector: Vector, nulls: Uint8Array | null): Sealed<Column>['vector'] {
  return isLoose(vector) ? sealVector(vector, nulls) : { fixed: vector };
}

/** The request again, its cells as they were under the signature that it was read under. */
export function openRequest(
  { parts, params, ...rest }: SealedRequest,
  signature: Signature | null,
): DecodedRequest {
  const types = new Map((signature?.params ?? []).map((spec) => [spec.name, paramType(spec)]));
  return {
    ...rest,
    parts: parts.map(({ input, positions }) => ({ input: openPayload(input, signature), positions })),
    params: new Map(params.map(([name, value]) => [name, restored(types.get(name), openNested(value))])),
  };
}

function openPayload(payload: SealedPayload, signature: Signature | null): Payload {
  switch (payload.kind) {
    case 'table': {
      const { columns, labels, ...rest } = payload;
      const typeOf = columnTypes(signature);
      return {
        ...rest,
        columns: columns.map((column, index) => ({
          ...column,
          vector: openCells(column.vector, typeOf(column.name, index)),
        })),
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

function columnTypes(
  signature: Signature | null,
): (name: string | null, index: number) => DataType | undefined {
  const inputs = signature?.inputs;
  if (inputs?.kind !== 'columns') return () => undefined;
  if (!inputs.named) return (_, index) => inputs.columns[index]?.type;
  const types = new Map(inputs.columns.map(({ name, type }) => [name, type]));
  return (name) => types.get(name);
}

function openCells(vector: Sealed<Column>['vector'], type: DataType | undefined): Vector {
  if ('fixed' in vector) return vector.fixed;
  return openVector(vector, type === undefined ? null : restoringLongs(type));
}

function restored(type: DataType | undefined, value: Nested): Nested {
  const restore = type === undefined ? null : restoringLongs(type);
  return restore === null ? value : restore(value);
}

/** The memory of its cells, to be handed over instead of copied. */
export function memoryOf({ parts, params }: SealedRequest): ArrayBuffer[] {
  const views: unknown[] = params.map(([, value]) => value);
  for (const { input } of parts) {
    if (input.kind === 'value') views.push(input.sealed.json);
    else if (input.kind === 'tensors') views.push(...input.tensors.flatMap(({ vector }) => viewsOf(vector)));
    else {
      views.push(input.labels);
      for (const { vector, nulls } of input.columns) views.push(nulls, ...viewsOf(vector));
    }
  }
  const buffers = views.flatMap((view) =>
    ArrayBuffer.isView(view) && view.buffer instanceof ArrayBuffer ? [view.buffer] : [],
  );
  return [...new Set(buffers)];
}

function viewsOf(vector: Sealed<Column>['vector']): readonly unknown[] {
  if ('fixed' in vector) return [vector.fixed.data];
  return 'json' in vector ? [vector.json] : vector.blocks;
}
