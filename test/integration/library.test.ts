import { createServer } from 'node:http';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

import { afterAll, beforeAll, describe, expect, expectTypeOf, it } from 'vitest';

import {
  type Closed,
  CountersignError,
  type Deployment,
  deploymentFromModelName,
  type DeploymentOptions,
  type ErrorCode,
  type Logger,
} from '../../src/index.ts';
import { writeModel } from '../support/folder-models.ts';

const root = resolve(import.meta.dirname, '../..');
const scratch = mkdtempSync(join(tmpdir(), 'countersign-library-'));
const registry = join(scratch, 'registry');
const contract = join(scratch, 'gone.contract.json');

const lines: string[] = [];
const logger: Logger = {
  debug: () => undefined,
  info: (_data, message) => lines.push(message),
  warn: (_data, message) => lines.push(message),
  error: (_data, message) => lines.push(message),
  child: () => logger,
};
const examples: DeploymentOptions = {
  trackingUri: `sqlite:///${root}/examples/registry/mlflow.db`,
  artifactsDestination: `${root}/examples/registry/artifacts`,
  cacheDir: join(root, '.cache', 'countersign'),
  port: 0,
  logger,
};
const flower = {
  'sepal length (cm)': 5.1,
  'sepal width (cm)': 3.5,
  'petal length (cm)': 1.4,
  'petal width (cm)': 0.2,
};
const setosa = [expect.objectContaining({ label: 'setosa' })];

const ask = async (url: string): Promise<unknown> =>
  (
    await fetch(`${url}/serve`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(flower),
      signal: AbortSignal.timeout(60_000),
    })
  ).json();

beforeAll(async () => {
  await writeModel(registry, 'gone', '1', { inputs: { n: 'long' }, onnx: 'slow' });
  rmSync(join(registry, 'gone/1/slow.onnx'));
  const other = [{ type: 'string', name: 'other', required: true }];
  const signature = { inputs: other, outputs: null, params: null };
  writeFileSync(contract, JSON.stringify({ model: 'gone', version: '1', signature }));
});
afterAll(() => {
  rmSync(scratch, { recursive: true, force: true });
});

describe('a model inside a program', () => {
  it('listens on a port of its own, and gives it back', async () => {
    const deployment = await deploymentFromModelName('iris_classifier', { ...examples, defaultVersion: '1' });
    const url = await deployment.listen();
    expect(await ask(url)).toEqual(setosa);
    expect((await fetch(`${url}/readyz`)).status).toBe(200);
    expect(await deployment.close()).toEqual({ drained: true, ended: true });
    await expect(fetch(`${url}/livez`)).rejects.toThrow();
    expect(lines).toContain('ready');
  });

  it('answers requests of a server that the program already has', async () => {
    const deployment = await deploymentFromModelName('iris_classifier', {
      ...examples,
      defaultVersion: '@production',
    });
    const server = createServer(deployment.handler).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const url = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
    expect(await ask(url)).toEqual(setosa);
    expect(await deployment.close()).toEqual({ drained: true, ended: true });
    expect(await ask(url)).toMatchObject({ status: 503, code: 'SERVER_STOPPING' });
    server.closeAllConnections();
    server.close();
  });

  it('runs beside another one in the same program', async () => {
    const two = await Promise.all(
      ['1', '2'].map((defaultVersion) =>
        deploymentFromModelName('iris_classifier', { ...examples, defaultVersion }),
      ),
    );
    const urls = await Promise.all(two.map((deployment) => deployment.listen()));
    expect(await Promise.all(urls.map(ask))).toEqual([setosa, setosa]);
    await Promise.all(two.map((deployment) => deployment.close()));
  });

  it.each([
    ['nobody', {}, 'MODEL_NOT_FOUND'],
    ['iris_classifier', { defaultVersion: '9' }, 'VERSION_NOT_FOUND'],
    ['iris_classifier', { port: -1 }, 'INVALID_OPTION'],
    ['iris_classifier', { trackingUri: `sqlite:///${scratch}/nowhere.db` }, 'REGISTRY_UNREACHABLE'],
    ['gone', { trackingUri: registry }, 'VERSION_LOAD_FAILED'],
    ['gone', { trackingUri: registry, contract }, 'CONTRACT_BROKEN'],
  ] satisfies [string, DeploymentOptions, ErrorCode][])(
    'that cannot be served rejects with its code (%s, %o: %s)',
    async (name, options, code) => {
      await expect(deploymentFromModelName(name, { ...examples, ...options })).rejects.toMatchObject({
        code,
      });
    },
  );

  it('rejects a port that is taken when it is to listen, and can be closed then', async () => {
    const first = await deploymentFromModelName('iris_classifier', examples);
    const port = Number(new URL(await first.listen()).port);
    const second = await deploymentFromModelName('iris_classifier', { ...examples, port });
    const refused: unknown = await second.listen().catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(CountersignError);
    expect(refused).toMatchObject({ code: 'ADDRESS_IN_USE' });
    await Promise.all([first.close(), second.close()]);
  });
});

describe('the types of the public API', () => {
  it('are those of the documents', () => {
    expectTypeOf(deploymentFromModelName).parameter(0).toBeString();
    expectTypeOf(deploymentFromModelName).returns.resolves.toEqualTypeOf<Deployment>();
    expectTypeOf<Deployment['listen']>().returns.resolves.toBeString();
    expectTypeOf<Deployment['close']>().returns.resolves.toEqualTypeOf<Closed>();
    expectTypeOf<Deployment['handler']>().parameters.toEqualTypeOf<[IncomingMessage, ServerResponse]>();
    expectTypeOf<DeploymentOptions['defaultVersion']>().toEqualTypeOf<string | undefined>();
    expectTypeOf<DeploymentOptions['engine']>().extract<string>().toExtend<string>();
    expectTypeOf<CountersignError['code']>().toEqualTypeOf<ErrorCode>();
  });

  it('refuse what could not be meant', () => {
    const refused: readonly DeploymentOptions[] = [
      // @ts-expect-error one of the choices
      { engine: 'tensorrt' },
      // @ts-expect-error the name is the first argument
      { modelUri: 'models:/a/1' },
      // @ts-expect-error seconds, as a number
      { timeout: '60' },
      // @ts-expect-error no such option
      { prot: 8000 },
    ];
    expect(refused).toHaveLength(4);
    // @ts-expect-error codes are a closed list
    expectTypeOf<'NO_SUCH_CODE'>().toExtend<ErrorCode>();
  });
});
