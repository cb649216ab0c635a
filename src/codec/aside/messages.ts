import type { Signature } from '../../contract/signature.ts';
import type { ErrorCode } from '../../errors/catalogue.ts';
import type { ErrorFacts } from '../../errors/countersign-error.ts';
import type { SealedRequest } from './sealed-request.ts';

/** A body to be read, to the thread. Its buffer changes hands. */
export interface ReadQuestion {
  readonly id: number;
  readonly protocol: 'serve' | 'mlflow';
  readonly body: Uint8Array;
  readonly contentType: string | null;
  /** The query of the URL. */
  readonly query: string;
  readonly signature: Signature | null;
}

export type ReadAnswer = { readonly id: number } & (
  | { readonly kind: 'read'; readonly request: SealedRequest }
  /** What is wrong with the request, or with us. */
  | {
      readonly kind: 'failed';
      readonly code: ErrorCode;
      readonly message: string;
      readonly facts: ErrorFacts;
    }
);
