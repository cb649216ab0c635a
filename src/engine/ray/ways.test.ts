import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { RecordingLogger } from '../../../test/fakes/recording-logger.ts';
import { CountersignError } from '../../errors/countersign-error.ts';
import { packFrame } from '../../frames/frame.ts';
import { systemClock } from '../../util/clock.ts';
import { ClusterView } from './cluster-view.ts';
import { Dashboard } from './dashboard.ts';
import { noVersion, versionKey } from './replica-note.ts';
import { askOnce, type OnCluster } from './servable.ts';
import type { AskedReplica, Outcome, Question } from './way.ts';
import { Ways } from './ways.ts';

const application = 'countersign-m';
const never = new AbortController().signal;
const end = Buffer.concat(packFrame({ t: 'end', id: 1 }, []));

/** A replica as far as a gateway sees it: it has what it was asked for, and answers as it is told to. */
class FakeReplica {
  readonly id: string;
  readonly asked: string[] = [];
  readonly has: string[];
  answer: RequestListener | null = null;
  /** What Ray says of it; only those that run are targets. */
  state = 'RUNNING';
  room = 2;
  #changes = 0;
  readonly server: Server;

  constructor(id: string, ...has: readonly string[]) {
    this.id = id;
    this.has = [...has];
    this.server = createServer((request, response) => {
      const [what = '', uri] = [
        request.url?.split('/').at(-1),
        request.headers['serve_multiplexed_model_id'],
      ];
      request.resume().on('end', () => {
        if (what !== 'status') this.asked.push(what);
        if (this.answer !== null && what !== 'status') {
          this.answer(request, response);
          return;
        }
        if (what !== 'status' && !this.has.includes(String(uri))) this.has.push(String(uri));
        const keys = this.has.map(versionKey).join(',');
        const note = `${id};${String((this.#changes += 1))};0;${String(this.room)};${keys}`;
        response.writeHead(200, { 'countersign-replica': note }).end(what === 'status' ? '' : end);
      });
    });
  }
}

let head: Server;
let replicas: FakeReplica[];
let proxyAnswer: RequestListener;
let exposed: boolean;
/** Ray's proxy is where nobody listens. */
let refusing: boolean;
let dashboard: Dashboard;
let view: ClusterView;
let ways: Ways;
let asked: AskedReplica[];
let uploads: number;

const listening = async (server: Server): Promise<number> => {
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return portOf(server);
};
const portOf = (server: Server): number => (server.address() as AddressInfo | null)?.port ?? 9;

beforeEach(async () => {
  [replicas, asked, uploads, exposed, refusing] = [[], [], 0, true, false];
  proxyAnswer = (_, response) => response.writeHead(200, { 'countersign-replica': 'p;1;0;2;' }).end(end);
  const ports = new Map<string, number>();
  head = createServer((request, response) => {
    if (request.url !== '/api/serve/applications/') {
      proxyAnswer(request, response);
      return;
    }
    const targets = replicas.flatMap(({ id, server, state }) => {
      if (state !== 'RUNNING') return [];
      // A replica that is gone stays in the list for a while.
      if (server.listening) ports.set(id, portOf(server));
      return { name: `SERVE_REPLICA::${application}#Replica#${id}`, ip: '127.0.0.1', port: ports.get(id) };
    });
    const proxy = { name: 'proxy', ip: '127.0.0.1', port: portOf(head) };
    const running = replicas.map(({ id, state }) => ({ replica_id: id, state }));
    const group = exposed
      ? { protocol: 'HTTP', app_name: application, targets }
      : { protocol: 'HTTP', app_name: '', targets: [proxy] };
    response.end(
      JSON.stringify({
        http_options: { port: refusing ? 9 : portOf(head) },
        target_groups: [group],
        applications: {
          [application]: { status: 'RUNNING', deployments: { Replica: { replicas: running } } },
        },
      }),
    );
  });
  const port = await listening(head);
  dashboard = new Dashboard(new URL(`http://127.0.0.1:${String(port)}`), () => Promise.resolve(null));
  const logger = new RecordingLogger();
  view = new ClusterView(dashboard, systemClock, logger);
  ways = new Ways({ view, clock: systemClock, logger, onAsked: (one) => asked.push(one) });
});

afterEach(async () => {
  view.close();
  await Promise.all([ways.close(), dashboard.close()]);
  for (const server of [head, ...replicas.map((replica) => replica.server)]) {
    server.closeAllConnections();
    server.close();
  }
});

const running = async (...started: readonly FakeReplica[]): Promise<void> => {
  replicas = [...started];
  for (const { server } of started) await listening(server);
};
const question = (uri = 'gcs://v1'): Question => ({
  ...{ application, model: 'm', what: 'predict', requestId: 'r', uri, key: versionKey(uri) },
  frame: Buffer.from('x'),
  avoid: null,
  upload: () => {
    uploads += 1;
    return Promise.resolve();
  },
});
const ask = async (uri?: string, signal = never): Promise<Outcome['type']> => {
  const outcome = await ways.ask(question(uri), signal);
  if (outcome.type === 'messages') await Array.fromAsync(outcome.messages);
  return outcome.type;
};
const failing = (promise: Promise<unknown>): Promise<CountersignError> =>
  promise.then(
    () => expect.fail('it did not fail'),
    (thrown: unknown) => CountersignError.from(thrown),
  );
const gone = (replica: FakeReplica): void => {
  replica.server.closeAllConnections();
  replica.server.close();
};

describe('directly', () => {
  test('a request goes to the replica that has the version, as it said itself', async () => {
    await running(new FakeReplica('a', 'gcs://v2'), new FakeReplica('b', 'gcs://v1'));
    for (let i = 0; i < 5; i += 1) expect(await ask('gcs://v1')).toBe('messages');
    expect(await ask('gcs://v2')).toBe('messages');
    expect(replicas.map((replica) => replica.asked.length)).toEqual([1, 5]);
    expect(asked).toContainEqual({ model: 'm', way: 'direct', replica: 'a' });
    expect(ways.describe(application)).toEqual({ way: 'direct', sentence: 'directly to 2 replicas' });
    expect(ways.replicas(application)).toBe(2);
  });

  test('versions that nobody has are shared out, and stay where they came up', async () => {
    await running(new FakeReplica('a'), new FakeReplica('b'));
    for (let round = 0; round < 5; round += 1)
      for (const uri of ['gcs://v1', 'gcs://v2', 'gcs://v3']) await ask(uri);
    const all = replicas.flatMap(({ has }) => has);
    expect(all.toSorted()).toEqual(['gcs://v1', 'gcs://v2', 'gcs://v3']);
    expect(replicas.map(({ has }) => has.length).toSorted()).toEqual([1, 2]);
  });

  test('what replicas have beside what they were asked for is known after a look', async () => {
    await running(new FakeReplica('a', 'gcs://v2'), new FakeReplica('b'));
    const [a = expect.fail(), b = expect.fail()] = replicas;
    // Else it would be the place for the next one.
    a.room = 9;
    await ask('gcs://v2');
    b.has.push('gcs://v1');
    await ways.look(application);
    expect(await ask('gcs://v1')).toBe('messages');
    expect(replicas.map((replica) => replica.asked.length)).toEqual([1, 1]);
  });

  test('a replica that refuses costs nothing but a try, and the reason is told', async () => {
    await running(new FakeReplica('a', 'gcs://v1'), new FakeReplica('b'));
    await ask();
    gone(replicas[0] ?? expect.fail());
    await delay(50);
    expect(await ask()).toBe('messages');
    expect(replicas[1]?.asked).toEqual(['predict']);
    expect(ways.describe(application).sentence).toMatch(
      /^directly to 1 of 2 replicas \(127.0.0.1:\d+ refuses\)$/,
    );
  });

  test('a replica that dies over a request is not asked again, and is after it answered a probe', async () => {
    await running(new FakeReplica('a', 'gcs://v1'), new FakeReplica('b'));
    const [a = expect.fail(), b = expect.fail()] = replicas;
    a.answer = (request) => request.socket.destroy();
    expect(await ask()).toBe('lost');
    expect(await ask()).toBe('messages');
    expect([a.asked.length, b.asked.length]).toEqual([1, 1]);
    a.answer = null;
    while (ways.replicas(application) !== 2) await delay(20);
  });

  test('who lost a request before is avoided, if there is another', async () => {
    await running(new FakeReplica('a', 'gcs://v1'), new FakeReplica('b'));
    for (const avoid of ['a', 'b']) {
      const outcome = await ways.ask({ ...question(), avoid }, never);
      expect(outcome).toMatchObject({ type: 'messages', by: avoid === 'a' ? 'b' : 'a' });
      if (outcome.type === 'messages') await Array.fromAsync(outcome.messages);
    }
    gone(replicas[1] ?? expect.fail());
    await delay(50);
    expect(await ways.ask({ ...question(), avoid: 'a' }, never)).toMatchObject({ by: 'a' });
  });

  test('a full replica sends a request to one other, and then it is RAY_BUSY with the Retry-After', async () => {
    await running(new FakeReplica('a', 'gcs://v1'), new FakeReplica('b'), new FakeReplica('c'));
    const full: RequestListener = (_, response) => response.writeHead(503, { 'retry-after': '7' }).end();
    for (const replica of replicas) replica.answer = full;
    const error = await failing(ask());
    expect([error.code, error.status, error.facts.retryAfterSeconds]).toEqual(['RAY_BUSY', 503, 7]);
    expect(replicas.flatMap((replica) => replica.asked)).toHaveLength(2);
  });

  test('a version that keeps its replica busy is loaded in a further one, beside the requests and once', async () => {
    await running(new FakeReplica('a', 'gcs://v1'), new FakeReplica('b'));
    const [a = expect.fail(), b = expect.fail()] = replicas;
    const { promise, resolve } = Promise.withResolvers<undefined>();
    a.answer = (_, response) => void promise.then(() => response.writeHead(200).end(end));
    const answers = Array.from({ length: 5 }, () => ask());
    while (!b.asked.includes('spread')) await delay(10);
    resolve(undefined);
    expect(await Promise.all(answers)).toEqual(Array.from({ length: 5 }, () => 'messages'));
    expect([uploads, b.asked.filter((what) => what === 'spread').length]).toEqual([1, 1]);
    expect(b.has).toEqual(['gcs://v1']);
    a.answer = (_, response) => void delay(50).then(() => response.writeHead(200).end(end));
    await Promise.all(Array.from({ length: 4 }, () => ask()));
    expect(b.asked).toContain('predict');
  });

  test('a replica whose answer was read is not busy: one caller keeps to one replica', async () => {
    await running(new FakeReplica('a', 'gcs://v1'), new FakeReplica('b'));
    const on: OnCluster = {
      ...{ ref: { model: 'm', version: '1' }, application, uri: 'gcs://v1', key: versionKey('gcs://v1') },
      ...{ way: ways, logger: new RecordingLogger() },
      upload: () => Promise.resolve(),
      redeploy: () => Promise.resolve(),
    };
    let connections = 0;
    replicas[0]?.server.on('connection', () => (connections += 1));
    for (let i = 0; i < 10; i += 1) await askOnce(on, 'predict', { type: 'ping', id: 1 }, never);
    expect(ways.known.map(({ inFlight }) => inFlight)).toEqual([0]);
    // A client is free for the next request a moment after it has answered.
    expect(connections).toBeLessThanOrEqual(2);
    expect(replicas.map((replica) => replica.asked)).toEqual([
      Array.from({ length: 10 }, () => 'predict'),
      [],
    ]);
  });

  test('a question to the replica itself is no version: it is loaded nowhere, however many ask', async () => {
    await running(new FakeReplica('a'), new FakeReplica('b'));
    const check: Question = { ...question('nothing:'), what: 'check', key: noVersion };
    await Promise.all([1, 2, 3].map(() => ways.ask(check, never)));
    await delay(50);
    expect(new Set(replicas.flatMap((replica) => replica.asked))).toEqual(new Set(['check']));
  });

  test('a caller who leaves, and a deadline, end the request at the replica too', async () => {
    await running(new FakeReplica('a', 'gcs://v1'));
    const [a = expect.fail()] = replicas;
    let closed = 0;
    a.answer = (_, response) => void response.on('close', () => (closed += 1));
    const [leaving, deadline] = [new AbortController(), new AbortController()];
    const left = failing(ask('gcs://v1', leaving.signal));
    const late = failing(ask('gcs://v1', deadline.signal));
    while (a.asked.length < 2) await delay(10);
    leaving.abort();
    deadline.abort(new DOMException('time is up', 'TimeoutError'));
    expect([(await left).code, (await late).code]).toEqual(['CALLER_LEFT', 'DEADLINE_EXCEEDED']);
    while (closed < 2) await delay(10);
  });

  test('a controller that was started again and knows of no replica yet takes away none that answers', async () => {
    await running(new FakeReplica('a', 'gcs://v1'), new FakeReplica('b'));
    expect(await ask()).toBe('messages');
    const [a = expect.fail(), b = expect.fail()] = replicas;
    gone(b);
    replicas = [];
    await view.read(never);
    expect(await ask()).toBe('messages');
    expect([a.asked.length, ways.describe(application).sentence]).toEqual([2, 'directly to 1 replica']);
    gone(a);
  });

  test.each([
    ['is told of a version', 'UPDATING', true],
    ['is found again by a new controller', 'RECOVERING', true],
    ['is stopped', 'STOPPING', false],
  ])('a replica that %s is %s, and no target then; asked: %s', async (_, state, stays) => {
    await running(new FakeReplica('a', 'gcs://v1'), new FakeReplica('b'));
    await ask('gcs://v1');
    const [a = expect.fail(), b = expect.fail()] = replicas;
    a.state = state;
    await view.read(never);
    await ask('gcs://v1');
    expect([a.asked.length, b.asked.length]).toEqual(stays ? [2, 0] : [1, 1]);
  });

  test('what is in flight in a replica that is no more is lost, not waited for', async () => {
    await running(new FakeReplica('a', 'gcs://v1'), new FakeReplica('b'));
    const [a = expect.fail(), b = expect.fail()] = replicas;
    a.answer = () => undefined;
    const outcome = ask();
    while (a.asked.length === 0) await delay(10);
    replicas = [b];
    await view.read(never);
    expect(await outcome).toBe('lost');
    gone(a);
  });
});

describe("through Ray's proxy", () => {
  test.each([
    [
      'the cluster does not expose replicas',
      'the cluster does not expose replicas (RAY_SERVE_ENABLE_DIRECT_INGRESS=1 does)',
    ],
    ['an advertised port refuses', 'refuses'],
    ['no replica runs', 'no replica is running'],
  ])('where %s, with that reason', async (why, words) => {
    if (!why.startsWith('no')) await running(new FakeReplica('a'));
    exposed = !why.startsWith('the cluster');
    if (why.startsWith('an')) {
      await view.read(never);
      gone(replicas[0] ?? expect.fail());
    }
    expect(await ask()).toBe('messages');
    expect(asked).toEqual([{ model: 'm', way: 'proxy', replica: 'p' }]);
    const { way, sentence } = ways.describe(application);
    expect([way, sentence]).toEqual(['proxy', expect.stringContaining(words)]);
  });

  test('where no proxy takes requests either, a request waits if one was answered before, else it is told', async () => {
    refusing = true;
    expect((await failing(ask())).code).toBe('RAY_UNREACHABLE');
    refusing = false;
    await view.read(never);
    expect(await ask()).toBe('messages');
    refusing = true;
    await view.read(never);
    const waiting = ask();
    await delay(300);
    refusing = false;
    expect(await waiting).toBe('messages');
  });

  test("Ray's back-pressure is RAY_BUSY with its Retry-After, 404 is an application that is gone, 500 is lost", async () => {
    proxyAnswer = (_, response) => response.writeHead(503, { 'retry-after': '7' }).end('no');
    const error = await failing(ask());
    expect([error.code, error.status, error.facts.retryAfterSeconds]).toEqual(['RAY_BUSY', 503, 7]);
    proxyAnswer = (_, response) => response.writeHead(404).end('no');
    expect(await ask()).toBe('gone');
    proxyAnswer = (_, response) => response.writeHead(500).end('no');
    expect(await ask()).toBe('lost');
  });

  test('a proxy that dies over a request costs one more try, two of them lose it', async () => {
    const answering = proxyAnswer;
    const broken: RequestListener = (request) => request.socket.destroy();
    proxyAnswer = (request, response) => {
      proxyAnswer = answering;
      broken(request, response);
    };
    expect(await ask()).toBe('messages');
    proxyAnswer = broken;
    expect(await ask()).toBe('lost');
  });
});
