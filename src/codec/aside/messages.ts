import type { Signature } from '../../contract/signature.ts';
import type { ErrorCode } from '../../errors/catalogue.ts';
import type { ErrorFacts } from '../../errors/countersign-error.ts';
import type { DecodedRequest, EncodedAnswer } from '../codec.ts';
import type { SealedPayload } from './sealed-payload.ts';
import type { SealedRequest } from './sealed-request.ts';

/** To the thread. The memory of a body changes hands, that of an answer is copied. */
export type Question = {
  readonly id: number;
  readonly protocol: 'serve' | 'mlflow';
  readonly signature: Signature | null;
} & (ReadQuestion | WriteQuestion);

/** A body to be read. */
export interface ReadQuestion {
  readonly kind: 'read';
  readonly body: Uint8Array;
  readonly contentType: string | null;
  /** The query of the URL. */
  readonly query: string;
}

/** An answer to be written, to a request of one part. */
export interface WriteQuestion extends Pick<DecodedRequest, 'rows' | 'memo'> {
  readonly kind: 'write';
  readonly answer: SealedPayload;
  readonly positions: readonly number[] | null;
  /** Write it as the signature has it. */
  readonly conform: boolean;
}

export type Reply = { readonly id: number } & (
  | { readonly kind: 'read'; readonly request: SealedRequest }
  | { readonly kind: 'written'; readonly answer: EncodedAnswer; readonly misfit: string | null }
  /** What is wrong with the request, or with us. */
  | {
      readonly kind: 'failed';
      readonly code: ErrorCode;
      readonly message: string;
      readonly facts: ErrorFacts;
    }
);
