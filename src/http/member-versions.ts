import type { MemberTurn, MemberVersions } from '../endpoint/endpoint.ts';
import { parseSelector } from '../endpoint/selector.ts';
import { countersignError } from '../errors/countersign-error.ts';
import type { HeaderValues } from './selector.ts';

/** In a request: versions of a composed model's members, `gate=2, expert=@candidate`. In an answer: those that took part. */
export const memberVersionsHeader = 'countersign-member-versions';

/** What a caller chose; null where it chose nothing. Names are percent-encoded. Throws INVALID_SELECTOR. */
export function readMemberVersions(headers: HeaderValues): MemberVersions | null {
  const header = headers[memberVersionsHeader];
  const lines = typeof header === 'string' ? [header] : (header ?? []);
  const items = lines.flatMap((line) => line.split(',')).filter((item) => item.trim() !== '');
  if (items.length === 0) return null;
  return new Map(items.map(readItem));
}

function readItem(item: string): readonly [string, ReturnType<typeof parseSelector>] {
  const equals = item.lastIndexOf('=');
  const name = item.slice(0, Math.max(equals, 0)).trim();
  if (name === '') throw countersignError('INVALID_SELECTOR', item.trim().slice(0, 100));
  return [decoded(name), parseSelector(item.slice(equals + 1))];
}

function decoded(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    throw countersignError('INVALID_SELECTOR', name.slice(0, 100));
  }
}

/** The versions that took part, as the request's header would name them. */
export function writeMemberVersions(turns: readonly MemberTurn[]): string {
  const known = turns.filter(({ version }) => version !== null);
  return known.map(({ name, version }) => `${encoded(name)}=${encodeURIComponent(version ?? '')}`).join(', ');
}

/** A name as a token of a header; the way to a member's member keeps its slashes. */
function encoded(name: string): string {
  return name
    .split('/')
    .map((part) => encodeURIComponent(part.toWellFormed()))
    .join('/');
}

/** `member-gate`, with its duration, for Server-Timing, whose names are tokens. */
export function memberTimings(turns: readonly MemberTurn[]): readonly (readonly [string, number])[] {
  return turns.map(({ name, durationMs }) => [
    `member-${encodeURIComponent(name.toWellFormed())}`,
    durationMs,
  ]);
}
