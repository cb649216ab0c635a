import { openRequest, sealRequest } from '../../src/codec/aside/sealed-request.ts';
import type { Payload } from '../../src/payload/payload.ts';
import { noParams } from '../../src/payload/payload.ts';

/** The payload as one that a thread read of a large body. */
export function resealed(payload: Payload): Payload {
  const parts = [{ input: payload, positions: null }];
  const sealed = structuredClone(sealRequest({ parts, params: noParams, rows: null, memo: null }));
  const [part] = openRequest(sealed, null).parts;
  if (part === undefined) throw new Error('a request of one part');
  return part.input;
}

/** A payload of nested, text and byte cells whose bytes nobody can read: whoever looks at a cell throws. */
export function unreadable(payload: Payload): Payload {
  const parts = [{ input: payload, positions: null }];
  const sealed = sealRequest({ parts, params: noParams, rows: null, memo: null });
  for (const { input } of sealed.parts) {
    if (input.kind === 'value') input.sealed.json.fill(0);
    const cells = input.kind === 'table' ? input.columns : input.kind === 'tensors' ? input.tensors : [];
    for (const { vector } of cells) if ('json' in vector) vector.json.fill(0);
  }
  const [part] = openRequest(sealed, null).parts;
  if (part === undefined) throw new Error('a request of one part');
  return part.input;
}
