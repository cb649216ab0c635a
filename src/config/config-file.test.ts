import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { readConfigFile } from './config-file.ts';

let directory = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'countersign-config-'));
});
afterEach(() => {
  rmSync(directory, { recursive: true, force: true });
});
const write = (name: string, content: string): void => {
  writeFileSync(join(directory, name), content);
};

describe('the config file', () => {
  it('is none where there is none', async () => {
    expect(await readConfigFile(null, directory)).toEqual({});
  });

  it.each([
    ['yaml', 'port: 7000\nmodels:\n  a:\n    timeout: 5\n'],
    ['yml', 'port: 7000\nmodels: {a: {timeout: 5}}'],
    ['json', '{"port": 7000, "models": {"a": {"timeout": 5}}}'],
    ['ts', 'const port: number = 7000;\nexport default { port, models: { a: { timeout: 5 } } };'],
    ['js', 'export default { port: 7000, models: { a: { timeout: 5 } } };'],
  ])('is found in the working directory and read as %s', async (extension, content) => {
    write(`countersign.config.${extension}`, content);
    expect(await readConfigFile(null, directory)).toEqual({ port: 7000, models: { a: { timeout: 5 } } });
  });

  it('is the one that is named, relative to the working directory, whatever else there is', async () => {
    write('countersign.config.json', '{"port": 1}');
    write('other.yaml', 'port: 2');
    expect(await readConfigFile('other.yaml', directory)).toEqual({ port: 2 });
  });

  it.each([
    ['named.yaml', null, 'cannot be read: ENOENT'],
    ['named.json', '{', 'cannot be read'],
    ['named.yaml', 'a: [', 'cannot be read'],
    ['named.ts', 'export default {', 'cannot be read'],
    ['named.ts', 'export const port = 1;', 'expected an object of options'],
    ['named.json', '[]', 'expected an object of options'],
    ['named.yaml', '', 'expected an object of options'],
  ])('that is none (%s: %j) is an INVALID_OPTION that says why', async (name, content, why) => {
    if (content !== null) write(name, content);
    await expect(readConfigFile(name, directory)).rejects.toMatchObject({
      code: 'INVALID_OPTION',
      message: expect.stringContaining(why) as string,
    });
  });
});
