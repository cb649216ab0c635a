/** What the gateway and a Python host say to each other, one frame each. `t` names the message. */
import { type Json, nestedFromJson, nestedToJson } from '../payload/nested-json.ts';
import type { Nested, Params, Payload } from '../payload/payload.ts';
import { type Frame, packFrame } from './frame.ts';
import { badFrame, readInteger, readList, readObject, readOptionalText, readText } from './json.ts';
import type { LayoutReader, LayoutWriter } from './layout.ts';
import { packPayload, unpackPayload } from './payload.ts';

/** Goes up with every change that an older host would misread; a host says its own in `hello`. */
export const protocolVersion = 2;

/** From the gateway. `id` numbers the requests of a connection; `key` names a process to be. */
export type GatewayMessage =
  | { readonly type: 'load'; readonly id: number; readonly directory: string }
  | PredictMessage
  | InvokeMessage
  /** The next item of a stream. */
  | { readonly type: 'pull'; readonly id: number }
  /** The reader of a stream left. */
  | { readonly type: 'cancel'; readonly id: number }
  | { readonly type: 'ping'; readonly id: number }
  /** To a zygote: import these if they exist, then fork a worker that says hello with `key`. */
  | { readonly type: 'fork'; readonly id: number; readonly key: string; readonly imports: readonly string[] }
  | { readonly type: 'kill'; readonly id: number; readonly pid: number };

export interface PredictMessage {
  readonly type: 'predict' | 'stream';
  readonly id: number;
  readonly input: Payload;
  readonly params: Params;
  readonly requestId: string;
}

/** A body of `/invocations`, for MLflow's own parser. */
export interface InvokeMessage {
  readonly type: 'invoke';
  readonly id: number;
  readonly body: Uint8Array;
  readonly contentType: string | null;
  readonly exact: boolean;
  readonly requestId: string;
}

/** From the host. */
export type HostMessage =
  | HelloMessage
  | LoadedMessage
  | { readonly type: 'answer'; readonly id: number; readonly payload: Payload }
  | RawMessage
  | { readonly type: 'item'; readonly id: number; readonly value: Nested }
  /** A stream is over, or a command is done. */
  | { readonly type: 'end'; readonly id: number }
  | FailedMessage
  | { readonly type: 'forked'; readonly id: number; readonly pid: number }
  /** A forked process ended; a negative status is the signal that killed it. */
  | { readonly type: 'exited'; readonly pid: number; readonly status: number };

/** The answer to `invoke`, as MLflow wrote it. */
export interface RawMessage {
  readonly type: 'raw';
  readonly id: number;
  readonly status: number;
  readonly contentType: string;
  readonly body: Uint8Array;
}

export interface HelloMessage {
  readonly type: 'hello';
  readonly version: number;
  /** `output`: what follows on this connection is what the process prints, raw. */
  readonly role: 'worker' | 'zygote' | 'output';
  readonly key: string;
  readonly pid: number;
}

export interface LoadedMessage {
  readonly type: 'loaded';
  readonly id: number;
  readonly streams: boolean;
  /** `python`, `mlflow`, `pandas`, `numpy`. */
  readonly versions: Readonly<Record<string, string>>;
}

/** An exception, told: it never crosses as an object. `code` is one of the catalogue, chosen by the host. */
export interface FailedMessage {
  readonly type: 'failed';
  readonly id: number;
  readonly code: string;
  readonly args: readonly string[];
  /** The `error_code` of an MlflowException. */
  readonly mlflowCode: string | null;
  /** For the log only. */
  readonly traceback: string;
}

/** The pieces of the message's frame. */
export function packMessage(message: GatewayMessage, layouts: LayoutWriter | null): Uint8Array[] {
  if (message.type === 'invoke') {
    const { type, id, body, contentType, exact, requestId } = message;
    return packFrame({ t: type, id, r: requestId, contentType, exact }, [body]);
  }
  if (message.type !== 'predict' && message.type !== 'stream') {
    const { type, ...fields } = message;
    return packFrame({ t: type, ...fields }, []);
  }
  const { type, id, input, params, requestId } = message;
  const { description, blocks } = packPayload(input, layouts);
  const said = params.size === 0 ? {} : { params: paramsToJson(params) };
  return packFrame({ t: type, id, r: requestId, p: description, ...said }, blocks);
}

/** Pairs, so that any name is possible. */
function paramsToJson(params: Params): Json {
  return [...params].map(([name, value]) => [name, nestedToJson(value)]);
}

/** Reads what a host sent. Throws INTERNAL (the cause says what) for anything else. */
export function unpackMessage({ header, blocks }: Frame, layouts: LayoutReader): HostMessage {
  const type = header['t'];
  if (type === 'hello') return readHello(header);
  if (type === 'exited')
    return { type, pid: readInteger(header['pid']), status: readInteger(header['status']) };
  const id = readInteger(header['id']);
  switch (type) {
    case 'answer':
      return { type, id, payload: unpackPayload(header['p'], blocks, layouts) };
    case 'raw':
      return readRaw(id, header, blocks[0]);
    case 'item':
      return { type, id, value: nestedFromJson(header['v'] ?? null) };
    case 'end':
      return { type, id };
    case 'loaded':
      return { type, id, streams: header['streams'] === true, versions: readVersions(header['versions']) };
    case 'failed':
      return readFailed(id, header);
    case 'forked':
      return { type, id, pid: readInteger(header['pid']) };
    default:
      throw badFrame('an unknown message');
  }
}

function readHello(header: Frame['header']): HelloMessage {
  const { role } = header;
  if (role !== 'worker' && role !== 'zygote' && role !== 'output') throw badFrame('an unknown role');
  const [version, pid] = [readInteger(header['version']), readInteger(header['pid'])];
  return { type: 'hello', version, role, key: readText(header['key']), pid };
}

function readRaw(id: number, header: Frame['header'], body: Uint8Array = new Uint8Array()): RawMessage {
  const { status, contentType } = header;
  return { type: 'raw', id, status: readInteger(status), contentType: readText(contentType), body };
}

function readVersions(json: Json | undefined): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(readObject(json)).map(([name, text]) => [name, readText(text)]));
}

function readFailed(id: number, header: Frame['header']): FailedMessage {
  return {
    type: 'failed',
    id,
    code: readText(header['code']),
    args: readList(header['args']).map(readText),
    mlflowCode: readOptionalText(header['mlflowCode']),
    traceback: readText(header['traceback']),
  };
}
