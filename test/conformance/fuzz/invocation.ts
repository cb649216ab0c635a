/** A request to `/invocations`, and what is known of it by the way it was made. */
export interface Invocation {
  readonly contentType: string;
  readonly body: string;
  /** Whether all of it is as the signature says; null where that is not known. */
  readonly fits: boolean | null;
  /** Its bytes are base64, which MLflow does not decode in this form. */
  readonly bytes?: true;
  /** There may be any number of things wrong with it, so that either server may tell of another. */
  readonly damaged?: true;
}

export function json(body: string, fits: boolean | null): Invocation {
  return { contentType: 'application/json', body, fits };
}
