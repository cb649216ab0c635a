import { expect, test } from 'vitest';

import { RecordingLogger } from '../../../test/fakes/recording-logger.ts';
import { onnxVersion } from '../../../test/support/onnx-specimens.ts';
import { CountersignError } from '../../errors/countersign-error.ts';
import type { ClusterEnvironment } from './application.ts';
import { chooseEnvironment, type ClusterEnvManager } from './choose-environment.ts';

interface Said {
  readonly requirements: string;
  readonly lacks: readonly string[];
  readonly tools?: readonly string[];
  readonly python?: string;
}

async function choose(
  manager: ClusterEnvManager,
  { requirements, lacks, tools = ['uv', 'pip', 'virtualenv'], python = '3.11.4' }: Said,
): Promise<{ chosen: ClusterEnvironment | null; heard: readonly string[]; asked: readonly string[] }> {
  const [heard, asked]: [string[], string[]] = [[], []];
  const files: Readonly<Record<string, string>> = {
    'requirements.txt': requirements,
    'python_env.yaml': 'python: 3.11.7\nbuild_dependencies: [pip==24.0, setuptools==68.2.2]\n',
  };
  const chosen = await chooseEnvironment(
    {
      manager,
      metadata: onnxVersion('m', {}),
      files: {
        remoteUri: () => Promise.resolve(null),
        read: (path) => Promise.resolve(path in files ? new TextEncoder().encode(files[path]) : null),
        fetch: () => expect.fail('fetched'),
      },
      ask: (text) => {
        asked.push(text);
        return Promise.resolve({ python, lacks, tools });
      },
      progress: (sentence) => heard.push(sentence),
      logger: new RecordingLogger(),
    },
    new AbortController().signal,
  );
  return { chosen, heard, asked };
}

test('the Python of the cluster is taken where it lacks nothing, from the small files alone', async () => {
  const { chosen, asked } = await choose('auto', { requirements: 'six\n', lacks: [] });
  expect([chosen, asked]).toEqual([null, ['six\n']]);
});

test('what it lacks makes an environment, equal for equal requirements', async () => {
  const lacks = ['six==1.16.0 (it has 1.17.0)'];
  const { chosen, heard } = await choose('auto', { requirements: '# of iris\nsix==1.16.0\n', lacks });
  expect(chosen).toMatchObject({ tool: 'uv', packages: ['setuptools==68.2.2', 'six==1.16.0'] });
  expect(heard).toEqual(["the cluster's own Python does not have six==1.16.0 (it has 1.17.0)"]);
  expect((await choose('auto', { requirements: 'six==1.16.0', lacks })).chosen?.id).toBe(chosen?.id);
  expect((await choose('auto', { requirements: 'six==1.15.0', lacks })).chosen?.id).not.toBe(chosen?.id);
});

test('the environment manager of the options decides, and what the cluster has', async () => {
  const said = { requirements: 'six', lacks: ['six'] };
  expect((await choose('local', said)).asked).toEqual([]);
  expect((await choose('uv', { ...said, lacks: [] })).chosen?.tool).toBe('uv');
  expect((await choose('virtualenv', said)).chosen?.tool).toBe('pip');
  expect((await choose('auto', { ...said, tools: ['pip', 'virtualenv'] })).chosen?.tool).toBe('pip');
});

test('another minor version of Python is told, and used', async () => {
  const { chosen, heard } = await choose('auto', { requirements: 'six', lacks: [], python: '3.12.1' });
  expect(chosen).toBe(null);
  expect(heard).toEqual(['the model was logged with Python 3.11.7, the cluster has 3.12.1']);
});

test.each([
  ['no tool', { tools: ['virtualenv'] }, 'install uv there'],
  ['no virtualenv', { tools: ['uv'] }, 'no `virtualenv`'],
  ['a file', { requirements: 'code/wheel.whl' }, 'name a file (code/wheel.whl)'],
  ['an include', { requirements: '-r more.txt' }, 'name a file (-r more.txt)'],
])('%s is an environment that cannot be made', async (_, said, words) => {
  const thrown: unknown = await choose('auto', { requirements: 'six', lacks: ['six'], ...said }).catch(
    (error: unknown) => error,
  );
  const { code, message, exitCode } = CountersignError.from(thrown);
  expect([code, exitCode, message]).toEqual(['ENVIRONMENT_FAILED', 4, expect.stringContaining(words)]);
});
