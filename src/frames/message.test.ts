import { describe, expect, test } from 'vitest';

import { FrameReader, packFrame } from './frame.ts';
import { LayoutReader, LayoutWriter } from './layout.ts';
import { packMessage, unpackMessage } from './message.ts';

const readHeader = (pieces: readonly Uint8Array[]): unknown =>
  new FrameReader().push(Buffer.concat(pieces)).map(({ header }) => header)[0];

const received = (header: object): unknown => {
  const [frame] = new FrameReader().push(Buffer.concat(packFrame(header, [])));
  return unpackMessage(frame ?? expect.fail(), new LayoutReader());
};

describe('messages', () => {
  test('a predict says its params as pairs, so that any name is possible', () => {
    const params = new Map([['__proto__', 2n ** 60n]]);
    const input = { kind: 'value', value: null } as const;
    const pieces = packMessage({ type: 'predict', id: 3, input, params, requestId: 'r' }, new LayoutWriter());
    expect(readHeader(pieces)).toEqual({
      t: 'predict',
      id: 3,
      r: 'r',
      p: { k: 'v', v: null },
      params: [['__proto__', { $: ['i', '1152921504606846976'] }]],
    });
  });

  test('a body of MLflow goes and its answer comes byte by byte', () => {
    const body = Uint8Array.of(0, 255, 10);
    const sent = packMessage(
      { type: 'invoke', id: 5, body, contentType: null, exact: true, requestId: 'r' },
      null,
    );
    const [frame] = new FrameReader().push(Buffer.concat(sent));
    expect(frame?.header).toEqual({ t: 'invoke', id: 5, r: 'r', contentType: null, exact: true, b: [3] });
    expect(frame?.blocks).toEqual([body]);
    const [answer] = new FrameReader().push(
      Buffer.concat(packFrame({ t: 'raw', id: 5, status: 415, contentType: 'text/plain' }, [body])),
    );
    expect(unpackMessage(answer ?? expect.fail(), new LayoutReader())).toEqual({
      type: 'raw',
      id: 5,
      status: 415,
      contentType: 'text/plain',
      body,
    });
  });

  test('a failure is a code and its arguments, never an exception', () => {
    const header = {
      t: 'failed',
      id: 1,
      code: 'MODEL_FAILED',
      args: ['ValueError'],
      mlflowCode: null,
      traceback: 'T',
    };
    const { t: type, ...fields } = header;
    expect(received(header)).toEqual({ type, ...fields });
  });

  test.each([
    ['an unknown type', { t: 'sing', id: 1 }],
    ['no type', { id: 1 }],
    ['no number', { t: 'end' }],
    ['an unknown role', { t: 'hello', version: 1, role: 'guest', key: 'k', pid: 1 }],
    ['a failure without its arguments', { t: 'failed', id: 1, code: 'X', traceback: '' }],
  ])('a message with %s is refused', (_, header) => {
    expect(() => received(header)).toThrow(expect.objectContaining({ code: 'INTERNAL' }));
  });
});
