import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { resolve } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';

import { RecordingLogger } from '../../../test/fakes/recording-logger.ts';
import { rayScale } from '../../config/ray-options.ts';
import { CountersignError } from '../../errors/countersign-error.ts';
import { systemClock } from '../../util/clock.ts';
import { asList, asRecord, type UnknownRecord } from '../../util/unknown.ts';
import { knownOf } from './application.ts';
import { Dashboard } from './dashboard.ts';
import { Deployments } from './deployments.ts';

const never = new AbortController().signal;
const ignore = (): void => undefined;
const scale = (replicas: number) => rayScale({}, replicas);
const wanted = { model: 'm', scale: scale(1), maxVersions: 3 };

/** Ray's REST API, as far as these tests go. */
let applications: Record<
  string,
  { status: string; message: string; deployed_app_config: UnknownRecord | null }
>;
let puts: UnknownRecord[];
let status: string;
/** States of the replicas of each application. */
let states: readonly string[];
/** What somebody else does right after a PUT. */
let meanwhile = ignore;
let server: Server;
let dashboard: Dashboard;
let deployments: Deployments;
const logger = new RecordingLogger();

beforeEach(async () => {
  [applications, puts, status, states] = [{}, [], 'RUNNING', []];
  server = createServer((request, response) => {
    let body = '';
    request.setEncoding('latin1').on('data', (chunk: string) => (body += chunk));
    request.on('end', () => {
      if (request.url === '/api/serve/applications/' && request.method === 'PUT') {
        put(JSON.parse(body) as UnknownRecord);
        meanwhile();
        response.end();
      } else {
        const { port } = server.address() as AddressInfo;
        response.end(JSON.stringify({ applications, proxy_location: 'HeadOnly', http_options: { port } }));
      }
    });
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const address = new URL(`http://127.0.0.1:${String((server.address() as AddressInfo).port)}`);
  dashboard = new Dashboard(address, () => Promise.resolve(null));
  const hostDirectory = resolve(import.meta.dirname, '../../../python');
  deployments = new Deployments({ dashboard, hostDirectory, clock: systemClock, logger });
});

afterEach(async () => {
  await dashboard.close();
  await new Promise((closed) => server.close(closed));
});

/** As Ray does it: what is not named is gone. */
function put(config: UnknownRecord): void {
  puts.push(config);
  const kept = Object.entries(applications).filter(
    ([, { deployed_app_config: written }]) => written === null,
  );
  const message = status === 'DEPLOY_FAILED' ? 'Traceback\n  File "x"\nImportError: no such thing\n' : '';
  const replicas = states.map((state, index) => ({ replica_id: `r${String(index)}`, state }));
  const parts = { Replica: { replicas } };
  const now = asList(config['applications'])
    .map(asRecord)
    .map((app) => [String(app['name']), { status, message, deployed_app_config: app, deployments: parts }]);
  applications = Object.fromEntries([...kept, ...now]) as typeof applications;
}

const failing = (promise: Promise<unknown>): Promise<CountersignError> =>
  promise.then(
    () => expect.fail('it did not fail'),
    (thrown: unknown) => CountersignError.from(thrown),
  );

test('what others deployed is named again, with what Serve was started with', async () => {
  const theirs = { name: 'theirs', import_path: 'a:b' };
  applications = { theirs: { status: 'RUNNING', message: '', deployed_app_config: theirs } };
  expect(await deployments.deploy(wanted, never, ignore)).toBe(true);
  expect(puts).toHaveLength(1);
  expect(puts[0]).toMatchObject({
    proxy_location: 'HeadOnly',
    applications: [theirs, { name: 'countersign-m' }],
  });
});

test('the same again writes nothing, another number of replicas does', async () => {
  await deployments.deploy(wanted, never, ignore);
  expect(await deployments.deploy(wanted, never, ignore)).toBe(false);
  expect(puts).toHaveLength(1);
  expect(await deployments.deploy({ ...wanted, scale: scale(2) }, never, ignore)).toBe(true);
  expect(Object.keys(applications)).toEqual(['countersign-m']);
});

test('models deployed at the same time do not overwrite each other', async () => {
  await Promise.all(['a', 'b', 'c'].map((model) => deployments.deploy({ ...wanted, model }, never, ignore)));
  expect((await deployments.list(never)).map(({ model }) => model)).toEqual(['a', 'b', 'c']);
});

test('undeploy takes the model and nothing else, and says when there was none', async () => {
  const theirs = { name: 'countersign-other', import_path: 'a:b' };
  applications = { 'countersign-other': { status: 'RUNNING', message: '', deployed_app_config: theirs } };
  await deployments.deploy(wanted, never, ignore);
  expect(await deployments.undeploy('m', never)).toBe(true);
  expect(await deployments.undeploy('other', never)).toBe(false);
  expect(Object.keys(applications)).toEqual(['countersign-other']);
});

test('versions are told beside those that are known, and one default to all applications of the model', async () => {
  const environment = { id: 'abc', tool: 'uv', packages: ['six'] } as const;
  await deployments.deploy({ ...wanted, known: { default: '1', versions: { '1': 'a' } } }, never, ignore);
  await deployments.deploy({ ...wanted, environment, known: { versions: { '2': 'b' } } }, never, ignore);
  const elsewhere = { application: 'countersign-m=-abc' };
  await deployments.deploy(
    { ...wanted, known: { default: '2', versions: { '2': elsewhere } } },
    never,
    ignore,
  );
  const knows = (name: string): unknown => knownOf(applications[name]?.deployed_app_config ?? null);
  expect(knows('countersign-m')).toEqual({ default: '2', versions: { '1': 'a', '2': elsewhere } });
  expect(knows('countersign-m=-abc')).toEqual({ versions: { '2': 'b' }, default: '2' });
  const before = puts.length;
  expect(await deployments.deploy({ ...wanted, known: { versions: { '1': 'a' } } }, never, ignore)).toBe(
    false,
  );
  expect(await deployments.deploy(wanted, never, ignore)).toBe(false);
  expect(puts).toHaveLength(before);

  await deployments.removeApplication('countersign-m=-abc', never);
  expect(knows('countersign-m')).toEqual({ default: '2', versions: { '1': 'a' } });
  await deployments.deploy({ ...wanted, environment }, never, ignore);
  expect(await deployments.undeploy('m', never)).toBe(true);
  expect(Object.keys(applications)).toEqual([]);
});

test('what another writer takes away at the same moment is written again if it is ours, and told if it is not', async () => {
  const theirs = { name: 'theirs', import_path: 'a:b' };
  applications = { theirs: { status: 'RUNNING', message: '', deployed_app_config: theirs } };
  meanwhile = () => {
    meanwhile = ignore;
    applications = {};
  };
  expect(await deployments.deploy(wanted, never, ignore)).toBe(true);
  expect(Object.keys(applications)).toEqual(['countersign-m']);
  expect(logger.lines.at(-1)).toMatchObject({
    level: 'warn',
    message: 'another writer changed the applications of the cluster at the same time',
    data: { applications: ['theirs', 'countersign-m'] },
  });
});

test('a deployment that fails tells the last line of the trace', async () => {
  status = 'DEPLOY_FAILED';
  const error = await failing(deployments.deploy(wanted, never, ignore));
  expect([error.code, error.message]).toEqual([
    'RAY_DEPLOY_FAILED',
    'Ray Serve could not bring up the application countersign-m: ImportError: no such thing',
  ]);
});

test('what Ray calls UNHEALTHY is deployed while a replica of it runs, and waited for while none does', async () => {
  status = 'UNHEALTHY';
  states = ['STARTING', 'RUNNING'];
  expect(await deployments.deploy(wanted, never, ignore)).toBe(true);
  expect(await deployments.deploy(wanted, never, ignore)).toBe(false);
  states = ['STARTING'];
  const said: string[] = [];
  const soon = AbortSignal.timeout(200);
  const model = { ...wanted, model: 'other' };
  await expect(deployments.deploy(model, soon, (sentence) => said.push(sentence))).rejects.toThrow();
  expect(said.at(-1)).toBe('waiting for the application countersign-other: UNHEALTHY');
});

test('where nobody listens, and where it is not Ray, is RAY_UNREACHABLE with the reason', async () => {
  const nobody = new Dashboard(new URL('http://127.0.0.1:9'), () => Promise.resolve(null));
  expect(await failing(nobody.version(never))).toMatchObject({
    code: 'RAY_UNREACHABLE',
    exitCode: 3,
    message: expect.stringContaining('nothing listens there') as string,
  });
  await nobody.close();
  expect((await failing(dashboard.version(never))).message).toContain('what answers there is not Ray');
});
