import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { pythonModel, writeModel } from '../support/folder-models.ts';
import { eventually, isRunning } from '../support/processes.ts';
import { pythonEnv } from '../support/python-env.ts';
import { type Served, serve } from '../support/served.ts';

const scratch = mkdtempSync(join(tmpdir(), 'countersign-composed-'));
const registry = join(scratch, 'registry');

/** Says its pid; or makes the file that the text names, and goes on until another one is there. */
const moody = pythonModel(`
how = model_input["how"].iloc[0]
if how != "pid":
    open(how, "w").close()
    while not os.path.exists(how + ".enough"):
        pass
return pd.DataFrame({"pid": [str(os.getpid())]})
`);
const config = `
models: { hasty: { timeout: 5 } }
graphs:
  hasty: { ensemble: { combine: concat, members: [moody, rounds] } }
  patient: { ensemble: { combine: concat, members: [moody, rounds] } }
`;
/** Rounds of the ONNX model: some hours. */
const endless = 20_000_000;

describe('a composed model over members in Python and ONNX', () => {
  let served: Served;
  beforeAll(async () => {
    const python = await pythonEnv('mlflow3');
    await writeModel(registry, 'moody', '1', {
      inputs: { how: 'string' },
      outputs: { pid: 'string' },
      python: moody,
    });
    const columns = { inputs: { n: 'long' }, outputs: { n_out: 'long' } };
    await writeModel(registry, 'rounds', '1', { ...columns, onnx: 'slow' });
    await writeFile(join(scratch, 'countersign.config.yaml'), config);
    const local = ['--tracking-uri', registry, '--env-manager', 'local', '--python', python];
    served = await serve(['serve', 'hasty', 'patient', ...local, '--drain-timeout', '1'], { cwd: scratch });
    await served.ready();
  });
  afterAll(async () => {
    await served[Symbol.asyncDispose]();
    rmSync(scratch, { recursive: true, force: true });
  });

  const works = async (): Promise<{ pid: string; n_out: number }> => {
    const response = await served.post('/models/patient/serve', { how: 'pid', n: 1 });
    const [row] = (await response.json()) as [{ pid: string; n_out: number }];
    expect(response.status, JSON.stringify(row)).toBe(200);
    return row;
  };

  it('has a deadline that ends a predict in a Python worker, and the error says whose it was', async () => {
    const { pid } = await works();
    const response = await served.post('/models/hasty/serve', { how: join(scratch, 'spin'), n: 1 });
    expect(response.status).toBe(504);
    expect(await response.json()).toMatchObject({
      code: 'DEADLINE_EXCEEDED',
      member: { graph: 'hasty', member: 'moody', model: 'moody', version: '1' },
    });
    await eventually(() => !isRunning(Number(pid)), 60_000, 'the worker is gone');
    expect(await works()).toMatchObject({ n_out: 1 });
  });

  it('has a deadline that an ONNX run cannot hold up', async () => {
    const response = await served.post('/models/hasty/serve', { how: 'pid', n: endless });
    expect(response.status).toBe(504);
    expect(await response.json()).toMatchObject({
      code: 'DEADLINE_EXCEEDED',
      member: { graph: 'hasty', member: 'rounds', model: 'rounds', version: '1' },
    });
    expect(await works()).toMatchObject({ n_out: 1 });
  });

  it('stops its members when the caller leaves', async () => {
    const leaving = new AbortController();
    const file = join(scratch, 'left');
    const asked = fetch(`${served.url}/models/patient/serve`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ how: file, n: 1 }),
      signal: leaving.signal,
    });
    asked.catch(() => undefined);
    await eventually(() => existsSync(file), 60_000, 'the model predicts');
    leaving.abort();
    await expect(asked).rejects.toThrow();
    const failed =
      'countersign_member_duration_seconds_count{model="patient",member="moody",outcome="failed"} 1';
    let metrics = '';
    while (!metrics.includes(failed)) metrics = await (await served.get('/metrics')).text();
    // The worker itself is left alone, in case it ends soon.
    await writeFile(`${file}.enough`, '');
    expect(await works()).toMatchObject({ n_out: 1 });
  });
});
