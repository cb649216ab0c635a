import {
  type Attributes,
  type Context,
  context,
  propagation,
  type Span as OtelSpan,
  SpanKind,
  SpanStatusCode,
  trace,
  type Tracer,
} from '@opentelemetry/api';

import type { Clock } from '../util/clock.ts';
import { packageVersion } from '../util/package-version.ts';
import type {
  MemberBegun,
  MemberEnded,
  MemberSpan,
  RequestBegun,
  RequestSpan,
  Span,
  Tracing,
} from './tracing.ts';

/** Methods that may name a span; what else was sent would make a name for each. */
const methods: ReadonlySet<string> = new Set(
  'CONNECT DELETE GET HEAD OPTIONS PATCH POST PUT TRACE'.split(' '),
);

/**
 * Spans by the API of OpenTelemetry, for whoever is registered with it. Names and attributes are those of its semantic
 * conventions; what they have no word for is under `countersign.`. Of an error there is the code and never the message,
 * which may quote a value of the request.
 * @see https://opentelemetry.io/docs/specs/semconv/http/http-spans/
 */
export function createTracing(clock: Clock): Tracing {
  const tracer = trace.getTracer('countersign', packageVersion);
  return { request: (begun) => beginRequest(begun, tracer, clock) };
}

function beginRequest(begun: RequestBegun, tracer: Tracer, clock: Clock): RequestSpan {
  // A program that has instrumented Node's HTTP server has a span for the request already, and has read the headers.
  const active = context.active();
  const isServer = trace.getSpan(active) === undefined;
  const parent = isServer ? propagation.extract(active, begun.headers) : active;
  const method = methods.has(begun.method) ? begun.method : 'HTTP';
  const name = begun.route === null ? method : `${method} ${begun.route}`;
  // Once for all spans of the request: the two clocks agree to the millisecond only.
  const epochMs = clock.now() - clock.monotonicMs();
  const options = {
    kind: isServer ? SpanKind.SERVER : SpanKind.INTERNAL,
    startTime: begun.startedMs + epochMs,
    attributes: requestAttributes(begun),
  };
  const span = tracer.startSpan(name, options, parent);
  return new OtelRequestSpan({ span, parent, tracer, clock, epochMs });
}

function requestAttributes({
  method,
  route,
  path,
  headers,
  httpVersion,
  requestId,
}: RequestBegun): Attributes {
  const known = methods.has(method);
  const { host, 'user-agent': agent } = headers;
  return {
    'http.request.method': known ? method : '_OTHER',
    ...(!known && { 'http.request.method_original': method }),
    ...(route !== null && { 'http.route': route }),
    'url.path': path,
    'url.scheme': 'http',
    'network.protocol.version': httpVersion,
    ...(typeof host === 'string' && serverAttributes(host)),
    ...(typeof agent === 'string' && { 'user_agent.original': agent }),
    'countersign.request.id': requestId,
  };
}

function serverAttributes(host: string): Attributes {
  const [, address = host, port] = /^(.*?)(?::(\d+))?$/.exec(host) ?? [];
  return { 'server.address': address, ...(port !== undefined && { 'server.port': Number(port) }) };
}

interface Parts {
  readonly span: OtelSpan;
  readonly parent: Context;
  readonly tracer: Tracer;
  readonly clock: Clock;
  /** What makes a monotonic time one since the epoch. */
  readonly epochMs: number;
}

interface StageTimes {
  readonly beganMs: number;
  endedMs: number;
}

abstract class OtelCallSpan implements Span {
  readonly traceId: string;
  protected readonly span: OtelSpan;
  readonly #parts: Parts;
  readonly #within: Context;
  readonly #stages = new Map<string, StageTimes>();

  constructor(parts: Parts) {
    this.#parts = parts;
    this.span = parts.span;
    this.traceId = parts.span.spanContext().traceId;
    this.#within = trace.setSpan(parts.parent, parts.span);
  }

  resolved(model: string, version: string): void {
    this.span.setAttributes({ 'countersign.model.name': model, 'countersign.model.version': version });
  }

  stage(name: string, durationMs: number): void {
    if (!this.span.isRecording()) return;
    const endedMs = this.#parts.clock.monotonicMs();
    const known = this.#stages.get(name);
    if (known === undefined) this.#stages.set(name, { beganMs: endedMs - durationMs, endedMs });
    else known.endedMs = endedMs;
  }

  member({ graph, member, model }: MemberBegun): MemberSpan {
    const { tracer, clock, epochMs } = this.#parts;
    const attributes = {
      'countersign.graph.name': graph,
      'countersign.member.name': member,
      'countersign.model.name': model,
    };
    const startTime = clock.monotonicMs() + epochMs;
    const span = tracer.startSpan(`member ${member}`, { startTime, attributes }, this.#within);
    return new OtelMemberSpan({ ...this.#parts, span, parent: this.#within });
  }

  run<Result>(job: () => Result): Result {
    return context.with(this.#within, job);
  }

  /** `error.type` is the code; the status says whose fault it was. */
  protected finish(attributes: Attributes, isError: boolean): void {
    const { tracer, clock, epochMs } = this.#parts;
    const endedMs = clock.monotonicMs();
    for (const [name, { beganMs, endedMs: stageEndedMs }] of this.#stages) {
      const stage = tracer.startSpan(name, { startTime: beganMs + epochMs }, this.#within);
      stage.end(stageEndedMs + epochMs);
    }
    this.span.setAttributes(attributes);
    if (isError) this.span.setStatus({ code: SpanStatusCode.ERROR });
    this.span.end(endedMs + epochMs);
  }
}

class OtelRequestSpan extends OtelCallSpan implements RequestSpan {
  end({ status, code }: Parameters<RequestSpan['end']>[0]): void {
    const attributes = {
      ...(status !== null && { 'http.response.status_code': status }),
      ...(code !== null && { 'error.type': code }),
    };
    // A caller's mistake is no error of the server.
    this.finish(attributes, status !== null && status >= 500);
  }
}

class OtelMemberSpan extends OtelCallSpan implements MemberSpan {
  end({ outcome, calls, rows, code }: MemberEnded): void {
    const attributes = {
      'countersign.member.outcome': outcome,
      'countersign.member.calls': calls,
      'countersign.member.rows': rows,
      ...(code !== null && { 'error.type': code }),
    };
    this.finish(attributes, code !== null);
  }
}
