import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { table, wrapped } from './table.ts';

const header = ['NAME', 'V', 'WHAT'];
const rows = [
  ['short', '1', 'one two three four five six'],
  ['a longer name', '12', 'seven'],
];

describe('a table in a file or a pipe', () => {
  it('has a line per row, with columns as wide as their widest cell', () => {
    expect(table(header, rows)).toBe(
      [
        'NAME           V   WHAT',
        'short          1   one two three four five six',
        'a longer name  12  seven',
      ].join('\n'),
    );
  });

  it('has no blanks at the end of a line', () => {
    expect(table(['A', 'B'], [['x', '']])).toBe('A  B\nx');
  });
});

describe('a table in a terminal', () => {
  it('wraps its last column at words, under its own heading', () => {
    expect(table(header, rows, { width: 44 })).toBe(
      [
        'NAME           V   WHAT',
        'short          1   one two three four five',
        '                   six',
        'a longer name  12  seven',
      ].join('\n'),
    );
  });

  it('puts the last column below where little is left for it', () => {
    expect(table(header, rows, { width: 30 })).toBe(
      [
        'NAME           V',
        'short          1',
        '    one two three four five',
        '    six',
        'a longer name  12',
        '    seven',
      ].join('\n'),
    );
  });

  it('never writes a line wider than the terminal, if no word is, and loses no word', () => {
    const words = fc.array(fc.stringMatching(/^[a-z]{1,10}$/), { maxLength: 30 }).map((all) => all.join(' '));
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.stringMatching(/^[a-z]{1,12}$/), words)),
        fc.integer({ min: 20, max: 120 }),
        (body, width) => {
          const text = table(['A', 'B'], body, { width });
          for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(width);
          const flat = (part: string): string => part.split(/\s+/).filter(Boolean).join(' ');
          expect(flat(text).endsWith(flat(body.flat().join(' ')))).toBe(true);
        },
      ),
    );
  });
});

describe('wrapped text', () => {
  it('lets a word that is too long stand alone', () => {
    expect(wrapped('a incomprehensibilities b', 2, 10)).toEqual(['  a', '  incomprehensibilities', '  b']);
  });
});
