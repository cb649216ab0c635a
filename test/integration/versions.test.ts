import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { type FolderModel, pythonModel, writeModel } from '../support/folder-models.ts';
import { pythonEnv } from '../support/python-env.ts';
import { type Served, serve } from '../support/served.ts';

const registry = mkdtempSync(join(tmpdir(), 'countersign-versions-'));
afterAll(() => {
  rmSync(registry, { recursive: true, force: true });
});

interface VersionRow {
  readonly version: string;
  readonly state: string;
  readonly reason: string;
}

async function statesOf(served: Served, model: string): Promise<Record<string, string>> {
  const view = (await (await served.get(`/models/${model}/versions`)).json()) as { versions: VersionRow[] };
  return Object.fromEntries(view.versions.map(({ version, state }) => [version, state]));
}

const columns = { inputs: { ask: 'string' }, outputs: { answer: 'string' } };
const says = (answer: string): FolderModel => ({
  ...columns,
  python: pythonModel(`return pd.DataFrame({"answer": [${answer}] * len(model_input)})`),
});

describe('two versions with requirements that exclude each other', () => {
  const mlflow = ['mlflow-skinny==3.17.2', 'pandas==3.1.1'];
  const python = pythonModel('return pd.DataFrame({"answer": [six.__version__]})', 'global six\nimport six');

  it('serve side by side, each answering with the library it imported', async () => {
    await writeModel(registry, 'six', '1', { ...columns, python, requirements: [...mlflow, 'six==1.16.0'] });
    await writeModel(registry, 'six', '2', { ...columns, python, requirements: [...mlflow, 'six==1.17.0'] });
    await using served = await serve([
      'serve',
      'six',
      ...['--default-version', '1', '--env-manager', 'uv', '--timeout', '280', '--tracking-uri', registry],
    ]);
    const answers = await Promise.all(
      ['1', '2'].map(async (version) => (await served.post('/serve', { ask: 'x' }, version)).json()),
    );
    expect(answers).toEqual([[{ answer: '1.16.0' }], [{ answer: '1.17.0' }]]);
    expect(await statesOf(served, 'six')).toEqual({ '1': 'available', '2': 'available' });
  }, 300_000);
});

describe('many versions of one model', () => {
  let served: Served;
  beforeAll(async () => {
    for (const version of ['1', '2', '3', '4'])
      await writeModel(registry, 'many', version, says(`"v${version}"`));
    const broken = pythonModel('return model_input', 'raise RuntimeError("the weights are not here")');
    await writeModel(registry, 'many', '5', { ...columns, python: broken });
    await writeModel(registry, 'many', '6', {
      inputs: { other: 'string' },
      outputs: { answer: 'string' },
      python: broken,
    });
    const python = await pythonEnv('mlflow3');
    served = await serve([
      'serve',
      'many',
      ...['--default-version', '1', '--max-versions', '1', '--env-manager', 'local', '--python', python],
      ...['--tracking-uri', registry],
    ]);
    await served.ready();
  });
  afterAll(() => served[Symbol.asyncDispose]());

  const ask = async (selector: string): Promise<unknown> =>
    (await served.post('/serve', { ask: 'x' }, selector)).json();

  it('load on demand, and the least recently used goes when there are more than --max-versions', async () => {
    expect(await statesOf(served, 'many')).toMatchObject({ '1': 'available', '2': 'registered' });
    expect(await ask('2')).toEqual([{ answer: 'v2' }]);
    expect(await ask('3')).toEqual([{ answer: 'v3' }]);
    await expect
      .poll(() => statesOf(served, 'many'), { timeout: 20_000 })
      .toMatchObject({
        '1': 'available',
        '2': 'unloaded',
        '3': 'available',
        '4': 'registered',
      });
    expect(await ask('02')).toEqual([{ answer: 'v2' }]);
  });

  it('keep the default, however many others are asked for', async () => {
    for (const version of ['2', '3', '4']) await ask(version);
    expect(await statesOf(served, 'many')).toMatchObject({ '1': 'available' });
    expect(await ask('')).toEqual([{ answer: 'v1' }]);
  });

  it('answer 503 with the reason when their load fails, while the default serves and nobody is let go', async () => {
    await ask('4');
    const failed = await served.post('/serve', { ask: 'x' }, '5');
    expect(failed.status).toBe(503);
    expect(Number(failed.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(await failed.json()).toMatchObject({
      code: 'VERSION_LOAD_FAILED',
      detail: expect.stringContaining('the weights are not here') as string,
    });
    expect(await ask('1')).toEqual([{ answer: 'v1' }]);
    expect(await statesOf(served, 'many')).toMatchObject({
      '1': 'available',
      '4': 'available',
      '5': 'failed',
    });
  });

  it('that could not honour the contract are refused from metadata alone: nothing is loaded for them', async () => {
    const refused = await served.post('/serve', { ask: 'x' }, '6');
    expect(refused.status).toBe(409);
    expect(await statesOf(served, 'many')).toMatchObject({ '6': 'registered' });
  });

  it('registered while it runs are served when asked for', async () => {
    await writeModel(registry, 'many', '7', says('"v7"'));
    expect(await ask('7')).toEqual([{ answer: 'v7' }]);
  });

  it('registered again under their number are loaded anew, once somebody looks', async () => {
    await writeModel(registry, 'many', '8', says('"v8"'));
    expect(await ask('8')).toEqual([{ answer: 'v8' }]);
    await setTimeout(1_100);
    await writeModel(registry, 'many', '8', says('"v8, better"'));
    await statesOf(served, 'many');
    expect(await ask('8')).toEqual([{ answer: 'v8, better' }]);
  });
});
