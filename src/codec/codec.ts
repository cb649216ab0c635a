import { type Signature } from '../contract/signature.ts';
import { type Params, type Payload } from '../payload/payload.ts';

/** A request of one protocol as it came in. */
export interface EncodedRequest {
  readonly body: Uint8Array;
  /** The whole header; null when there is none. */
  readonly contentType: string | null;
  readonly query: URLSearchParams;
}

/** A request, read completely and without loss. */
export interface DecodedRequest {
  /**
   * What the model is asked, in order of first appearance. There are several parts where rows carry different
   * optional columns: a model must see what it would see if each row came alone.
   */
  readonly parts: readonly RequestPart[];
  /** Complete: the contract's defaults are filled in. */
  readonly params: Params;
  /** How many outputs the answer must have; null where the protocol or an untyped model does not say. */
  readonly rows: number | null;
  /** Whatever the codec wants to remember for `encode`. */
  readonly memo: unknown;
}

export interface RequestPart {
  readonly input: Payload;
  /** Positions of the part's rows in the request; null: all of them, in order. */
  readonly positions: readonly number[] | null;
}

export interface EncodedAnswer {
  readonly contentType: string;
  readonly body: string | Uint8Array;
}

/**
 * Bytes of one protocol to and from payloads. Pure.
 *
 * `decode` throws UNSUPPORTED_MEDIA_TYPE, INVALID_BODY, INVALID_INPUT and INVALID_PARAMS with every
 * issue it found; `encode` gets one answer per part of the request.
 */
export interface Codec {
  readonly name: 'serve' | 'mlflow';
  decode(request: EncodedRequest, signature: Signature | null): DecodedRequest;
  encode(answers: readonly Payload[], request: DecodedRequest, signature: Signature | null): EncodedAnswer;
}
