import type { Codec, DecodedRequest } from '../../src/codec/codec.ts';
import { countersignError } from '../../src/errors/countersign-error.ts';
import type { Nested } from '../../src/payload/payload.ts';

/** Reads any JSON as a plain value and writes the answers as a JSON list. */
export function echoCodec(name: Codec['name']): Codec {
  return {
    name,
    decode({ body, contentType }): DecodedRequest {
      if (contentType !== null && !contentType.includes('json')) {
        throw countersignError('UNSUPPORTED_MEDIA_TYPE', contentType, ['application/json']);
      }
      const input = { kind: 'value', value: parse(body) } as const;
      return { parts: [{ input, positions: null }], params: new Map(), rows: null, memo: null };
    },
    encode: (answers) => ({ contentType: 'application/json', body: JSON.stringify(answers.map(valueOf)) }),
  };
}

function valueOf(answer: Parameters<Codec['encode']>[0][number]): Nested {
  return answer.kind === 'value' ? answer.value : null;
}

function parse(body: Uint8Array): Nested {
  try {
    return JSON.parse(Buffer.from(body).toString()) as Nested;
  } catch {
    throw countersignError('INVALID_BODY', 'it is not JSON');
  }
}
