import { describe, expect, it } from 'vitest';

import { countersignError } from '../errors/countersign-error.ts';
import { type Answer, isStream } from './answer.ts';
import { asksForEvents, eventAnswer } from './events.ts';

async function text({ body }: Answer): Promise<string> {
  if (!isStream(body)) throw new TypeError('not a stream');
  let sent = '';
  for await (const chunk of body) sent += chunk;
  return sent;
}

async function* itemsThenFailure(count: number): AsyncGenerator<string> {
  for (let index = 0; index < count; index += 1) yield await Promise.resolve(String(index));
  throw countersignError('WORKER_LOST', 'm', '1');
}

async function* list(...items: string[]): AsyncGenerator<string> {
  for (const item of items) yield await Promise.resolve(item);
}

const options = { requestId: 'id', signal: new AbortController().signal, onError: (): void => undefined };

describe('asksForEvents', () => {
  it.each(['text/event-stream', 'TEXT/EVENT-STREAM', 'application/json, text/event-stream;q=0.5'])(
    '%s',
    (accept) => {
      expect(asksForEvents(accept)).toBe(true);
    },
  );

  it.each([undefined, '', '*/*', 'text/*', 'application/json', 'text/event-stream;q=0'])(
    'not %s',
    (accept) => {
      expect(asksForEvents(accept)).toBe(false);
    },
  );
});

describe('eventAnswer', () => {
  it('sends one data event per item, then done', async () => {
    const answer = await eventAnswer(list('{"a":1}', '"b"'), options);
    expect(answer.contentType).toBe('text/event-stream; charset=utf-8');
    expect(await text(answer)).toBe('data: {"a":1}\n\ndata: "b"\n\nevent: done\ndata: {}\n\n');
  });

  it('keeps an item of several lines one event', async () => {
    expect(await text(await eventAnswer(list('a\nb'), options))).toContain('data: a\ndata: b\n\n');
  });

  it('sends done alone for a model that streams nothing', async () => {
    expect(await text(await eventAnswer(list(), options))).toBe('event: done\ndata: {}\n\n');
  });

  it('gives a failure before the first item a status of its own', async () => {
    await expect(eventAnswer(itemsThenFailure(0), options)).rejects.toMatchObject({ code: 'WORKER_LOST' });
  });

  it('sends a failure midway as an error event with a problem document, and tells of it', async () => {
    const told: string[] = [];
    const onError = ({ code }: { code: string }): void => void told.push(code);
    const sent = await text(await eventAnswer(itemsThenFailure(1), { ...options, onError }));
    const [, data] = /event: error\ndata: (.*)\n\n$/.exec(sent) ?? [];
    expect(JSON.parse(data ?? '')).toMatchObject({ code: 'WORKER_LOST', status: 502, requestId: 'id' });
    expect(told).toEqual(['WORKER_LOST']);
  });

  it('ends the model when the caller leaves before reading', async () => {
    const caller = new AbortController();
    let ended = false;
    async function* endless(): AsyncGenerator<string> {
      try {
        for (;;) yield await Promise.resolve('x');
      } finally {
        ended = true;
      }
    }
    await eventAnswer(endless(), { ...options, signal: caller.signal });
    caller.abort();
    await Promise.resolve();
    expect(ended).toBe(true);
  });
});
