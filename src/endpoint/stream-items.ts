import { adaptInput, adaptParams, planAdaptation } from '../contract/adapt.ts';
import type { Signature } from '../contract/signature.ts';
import { serveStyle } from '../codec/serve/style.ts';
import { writeNested } from '../codec/values/write-nested.ts';
import type { DecodedRequest } from '../codec/codec.ts';
import { countersignError } from '../errors/countersign-error.ts';
import type { VersionRef } from '../registry/registry.ts';
import type { Handle } from '../serving/manager.ts';
import type { Deadline } from './deadline.ts';
import type { EndpointCall } from './endpoint.ts';

export interface StreamOptions {
  readonly handle: Handle;
  readonly request: DecodedRequest;
  readonly resolved: { ref: VersionRef; signature: Signature | null; own: Signature | null };
  readonly call: EndpointCall;
  readonly deadline: Deadline;
}

/**
 * The model's items as JSON texts. The handle is held, and the deadline runs, until the last item was taken
 * or the reader stopped. Throws STREAMING_UNSUPPORTED, and INVALID_BODY for more than one row.
 */
export function streamItems(options: StreamOptions): AsyncIterable<string> {
  const { handle, request, resolved } = options;
  const [part, ...more] = request.parts;
  if (!handle.servable.streams) {
    handle[Symbol.dispose]();
    throw countersignError('STREAMING_UNSUPPORTED', resolved.ref.model, resolved.ref.version);
  }
  if (part === undefined || more.length > 0 || (request.rows ?? 1) !== 1) {
    handle[Symbol.dispose]();
    throw countersignError('INVALID_BODY', 'a stream answers exactly one row');
  }
  const plan = planAdaptation(resolved.signature, resolved.own);
  const input = adaptInput(part.input, plan);
  const params = adaptParams(request.params, plan);
  return items(options, { input, params, requestId: options.call.requestId });
}

/** Streams have no schema: items are written as the values they are. */
const anything = { kind: 'any' } as const;

async function* items(
  options: StreamOptions,
  call: Parameters<Handle['servable']['predictStream']>[0],
): AsyncGenerator<string> {
  using handle = options.handle;
  using deadline = options.deadline;
  for await (const item of handle.servable.predictStream(call, deadline))
    yield writeNested(item, anything, serveStyle);
}
