import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { onnxVersion } from '../../test/support/onnx-specimens.ts';
import { readRecipe, recipeId } from './recipe.ts';

const metadata = onnxVersion('m', {});
let directory = '';

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'recipe-'));
});

afterEach(() => {
  rmSync(directory, { recursive: true });
});

function write(files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) writeFileSync(join(directory, name), text);
}

const id = async (): Promise<string> => recipeId(await readRecipe(metadata, directory), ['uv', '3.11.7']);

test('requirements.txt and python_env.yaml say what a version needs', async () => {
  write({
    'requirements.txt': 'six==1.16.0\n',
    'python_env.yaml':
      'python: 3.10\nbuild_dependencies:\n- pip==23.2.1\n- setuptools\ndependencies:\n- -r requirements.txt\n',
  });
  expect(await readRecipe(metadata, directory)).toEqual({
    pythonVersion: '3.10',
    buildDependencies: ['pip==23.2.1', 'setuptools'],
    requirements: 'six==1.16.0\n',
    requirementsFile: join(directory, 'requirements.txt'),
    directory,
  });
});

test('a model of before those files is read from conda.yaml', async () => {
  write({ 'conda.yaml': 'dependencies:\n- python=3.9.12\n- pip\n- pip:\n  - mlflow\n  - six==1.16.0\n' });
  expect(await readRecipe(metadata, directory)).toMatchObject({
    pythonVersion: '3.9.12',
    requirements: 'mlflow\nsix==1.16.0',
    requirementsFile: null,
  });
});

test('the flavor may name the files otherwise', async () => {
  write({ 'env.yaml': 'python: 3.12.1\n' });
  const renamed = { ...metadata, flavors: { python_function: { env: { virtualenv: 'env.yaml' } } } };
  expect((await readRecipe(renamed, directory)).pythonVersion).toBe('3.12.1');
});

test('a model without any of them needs the MLflow that logged it', async () => {
  expect((await readRecipe(metadata, directory)).requirements).toBe('mlflow==3.17.2');
});

test('files that are no YAML say nothing', async () => {
  write({ 'python_env.yaml': '{{', 'conda.yaml': '- : [' });
  expect((await readRecipe(metadata, directory)).pythonVersion).toBeNull();
});

test('equal requirements are one environment, whatever is said in comments', async () => {
  write({ 'requirements.txt': 'six==1.16.0\nidna\n' });
  const first = await id();
  write({ 'requirements.txt': '# comment\n\nsix==1.16.0  # because\r\nidna' });
  expect(await id()).toBe(first);
});

test.each([
  ['another requirement', { 'requirements.txt': 'six==1.17.0\n-r more.txt\n./wheel.whl\n' }],
  ['an included file', { 'more.txt': 'idna==2' }],
  ['a local package', { 'wheel.whl': 'other bytes' }],
  ['what builds packages', { 'python_env.yaml': 'build_dependencies: [wheel]' }],
])('%s makes another environment', async (_, change: Readonly<Record<string, string>>) => {
  write({
    'requirements.txt': 'six==1.16.0\n-r more.txt\n./wheel.whl\n',
    'more.txt': 'idna',
    'wheel.whl': 'bytes',
  });
  const before = await id();
  write(change);
  expect(await id()).not.toBe(before);
});
