/**
 * Traces as the rest of the code sees them. Behind it are the spans of OpenTelemetry, whose packages are not even
 * loaded where nobody asked for traces: there is no `Tracing` then.
 */
export interface Tracing {
  /** A request came in: a child of what its headers or the program around us say. */
  request(begun: RequestBegun): RequestSpan;
}

export interface RequestBegun {
  readonly method: string;
  /** The pattern of the route; null where none fits. */
  readonly route: string | null;
  /** Without the query, which may hold what nobody should see. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly httpVersion: string;
  readonly requestId: string;
  readonly startedMs: number;
}

/** One request, or what one member did for it. */
export interface Span {
  /** 32 hexadecimal digits. */
  readonly traceId: string;
  /** Which version answers; told as soon as it is known. */
  resolved(model: string, version: string): void;
  /** A stage ended just now. What happens several times under one name is one stage, from first to last. */
  stage(name: string, durationMs: number): void;
  /** A member of a composed model is asked. */
  member(begun: MemberBegun): MemberSpan;
  /** Runs a job whose own spans, and those of libraries it uses, are children of this one. */
  run<Result>(job: () => Result): Result;
}

export interface RequestSpan extends Span {
  /** `status`: null when the caller left before the answer. `code`: of the error, null when it went well. */
  end(ended: { readonly status: number | null; readonly code: string | null }): void;
}

export interface MemberBegun {
  readonly graph: string;
  readonly member: string;
  readonly model: string;
}

export interface MemberSpan extends Span {
  end(ended: MemberEnded): void;
}

export interface MemberEnded {
  readonly outcome: string;
  /** How often it was asked, and with how many rows in all. */
  readonly calls: number;
  readonly rows: number;
  /** Of the last error, also of one that its `onError` made up for. */
  readonly code: string | null;
}
