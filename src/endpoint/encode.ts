import type { Codec, DecodedRequest } from '../codec/codec.ts';
import type { Signature } from '../contract/signature.ts';
import type { Payload } from '../payload/payload.ts';
import type { Deadline } from './deadline.ts';
import type { Stages } from './stages.ts';

/** What an answer is written from. */
export interface Written<Request, Answer> {
  readonly codec: Codec<Request, Answer>;
  readonly answers: readonly Payload[];
  readonly request: DecodedRequest;
  readonly signature: Signature | null;
}

/** Writes the answers as the last stage of a call, a long one with turns for others in between. */
export function encode<Request, Answer>(
  { codec, answers, request, signature }: Written<Request, Answer>,
  stages: Stages,
  deadline: Deadline,
): Answer | Promise<Answer> {
  const encoded = stages.either(
    'encode',
    () => codec.encodeLong?.(answers, request, signature) ?? codec.encode(answers, request, signature),
  );
  return encoded instanceof Promise ? deadline.race(encoded) : encoded;
}
