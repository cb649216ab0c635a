/**
 * Regular expressions (ECMA 262, as JSON Schema wants) of the datetime texts of `/serve`. Calendar days only:
 * no 30 February, and 29 February in leap years. Years 1678 to 2261 lie wholly within 64-bit nanoseconds.
 */
const year = '(?:167[89]|16[89]\\d|1[789]\\d\\d|2[01]\\d\\d|22[0-5]\\d|226[01])';
const leapYear =
  '(?:16(?:8[048]|9[26])|(?:1[789]|2[01])(?:0[48]|[2468][048]|[13579][26])|2000|22(?:0[48]|[24][048]|[135][26]|60))';
const thirtyDays = '(?:0[469]|11)-(?:0[1-9]|[12]\\d|30)';
const thirtyOneDays = '(?:0[13578]|1[02])-(?:0[1-9]|[12]\\d|3[01])';
const february = '02-(?:0[1-9]|1\\d|2[0-8])';
const date = `(?:${year}-(?:${thirtyOneDays}|${thirtyDays}|${february})|${leapYear}-02-29)`;
const hour = '(?:[01]\\d|2[0-3])';
const minute = '[0-5]\\d';
const fraction = '(?:\\.\\d{1,9})?';
const offset = `(?:Z|[+-]${hour}:${minute})`;

/** What a request may say: a date, or a date and time, naive (which is UTC) or with an offset. */
export const requestDatetimePattern = `^${date}(?:T${hour}:${minute}(?::${minute}${fraction})?${offset}?)?$`;

/** What an answer says: always UTC, with as much of a fraction as there is. */
export const answerDatetimePattern = `^\\d{4}-\\d{2}-\\d{2}T${hour}:${minute}:${minute}${fraction}Z$`;
