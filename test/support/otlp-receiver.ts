import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import { fieldsOf, int64sOf, messagesOf, textOf } from '../../src/engine/onnx/protobuf.ts';

/** A span as it was exported. */
export interface ReceivedSpan {
  readonly name: string;
  readonly service: string;
  readonly scope: string;
  readonly traceId: string;
  readonly spanId: string;
  /** Empty for the first of a trace. */
  readonly parentSpanId: string;
  /** 1 internal, 2 server. */
  readonly kind: number;
  readonly startNs: bigint;
  readonly endNs: bigint;
  readonly attributes: Readonly<Record<string, unknown>>;
  /** 0 unset, 1 ok, 2 error. */
  readonly status: number;
}

/** A collector that speaks OTLP over HTTP, protobuf and JSON, and keeps what it is sent. */
export interface OtlpReceiver extends AsyncDisposable {
  readonly url: string;
  readonly spans: readonly ReceivedSpan[];
  /** Content types of the exports. */
  readonly contentTypes: readonly string[];
  /** Every byte that was sent, as Latin-1. */
  text(): string;
}

export async function otlpReceiver(): Promise<OtlpReceiver> {
  const spans: ReceivedSpan[] = [];
  const contentTypes: string[] = [];
  const bodies: Buffer[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks);
      const type = request.headers['content-type'] ?? '';
      bodies.push(body);
      contentTypes.push(type);
      spans.push(...(type === 'application/json' ? spansOfJson(body.toString()) : spansOfProtobuf(body)));
      response.writeHead(request.url === '/v1/traces' ? 200 : 404, { 'content-type': type }).end();
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${String(port)}`,
    spans,
    contentTypes,
    text: () => Buffer.concat(bodies).toString('latin1'),
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

/** @see https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/trace/v1/trace.proto */
function spansOfProtobuf(body: Uint8Array): readonly ReceivedSpan[] {
  return [...messagesOf(body, 1)].flatMap((resourceSpans) => {
    const [resource = new Uint8Array()] = messagesOf(resourceSpans, 1);
    const service = String(attributesOf(resource, 1)['service.name']);
    return [...messagesOf(resourceSpans, 2)].flatMap((scopeSpans) => {
      const [scope = new Uint8Array()] = messagesOf(scopeSpans, 1);
      return [...messagesOf(scopeSpans, 2)].map((span) => spanOf(span, service, textOf(scope, 1)));
    });
  });
}

function spanOf(span: Uint8Array, service: string, scope: string): ReceivedSpan {
  const hex = (number: number): string => Buffer.concat([...messagesOf(span, number)]).toString('hex');
  const [status = new Uint8Array()] = messagesOf(span, 15);
  return {
    name: textOf(span, 5),
    service,
    scope,
    traceId: hex(1),
    spanId: hex(2),
    parentSpanId: hex(4),
    kind: Number(int64sOf(span, 6)[0] ?? 0),
    startNs: fixed64(span, 7),
    endNs: fixed64(span, 8),
    attributes: attributesOf(span, 9),
    status: Number(int64sOf(status, 3)[0] ?? 0),
  };
}

function fixed64(message: Uint8Array, number: number): bigint {
  for (const field of fieldsOf(message)) {
    if (field.number === number) return Buffer.from(field.value).readBigUInt64LE();
  }
  return 0n;
}

function attributesOf(message: Uint8Array, number: number): Readonly<Record<string, unknown>> {
  const pairs = [...messagesOf(message, number)].map((pair) => {
    const [value = new Uint8Array()] = messagesOf(pair, 2);
    const [field] = fieldsOf(value);
    const isText = field?.number === 1;
    return [textOf(pair, 1), isText ? textOf(value, 1) : Number(int64sOf(value, 3)[0] ?? Number.NaN)];
  });
  return Object.fromEntries(pairs) as Readonly<Record<string, unknown>>;
}

interface JsonAttribute {
  readonly key: string;
  readonly value: { readonly stringValue?: string; readonly intValue?: number | string };
}

interface JsonExport {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly JsonAttribute[] };
    readonly scopeSpans: readonly {
      readonly scope: { readonly name: string };
      readonly spans: readonly {
        readonly name: string;
        readonly traceId: string;
        readonly spanId: string;
        readonly parentSpanId?: string;
        readonly kind: number;
        readonly startTimeUnixNano: string;
        readonly endTimeUnixNano: string;
        readonly attributes: readonly JsonAttribute[];
        readonly status: { readonly code?: number };
      }[];
    }[];
  }[];
}

function spansOfJson(body: string): readonly ReceivedSpan[] {
  const { resourceSpans } = JSON.parse(body) as JsonExport;
  return resourceSpans.flatMap(({ resource, scopeSpans }) =>
    scopeSpans.flatMap(({ scope, spans }) =>
      spans.map((span) => ({
        name: span.name,
        service: String(valuesOf(resource.attributes)['service.name']),
        scope: scope.name,
        traceId: span.traceId,
        spanId: span.spanId,
        parentSpanId: span.parentSpanId ?? '',
        kind: span.kind,
        startNs: BigInt(span.startTimeUnixNano),
        endNs: BigInt(span.endTimeUnixNano),
        attributes: valuesOf(span.attributes),
        status: span.status.code ?? 0,
      })),
    ),
  );
}

function valuesOf(attributes: readonly JsonAttribute[]): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    attributes.map(({ key, value }) => [key, value.stringValue ?? Number(value.intValue)]),
  );
}
