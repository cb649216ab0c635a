import { globSync, readFileSync } from 'node:fs';

import { describe, expect, it } from 'vitest';

import { catalogue, type ErrorRow, httpStatus, retiredCodes } from '../../src/errors/catalogue.ts';

const codes = Object.keys(catalogue);
const read = (pattern: string): string =>
  globSync(pattern)
    .map((file) => readFileSync(file, 'utf8'))
    .join('\n');

const sources = globSync('src/**/*.ts').filter(
  (file) => !file.endsWith('.test.ts') && !file.includes('errors/'),
);
const product = sources.map((file) => readFileSync(file, 'utf8')).join('\n');
const tests = read('{src,test}/**/*.test.ts') + read('test/suites/*.ts');

describe('the error catalogue', () => {
  it('documents every code, and no other', () => {
    const documented = [...readFileSync('docs/errors.md', 'utf8').matchAll(/<a id="([A-Z_]+)">/g)];
    expect(documented.map((match) => match[1]).sort()).toEqual([...codes].sort());
  });

  it('has no code that nothing throws', () => {
    expect(codes.filter((code) => !product.includes(`'${code}'`))).toEqual([]);
  });

  it('has no code that no test names', () => {
    expect(codes.filter((code) => !tests.includes(code))).toEqual([]);
  });

  it('never uses a retired code again', () => {
    expect(retiredCodes.filter((code) => codes.includes(code))).toEqual([]);
  });

  it('gives every row words that end as sentences, and a kind with a status', () => {
    for (const row of Object.values<ErrorRow>(catalogue)) {
      expect(httpStatus[row.kind]).toBeGreaterThanOrEqual(400);
      if (row.hint !== undefined) expect(row.hint).toMatch(/[.)]$/);
    }
  });

  it('retries only what may succeed without a change', () => {
    for (const row of Object.values<ErrorRow>(catalogue)) {
      if (row.retryable === true) expect(httpStatus[row.kind]).toBeGreaterThanOrEqual(429);
    }
  });
});
