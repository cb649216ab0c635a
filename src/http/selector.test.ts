import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { Selector } from '../endpoint/selector.ts';
import { CountersignError } from '../errors/countersign-error.ts';
import { readSelector, selectorHeaders, selectorText, versionInPath } from './selector.ts';

const [underscores, hyphens] = selectorHeaders;

function codeOf(job: () => unknown): string {
  try {
    job();
  } catch (thrown) {
    return CountersignError.from(thrown).code;
  }
  return 'nothing thrown';
}

describe('readSelector', () => {
  it.each([
    [undefined, { kind: 'default' }],
    ['', { kind: 'default' }],
    ['  ', { kind: 'default' }],
    ['2', { kind: 'version', version: '2' }],
    ['002', { kind: 'version', version: '2' }],
    ['0', { kind: 'version', version: '0' }],
    ['latest', { kind: 'latest' }],
    ['@production', { kind: 'alias', alias: 'production' }],
    ['@7', { kind: 'alias', alias: '7' }],
    ['2, 02', { kind: 'version', version: '2' }],
    [['2', '2'], { kind: 'version', version: '2' }],
  ])('reads %j', (value, selector) => {
    expect(readSelector({ [underscores]: value }, null)).toEqual(selector);
    expect(readSelector({ [hyphens]: value }, null)).toEqual(selector);
  });

  it.each(['production', '-1', '1.0', '@', '1e3', 'v2', '٢', 'models:/x/2', ',', '2,'])(
    'refuses %j with a hint',
    (value) => {
      expect(codeOf(() => readSelector({ [underscores]: value }, null))).toBe('INVALID_SELECTOR');
    },
  );

  it('takes a path and headers that say the same thing', () => {
    const path: Selector = { kind: 'version', version: '2' };
    expect(readSelector({ [underscores]: '02', [hyphens]: '2' }, path)).toEqual(path);
    expect(readSelector({ [underscores]: '', [hyphens]: '' }, path)).toEqual(path);
  });

  it.each([
    [{ [underscores]: '1', [hyphens]: '2' }, null],
    [{ [underscores]: '1, 2' }, null],
    [{ [underscores]: '@production' }, { kind: 'version', version: '1' }],
    [{ [hyphens]: 'latest' }, { kind: 'alias', alias: 'production' }],
  ] as const)('refuses %j with the path %j: they disagree', (headers, path) => {
    expect(codeOf(() => readSelector(headers, path))).toBe('CONFLICTING_SELECTORS');
  });

  it('names what disagrees', () => {
    expect(() => readSelector({ [underscores]: '01', [hyphens]: '@a' }, null)).toThrow('1, @a');
  });

  it('never finds anything but a selector or one of its two errors, whatever the headers hold', () => {
    const header = fc.option(fc.oneof(fc.string(), fc.array(fc.string()), fc.nat().map(String)), {
      nil: undefined,
    });
    fc.assert(
      fc.property(header, header, (first, second) => {
        const headers = { [underscores]: first, [hyphens]: second };
        const code = codeOf(() => readSelector(headers, null));
        expect(['nothing thrown', 'INVALID_SELECTOR', 'CONFLICTING_SELECTORS']).toContain(code);
      }),
    );
  });

  it('reads back what selectorText writes', () => {
    const digits = fc.nat().map((n): Selector => ({ kind: 'version', version: String(n) }));
    const alias = fc.stringMatching(/^[\w-]+$/).map((text): Selector => ({ kind: 'alias', alias: text }));
    const others = fc.constantFrom<Selector>({ kind: 'default' }, { kind: 'latest' });
    fc.assert(
      fc.property(fc.oneof(digits, alias, others), (selector) => {
        expect(readSelector({ [underscores]: selectorText(selector) }, null)).toEqual(selector);
      }),
    );
  });
});

describe('versionInPath', () => {
  it('reads a number and latest', () => {
    expect(versionInPath('01')).toEqual({ kind: 'version', version: '1' });
    expect(versionInPath('latest')).toEqual({ kind: 'latest' });
  });

  it.each(['@production', 'x', '-1', ' '])('refuses %j', (text) => {
    expect(codeOf(() => versionInPath(text))).toBe('INVALID_SELECTOR');
  });
});
