import { expect, test } from 'vitest';
import { formatDatetime, parseDatetime } from '../payload/datetime.ts';
import { answerDatetimePattern, requestDatetimePattern } from './datetime-pattern.ts';

const request = new RegExp(requestDatetimePattern, 'u');
const answer = new RegExp(answerDatetimePattern, 'u');
const nanosecondsPerDay = 86_400_000_000_000n;

test('every day from 1678 to 2261 is admitted, and no other', () => {
  for (let year = 1670; year <= 2270; year++) {
    for (let month = 0; month <= 13; month++) {
      for (const day of [0, 1, 10, 28, 29, 30, 31, 32]) {
        const text = [String(year), String(month).padStart(2, '0'), String(day).padStart(2, '0')].join('-');
        const exists = typeof parseDatetime(text) === 'bigint';
        expect([text, request.test(text)]).toEqual([text, exists && year >= 1678 && year <= 2261]);
      }
    }
  }
});

test.each([
  ['2024-02-29T23:59', true],
  ['2024-02-29T23:59:59.123456789Z', true],
  ['2024-02-29T23:59:59+05:30', true],
  ['2024-02-29 23:59:59', false],
  ['2024-02-29T24:00:00', false],
  ['2024-02-29T23:59:59.1234567890', false],
  ['2024-02-29Z', false],
  ['now', false],
])('a request may say %s: %s', (text, admitted) => {
  expect(request.test(text)).toBe(admitted);
  if (admitted) expect(typeof parseDatetime(text)).toBe('bigint');
});

test('what an answer says is admitted, from the first to the last nanosecond', () => {
  const moments = [
    -(2n ** 63n) + 1n,
    -1n,
    0n,
    123n,
    951_782_400n * 1_000_000_000n,
    20_000n * nanosecondsPerDay,
    2n ** 63n - 1n,
  ];
  for (const moment of moments) expect(formatDatetime(moment)).toMatch(answer);
});
