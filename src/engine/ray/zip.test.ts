import { expect, test } from 'vitest';

import { zip } from './zip.ts';

const text = (data: string): Uint8Array => new TextEncoder().encode(data);

test('the same entries make the same bytes', () => {
  const entries = [{ name: 'a/é.txt', data: text('one') }];
  expect(zip(entries)).toEqual(zip(entries));
});

test('an archive has each name twice, each content once, and ends with the count', () => {
  const archive = zip([
    { name: 'first.txt', data: text('one') },
    { name: 'second.txt', data: text('') },
  ]);
  expect(archive.toString('latin1').match(/first\.txt/g)).toHaveLength(2);
  expect(archive.toString('latin1').match(/one/g)).toHaveLength(1);
  expect(archive.readUInt16LE(archive.byteLength - 12)).toBe(2);
});
