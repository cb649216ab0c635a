/**
 * A process that stands for a gateway: it loads a model in a forked and in a spawned worker, prints the pids of
 * both, and then runs until it is killed: node engine-parent.ts PYTHON MODEL_DIRECTORY RUNTIME_DIRECTORY
 */
import { join } from 'node:path';

import { createPythonEngine } from '../../src/engine/python/engine.ts';
import { silentLogger } from '../../src/telemetry/logger.ts';
import { systemClock } from '../../src/util/clock.ts';
import { callerOf } from '../../src/util/caller.ts';

const [python = '', directory = '', runtimeDir = ''] = process.argv.slice(2);
const environment = { python, pythonVersion: '3', id: 'test', description: 'test' };
const never = new AbortController().signal;
const columns = [{ name: 'how', vector: { dtype: 'str', data: ['pid'] }, nulls: null }] as const;
const call = { input: { kind: 'table', rows: 1, columns }, params: new Map(), requestId: 'r' } as const;
const spin = {
  ...call,
  input: { ...call.input, columns: [{ ...columns[0], vector: { dtype: 'str', data: ['spin'] } as const }] },
};

const pids = [true, false].map(async (fork) => {
  const engine = createPythonEngine({
    environments: { prepare: () => Promise.resolve(environment) },
    workers: 1,
    hostDirectory: join(import.meta.dirname, '../../python'),
    runtimeDir,
    fork,
    clock: systemClock,
    logger: silentLogger,
  });
  const metadata = {
    model: 'moody',
    version: '1',
    flavors: { python_function: {} },
    signature: null,
    mlflowVersion: null,
    modelId: null,
    runId: null,
    metadata: {},
    example: null,
  };
  const servable = await engine.loader(metadata, { directory }).load(never, () => undefined);
  const answer = await servable.predict(call, callerOf(never));
  // Busy in Python code, so that it would not notice anything by itself.
  void servable.predict(spin, callerOf(never));
  return answer.kind === 'value' ? answer.value : null;
});
process.stdout.write(`${JSON.stringify((await Promise.all(pids)).flat())}\n`);
setInterval(() => undefined, 1000);
