import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

import { afterEach, expect, test } from 'vitest';

import { hastyClock } from '../../test/fakes/hasty-clock.ts';
import { countersignError } from '../errors/countersign-error.ts';
import { HttpClient, type Environment, type Failure } from './http-client.ts';

const signal = new AbortController().signal;
const fail: Failure = (reason, cause) =>
  countersignError('REGISTRY_UNREACHABLE', 'here', reason).with({ cause });
const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

async function serve(handle: (request: IncomingMessage, response: ServerResponse) => void): Promise<string> {
  const server = createServer(handle);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
}

async function get(url: string, env: Environment = {}, homes = [url]): Promise<string> {
  const client = new HttpClient(homes, env, hastyClock);
  const response = await client.send({ url: new URL(url) }, signal, fail);
  return `${String(response.status)} ${await response.body.text()}`;
}

test('a busy server is asked again', async () => {
  let times = 0;
  const url = await serve((_request, response) => {
    times += 1;
    response.statusCode = [503, 429][times - 1] ?? 200;
    response.end('hello');
  });
  expect(await get(url)).toBe('200 hello');
  expect(times).toBe(3);
});

test('a server that stays broken is given up after a few tries', async () => {
  let times = 0;
  const url = await serve((_request, response) => {
    times += 1;
    response.writeHead(500).end();
  });
  await expect(get(url, { MLFLOW_HTTP_REQUEST_MAX_RETRIES: '2' })).rejects.toThrow('it answers 500');
  expect(times).toBe(3);
});

test('a status that is an answer is no reason for another try', async () => {
  expect(await get(await serve((_request, response) => response.writeHead(404).end('no')))).toBe('404 no');
});

test.each([
  [{ MLFLOW_TRACKING_USERNAME: 'me', MLFLOW_TRACKING_PASSWORD: 'pw' }, `Basic ${btoa('me:pw')}`],
  [{ MLFLOW_TRACKING_TOKEN: 'abc' }, 'Bearer abc'],
  [{}, 'none'],
])('credentials %j are sent as %s', async (env, sent) => {
  const url = await serve((request, response) => response.end(request.headers.authorization ?? 'none'));
  expect(await get(url, env)).toBe(`200 ${sent}`);
  expect(await get(url.replace('127.0.0.1', 'localhost'), env, [url]).catch(() => '200 none')).toBe(
    '200 none',
  );
});

test('a redirect is followed', async () => {
  const target = await serve((_request, response) => response.end('there'));
  const url = await serve((_request, response) => response.writeHead(302, { location: target }).end());
  expect(await get(url)).toBe('200 there');
});

test('a server that is down is told in words', async () => {
  await expect(get('http://127.0.0.1:1/')).rejects.toThrow(/127.0.0.1:1 refuses the connection/);
  await expect(get('http://no-such-host.invalid/')).rejects.toThrow(/is not a host that can be found/);
});
