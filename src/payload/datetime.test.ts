import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatDatetime, parseDatetime } from './datetime.ts';

const edge = 2n ** 63n;

describe('datetimes', () => {
  it('read back as they were written, over the whole range', () => {
    fc.assert(
      fc.property(fc.bigInt(-edge + 1n, edge - 1n), (at) => {
        expect(parseDatetime(formatDatetime(at))).toBe(at);
      }),
    );
  });

  it('agree with Date on the calendar', () => {
    const days = fc.date({ min: new Date('1678-01-01'), max: new Date('2262-01-01'), noInvalidDate: true });
    fc.assert(
      fc.property(days, (date) => {
        expect(parseDatetime(date.toISOString())).toBe(BigInt(date.getTime()) * 1_000_000n);
      }),
    );
  });

  it.each([
    ['1970-01-01', 0n],
    ['1970-01-01 00:00', 0n],
    ['1969-12-31T23:59:59.999999999Z', -1n],
    ['2024-02-29t12:00:00z', 1_709_208_000_000_000_000n],
    ['2024-01-01T00:00:00.5-0130', 1_704_072_600_500_000_000n],
    ['2024-01-01T00:00:00+02', 1_704_060_000_000_000_000n],
    ['2024-01-01T00:00:00.1234567890', 1_704_067_200_123_456_789n],
    ['1677-09-21T00:12:43.145224193', -edge + 1n],
    ['2262-04-11T23:47:16.854775807', edge - 1n],
  ])('%s is %s nanoseconds', (text, nanoseconds) => {
    expect(parseDatetime(text)).toBe(nanoseconds);
  });

  it.each([
    '',
    'now',
    '2024-1-1',
    '20240101',
    '2023-02-29',
    '1900-02-29',
    '2024-13-01',
    '2024-01-01T24:00',
    '2024-01-01T00:60',
    '2024-01-01T00:00:60',
    '2024-01-01T00:00:00.1234567891',
    '2024-01-01Z',
    '2024-01-01T00:00:00+24:00',
    ' 2024-01-01',
    '01/02/2024',
    '1700000000',
  ])('%j is none', (text) => {
    expect(parseDatetime(text)).toBe('malformed');
  });

  it.each(['1677-09-21T00:12:43.145224192', '2262-04-11T23:47:16.854775808', '0001-01-01', '9999-12-31'])(
    '%s is beyond 64-bit nanoseconds',
    (text) => {
      expect(parseDatetime(text)).toBe('out of range');
    },
  );

  it('are written with as much of a fraction as there is', () => {
    expect(formatDatetime(0n)).toBe('1970-01-01T00:00:00Z');
    expect(formatDatetime(120_000_000n)).toBe('1970-01-01T00:00:00.12Z');
    expect(formatDatetime(-1n)).toBe('1969-12-31T23:59:59.999999999Z');
  });
});
