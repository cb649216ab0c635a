import { describe, expect, it } from 'vitest';

import { requestId } from './request-id.ts';

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

describe('requestId', () => {
  it("keeps the caller's id when it is visible ASCII of at most 128 characters", () => {
    expect(requestId('abc-123_~!', true)).toBe('abc-123_~!');
    expect(requestId('x'.repeat(128), true)).toBe('x'.repeat(128));
  });

  it.each([undefined, '', 'a b', 'a\tb', 'ä', 'x'.repeat(129), ['a', 'b']])(
    'makes a new one for %j',
    (incoming) => {
      expect(requestId(incoming, true)).toMatch(uuid);
    },
  );

  it('makes a new one when callers are not trusted', () => {
    expect(requestId('abc', false)).toMatch(uuid);
  });
});
