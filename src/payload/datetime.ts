/**
 * ISO 8601 text to and from nanoseconds since the epoch, the range and resolution of numpy's datetime64[ns]:
 * 1677-09-21T00:12:43.145224193Z to 2262-04-11T23:47:16.854775807Z. `Date` knows milliseconds only.
 */

const iso =
  /^(\d{4})-(\d\d)-(\d\d)(?:[Tt ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9})0*)?)?(?:([Zz])|([+-])(\d\d)(?::?(\d\d))?)?)?$/;

const nanosecondsPerSecond = 1_000_000_000n;
const secondsPerDay = 86_400;
/** The smallest 64-bit number is numpy's "not a time". */
const earliest = -(2n ** 63n) + 1n;
const latest = 2n ** 63n - 1n;

/**
 * Nanoseconds since the epoch, or why the text is none. A text without an offset is UTC; a date alone is its
 * midnight. Nothing finer than a nanosecond is read.
 */
export function parseDatetime(text: string): bigint | 'malformed' | 'out of range' {
  const match = iso.exec(text);
  if (match === null) return 'malformed';
  const part = (index: number): number => Number(match[index] ?? 0);
  const [year, month, day] = [part(1), part(2), part(3)];
  const [hour, minute, second] = [part(4), part(5), part(6)];
  if (month < 1 || month > 12 || day < 1 || day > daysInMonth(year, month)) return 'malformed';
  if (hour > 23 || minute > 59 || second > 59 || part(10) > 23 || part(11) > 59) return 'malformed';
  const offset = (part(10) * 60 + part(11)) * 60 * (match[9] === '-' ? -1 : 1);
  const seconds =
    daysSinceEpoch(year, month, day) * secondsPerDay + hour * 3600 + minute * 60 + second - offset;
  const nanoseconds = BigInt(seconds) * nanosecondsPerSecond + BigInt((match[7] ?? '').padEnd(9, '0'));
  return nanoseconds < earliest || nanoseconds > latest ? 'out of range' : nanoseconds;
}

/** `2024-01-02T03:04:05Z`, with as much of a fraction as there is. */
export function formatDatetime(nanoseconds: bigint): string {
  const rest = ((nanoseconds % nanosecondsPerSecond) + nanosecondsPerSecond) % nanosecondsPerSecond;
  const seconds = Number((nanoseconds - rest) / nanosecondsPerSecond);
  const days = Math.floor(seconds / secondsPerDay);
  const time = seconds - days * secondsPerDay;
  const [year, month, day] = civilDate(days);
  const fraction = rest === 0n ? '' : `.${String(rest).padStart(9, '0').replace(/0+$/, '')}`;
  const clock = [time / 3600, (time / 60) % 60, time % 60].map((unit) => pad(Math.floor(unit))).join(':');
  return `${String(year).padStart(4, '0')}-${pad(month)}-${pad(day)}T${clock}${fraction}Z`;
}

function pad(value: number): string {
  return value < 10 ? `0${String(value)}` : String(value);
}

function daysInMonth(year: number, month: number): number {
  return month === 2 ? (isLeap(year) ? 29 : 28) : [4, 6, 9, 11].includes(month) ? 30 : 31;
}

function isLeap(year: number): boolean {
  return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
}

// The calendar repeats every 400 years of 146 097 days. Years are counted from March, so that the leap day is
// their last and the months before it fall on (153 m + 2) / 5 whole days.
// https://howardhinnant.github.io/date_algorithms.html
const daysPerEra = 146_097;
const daysFromMarchOfYear0ToEpoch = 719_468;

function daysSinceEpoch(year: number, month: number, day: number): number {
  const marchYear = month > 2 ? year : year - 1;
  const era = Math.floor(marchYear / 400);
  const yearOfEra = marchYear - era * 400;
  const dayOfYear = Math.floor((153 * ((month + 9) % 12) + 2) / 5) + day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * daysPerEra + dayOfEra - daysFromMarchOfYear0ToEpoch;
}

function civilDate(days: number): [year: number, month: number, day: number] {
  const shifted = days + daysFromMarchOfYear0ToEpoch;
  const era = Math.floor(shifted / daysPerEra);
  const dayOfEra = shifted - era * daysPerEra;
  const yearOfEra = Math.floor(
    (dayOfEra -
      Math.floor(dayOfEra / 1460) +
      Math.floor(dayOfEra / 36_524) -
      Math.floor(dayOfEra / (daysPerEra - 1))) /
      365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const marchMonth = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * marchMonth + 2) / 5) + 1;
  const month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9;
  return [yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day];
}
