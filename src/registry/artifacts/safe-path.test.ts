import { posix } from 'node:path';

import fc from 'fast-check';
import { expect, test } from 'vitest';

import { safeRelativePath } from './safe-path.ts';

test.each(['MLmodel', 'a/b/c.bin', '..data', 'a b/é', '...'])('%j stays inside', (path) => {
  expect(safeRelativePath(path)).toBe(path);
});

test.each(['', '/etc/passwd', '..', 'a/../../b', 'a//b', './a', 'a/', 'C:/x', 'a\\..\\b', 'a\0b'])(
  '%j is refused',
  (path) => {
    expect(safeRelativePath(path)).toBeNull();
  },
);

test('whatever is accepted stays inside the directory', () => {
  const segment = fc.oneof(fc.constantFrom('..', '.', '', 'a', '/'), fc.string());
  fc.assert(
    fc.property(
      fc.array(segment).map((parts) => parts.join('/')),
      (path) => {
        const safe = safeRelativePath(path);
        if (safe !== null) expect(posix.resolve('/root/x', safe)).toBe(`/root/x/${safe}`);
      },
    ),
  );
});
