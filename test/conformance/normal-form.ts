import { isRecord } from '../../src/util/unknown.ts';
import type { RecordedAnswer } from './case.ts';
import { parsePythonJson } from './same-json.ts';
import type { Answer } from './send.ts';

const longestMessage = 1500;
// From a slash that starts a word, over at least one directory: a URL's follow a colon or a slash.
const filePath = /(?<![\w:/.<])(?:\/[\w.+@-]+){2,}/g;
const address = /\b0x[0-9a-f]{6,}\b/g;

/**
 * The answer as it is kept: from an error's body the stack trace is taken away, and its message loses what is only true
 * of one machine or one run and is cut. Every other body is kept as it was sent.
 */
export function normalForm({ status, contentType, body }: Answer): RecordedAnswer {
  const text = body.toString('utf8');
  return { body: normalBody(text), content_type: contentType, status };
}

function normalBody(text: string): string {
  const error = parsePythonJson(text)?.value;
  if (!isRecord(error) || !Object.hasOwn(error, 'error_code')) return text;
  const rest = Object.entries(error).filter(([name]) => name !== 'stack_trace');
  return spacedJson({ ...Object.fromEntries(rest), message: normalMessage(String(error['message'])) });
}

function normalMessage(message: string): string {
  const steady = message.replaceAll(filePath, '<path>').replaceAll(address, '0xADDR');
  return steady.length > longestMessage ? `${steady.slice(0, longestMessage)}…` : steady;
}

/** One line of a file of cases: ASCII only, so that no editor or terminal can change it. */
export function caseLine(value: unknown): string {
  // JSON.stringify escapes the controls below; these are left.
  return spacedJson(value).replaceAll(/[\u007f-\uffff]/g, (unit) => {
    return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}

/** JSON with a space after each comma and colon, as Python writes it: the form that the cases are kept in. */
function spacedJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(spacedJson).join(', ')}]`;
  if (!isRecord(value)) return JSON.stringify(value);
  const members = Object.entries(value).map(
    ([key, member]) => `${JSON.stringify(key)}: ${spacedJson(member)}`,
  );
  return `{${members.join(', ')}}`;
}
