import { expect, test } from 'vitest';

import { parseNote, versionKey } from './replica-note.ts';

test('a note tells who wrote it, its loads, its room and what is there', () => {
  expect(parseNote('a1b2;7;3;2;0123456789ab,ba9876543210~')).toEqual({
    id: 'a1b2',
    changes: 7,
    loads: 3,
    room: 2,
    has: new Map([
      ['0123456789ab', 'up'],
      ['ba9876543210', 'coming'],
    ]),
  });
  expect(parseNote('a1b2;1;0;2;')?.has.size).toBe(0);
});

test.each(['', 'a1b2', ';1;0;2;', 'a1b2;x;0;2;', 'a1b2;1;0;2'])('%j is no note', (text) => {
  expect(parseNote(text)).toBeNull();
});

test('a version has a short name, which the replica finds by itself', () => {
  expect(versionKey('gcs://_ray_pkg_x.zip')).toMatch(/^[0-9a-f]{12}$/);
});
