import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { JsonReadError, maxJsonDepth, readJson, type JsonDialect } from './json-reader.ts';

const standard: JsonDialect = { number: Number, nonFinite: false };

function fault(text: string): JsonReadError | undefined {
  try {
    readJson(text, standard);
    return undefined;
  } catch (error) {
    if (error instanceof JsonReadError) return error;
    throw error;
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

describe('the JSON reader', () => {
  it('reads what JSON.parse reads', () => {
    fc.assert(
      fc.property(fc.json({ noUnicodeString: false }), fc.constantFrom(0, 2, 'tab'), (json, space) => {
        const text = JSON.stringify(JSON.parse(json), null, space === 'tab' ? '\t' : space);
        expect(JSON.stringify(readJson(text, standard))).toBe(JSON.stringify(JSON.parse(text)));
      }),
    );
  });

  it('takes and refuses what JSON.parse takes and refuses', () => {
    const pieces = fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      '"a"',
      '"',
      '\\',
      '1',
      '-',
      '.5',
      'e3',
      '0',
      'null',
      'tru',
      ' ',
      '\n',
    );
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 8 }), (parts) => {
        const text = parts.join('');
        expect(fault(text) === undefined).toBe(isJson(text));
      }),
      { numRuns: 2000 },
    );
  });

  it('keeps __proto__ as a name like any other', () => {
    const read = readJson('{"__proto__": 1}', standard);
    expect(Object.getOwnPropertyNames(read)).toEqual(['__proto__']);
  });

  it('says where a text stops being JSON', () => {
    expect(fault('{"a": 1,\n  "b" 2}')).toMatchObject({ line: 2, column: 7, position: 15 });
    expect(fault('')).toMatchObject({ line: 1, column: 1, message: 'unexpected end at line 1, column 1' });
    expect(fault('"a\\x"')?.message).toBe('wrong escape in the string at line 1, column 1');
  });

  it('takes the tokens of Python only where the dialect has them', () => {
    const python: JsonDialect = { number: Number, nonFinite: true };
    expect(readJson('[NaN, -Infinity, Infinity, -1]', python)).toEqual([Number.NaN, -Infinity, Infinity, -1]);
    expect(fault('[NaN]')).toBeDefined();
  });

  it('stops at a depth that would end the process', () => {
    const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);
    expect(fault(nested(maxJsonDepth))).toBeUndefined();
    expect(fault(nested(maxJsonDepth + 1))?.message).toContain('nested deeper');
  });
});
