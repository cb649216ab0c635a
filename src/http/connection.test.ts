import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import type { FastifyInstance } from 'fastify';
import { afterEach, describe, expect, it } from 'vitest';

import { FakeEndpoint } from '../../test/fakes/fake-catalogue.ts';
import { testServer, type TestServer } from '../../test/support/http.ts';

/** What only a real connection shows: callers who leave, streams, draining, broken bytes. */
const open: FastifyInstance[] = [];

afterEach(async () => {
  for (const app of open.splice(0)) {
    app.server.closeAllConnections();
    await app.close();
  }
});

async function listening(endpoint: FakeEndpoint): Promise<TestServer & { readonly url: string }> {
  const server = testServer([endpoint]);
  open.push(server.app);
  return { ...server, url: await server.app.listen({ host: '127.0.0.1', port: 0 }) };
}

/** A promise and the way to settle it. */
function gate(): { readonly promise: Promise<unknown>; readonly resolve: () => void } {
  const { promise, resolve } = Promise.withResolvers<unknown>();
  return {
    promise,
    resolve: () => {
      resolve(null);
    },
  };
}

function dial(url: string): Socket {
  const { hostname, port } = new URL(url);
  return connect(Number(port), hostname);
}

const post = { method: 'POST', body: '{}', headers: { 'content-type': 'application/json' } };
const events = { ...post, headers: { ...post.headers, accept: 'text/event-stream' } };

describe('a caller who leaves', () => {
  it('aborts the signal of the call, and is recorded as 499', async () => {
    const started = gate();
    const aborted = gate();
    const endpoint = new FakeEndpoint({
      predict: (input, { caller: { signal } }) => {
        signal.addEventListener('abort', () => {
          aborted.resolve();
        });
        started.resolve();
        return aborted.promise.then(() => input);
      },
    });
    const { url, metrics } = await listening(endpoint);
    const caller = new AbortController();
    const answer = fetch(`${url}/serve`, { ...post, signal: caller.signal });
    await started.promise;
    caller.abort();
    await expect(answer).rejects.toThrow();
    await aborted.promise;
    expect(endpoint.calls[0]?.caller.signal.reason).toMatchObject({ code: 'CALLER_LEFT' });
    expect(metrics.requests).toMatchObject([{ status: 499 }]);
    expect(metrics.running).toBe(0);
  });

  it('who got the whole answer aborts nothing', async () => {
    const endpoint = new FakeEndpoint();
    const { url, metrics } = await listening(endpoint);
    await (await fetch(`${url}/serve`, post)).text();
    await expect.poll(() => metrics.requests).toMatchObject([{ status: 200 }]);
    expect(endpoint.calls[0]?.caller.signal.aborted).toBe(false);
  });
});

describe('server-sent events', () => {
  it('arrive one by one, while the model is still at it', async () => {
    const second = gate();
    async function* items(): AsyncGenerator<string> {
      yield '"a"';
      await second.promise;
      yield '"b"';
    }
    const { url } = await listening(new FakeEndpoint({ items }));
    const response = await fetch(`${url}/serve`, events);
    expect(response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
    expect(response.headers.get('countersign-version')).toBe('1');
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    expect((await reader?.read())?.value).toBe('data: "a"\n\n');
    second.resolve();
    let rest = '';
    for (let read = await reader?.read(); read?.done === false; read = await reader?.read())
      rest += read.value;
    expect(rest).toBe('data: "b"\n\nevent: done\ndata: {}\n\n');
  });

  it('hold the model back while nobody reads, and end it when the caller leaves', async () => {
    let made = 0;
    const ended = gate();
    async function* items(): AsyncGenerator<string> {
      try {
        for (; ; made += 1) yield await Promise.resolve('x'.repeat(100_000));
      } finally {
        ended.resolve();
      }
    }
    const { url, metrics } = await listening(new FakeEndpoint({ items }));
    const socket = dial(url);
    socket.write('POST /serve HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\nContent-Length: 0\r\n\r\n');
    await once(socket, 'readable');
    let before = -1;
    await expect
      .poll(
        () => {
          const still = made === before;
          before = made;
          return still;
        },
        { interval: 100 },
      )
      .toBe(true);
    // What the sockets' buffers took, not what an endless model can make.
    expect(made).toBeLessThan(1_000);
    socket.destroy();
    await ended.promise;
    await expect.poll(() => metrics.requests).toMatchObject([{ status: 499 }]);
  });
});

describe('a body over the limit', () => {
  it('is answered 413 also to who reads only after sending all of it, and the connection goes on', async () => {
    const { url } = await listening(new FakeEndpoint());
    const socket = dial(url);
    const head = 'POST /serve HTTP/1.1\r\nHost: x\r\n';
    socket.write(`${head}Content-Length: 9000000\r\n\r\n`);
    await new Promise((sent) => socket.write('x'.repeat(9_000_000), sent));
    socket.write(`${head}Transfer-Encoding: chunked\r\n\r\n2dc6c0\r\n${'x'.repeat(3_000_000)}\r\n0\r\n\r\n`);
    socket.write(`${head}Connection: close\r\nContent-Length: 2\r\n\r\n{}`);
    const answers = await text(socket);
    expect(answers.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 413', 'HTTP/1.1 413', 'HTTP/1.1 200']);
  });
});

describe('a stop', () => {
  it('finishes what runs, tells its connection to close, and takes nothing new', async () => {
    const started = gate();
    const finish = gate();
    const endpoint = new FakeEndpoint({
      predict: (input) => {
        started.resolve();
        return finish.promise.then(() => input);
      },
    });
    const { app, url } = await listening(endpoint);
    const answer = fetch(`${url}/serve`, post);
    await started.promise;
    const closed = app.close();
    await expect
      .poll(() =>
        fetch(url).then(
          () => 'answered',
          () => 'refused',
        ),
      )
      .toBe('refused');
    finish.resolve();
    const response = await answer;
    expect(response.status).toBe(200);
    expect(response.headers.get('connection')).toBe('close');
    await response.text();
    await closed;
  });
});

describe('bytes that are no HTTP request', () => {
  it.each([
    ['NONSENSE\r\n\r\n', 400],
    [`GET / HTTP/1.1\r\nHost: x\r\nBig: ${'x'.repeat(20_000)}\r\n\r\n`, 431],
  ])('get a problem document and the end: %#', async (bytes, status) => {
    const { url } = await listening(new FakeEndpoint());
    const socket = dial(url);
    socket.write(bytes);
    const answer = await text(socket);
    expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${String(status)} `));
    expect(answer).toContain('Content-Type: application/problem+json');
    expect(JSON.parse(answer.slice(answer.indexOf('\r\n\r\n')))).toMatchObject({
      status,
      code: 'MALFORMED_REQUEST',
    });
  });
});
