import type { DataType, Signature } from '../../contract/signature.ts';
import { restoringLongs } from '../../contract/widen-nested.ts';
import type { Nested } from '../../payload/payload.ts';
import { openNested, sealNested } from '../../payload/sealed.ts';
import type { DecodedRequest } from '../codec.ts';
import { paramType } from '../values/read-params.ts';
import { memoryOf, openPayload, type SealedPayload, sealPayload, viewsOf } from './sealed-payload.ts';

/** A request as a message between threads can have it. */
export interface SealedRequest extends Omit<DecodedRequest, 'parts' | 'params'> {
  readonly parts: readonly { readonly input: SealedPayload; readonly positions: readonly number[] | null }[];
  readonly params: readonly (readonly [name: string, value: Uint8Array])[];
}

export function sealRequest({ parts, params, ...rest }: DecodedRequest): SealedRequest {
  return {
    ...rest,
    parts: parts.map(({ input, positions }) => ({ input: sealPayload(input), positions })),
    params: [...params].map(([name, value]) => [name, sealNested(value)]),
  };
}

/** The request again, its cells as they were under the signature that it was read under. */
export function openRequest(
  { parts, params, ...rest }: SealedRequest,
  signature: Signature | null,
): DecodedRequest {
  const types = new Map((signature?.params ?? []).map((spec) => [spec.name, paramType(spec)]));
  const typeOf = columnTypes(signature);
  return {
    ...rest,
    parts: parts.map(({ input, positions }) => ({ input: openPayload(input, typeOf), positions })),
    params: new Map(params.map(([name, value]) => [name, restored(types.get(name), openNested(value))])),
  };
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

function restored(type: DataType | undefined, value: Nested): Nested {
  const restore = type === undefined ? null : restoringLongs(type);
  return restore === null ? value : restore(value);
}

/** The memory of its cells, to be handed over instead of copied. */
export function memoryOfRequest({ parts, params }: SealedRequest): ArrayBuffer[] {
  return memoryOf([...params.map(([, value]) => value), ...parts.flatMap(({ input }) => viewsOf(input))]);
}
