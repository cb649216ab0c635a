import type { Signature } from '../contract/signature.ts';
import type { Params, Payload } from '../payload/payload.ts';
import type { VersionMetadata } from '../registry/registry.ts';

/** A request of one protocol as it came in. */
export interface EncodedRequest {
  readonly body: Uint8Array;
  /** The whole header; null when there is none. */
  readonly contentType: string | null;
  readonly query: URLSearchParams;
  /** What the caller would have the answer in; absent: whatever comes. */
  readonly accept?: string | undefined;
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
  /** 200 when absent. */
  readonly status?: number;
  readonly contentType: string;
  readonly body: string | Uint8Array;
}

/** A request whose bytes go on as they are, to be read and answered by MLflow's own code beside the model. */
export interface Handover<Answer> {
  readonly body: Uint8Array;
  readonly contentType: string | null;
  /** What MLflow's code wrote, as an answer of the protocol. */
  readonly answer: (written: EncodedAnswer) => Answer;
}

/** What a codec knows of whom a request goes to. */
export interface Recipient {
  /** What the request would be read under. */
  readonly signature: Signature | null;
  readonly version: VersionMetadata;
  /** MLflow's answers are wanted to the byte. */
  readonly mlflowExact: boolean;
}

/** An answer that was written as the signature has it, or as it is where it does not fit. */
export interface Finished<Answer = EncodedAnswer> {
  readonly answer: Answer;
  /** Why it does not fit; null where it does, or nobody looked. */
  readonly misfit: string | null;
}

/**
 * Requests and answers of one protocol, bytes for those of the network, to and from payloads. Pure.
 *
 * `decode` throws UNSUPPORTED_MEDIA_TYPE, INVALID_BODY, INVALID_INPUT and INVALID_PARAMS with every
 * issue it found; `encode` gets one answer per part of the request.
 */
export interface Codec<Request = EncodedRequest, Answer = EncodedAnswer> {
  readonly name: 'serve' | 'mlflow' | 'rows';
  /** Asked before `decode`. Null, and always where it is absent: this codec reads the request itself. */
  handOver?(request: Request, to: Recipient): Handover<Answer> | null;
  /** A promise where the format can only be read so. */
  decode(request: Request, signature: Signature | null): DecodedRequest | Promise<DecodedRequest>;
  encode(answers: readonly Payload[], request: DecodedRequest, signature: Signature | null): Answer;
  /**
   * Asked before an answer is made to fit the signature (`conform`) and encoded: one that another thread does that for.
   * Null, and where it is absent: this is none. Resolves with null where that thread was lost.
   */
  finish?(
    answers: readonly Payload[],
    request: DecodedRequest,
    signature: Signature | null,
    conform: boolean,
  ): Promise<Finished<Answer> | null> | null;
  /** Asked before `encode`, for answers that others would have to wait for. Null, and where it is absent: this is none. */
  encodeLong?(
    answers: readonly Payload[],
    request: DecodedRequest,
    signature: Signature | null,
  ): Promise<Answer> | null;
  /** An exception of the model as this protocol tells of it; where it is absent, as it is. */
  failed?(error: unknown, request: DecodedRequest, signature: Signature | null): unknown;
}

/** A codec whose formats can all be read at once. */
export interface PromptCodec<Request = EncodedRequest, Answer = EncodedAnswer> extends Codec<
  Request,
  Answer
> {
  decode(request: Request, signature: Signature | null): DecodedRequest;
}
