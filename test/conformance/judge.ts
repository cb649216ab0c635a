import { type Case, type Room } from './case.ts';
import { mismatch } from './compare.ts';
import { type Outcome } from './replay.ts';

/** Cases by id, where `*` stands for any characters. A pattern without a slash is a category. */
type CasePattern = string;

/** Cases that are answered otherwise than by MLflow's server, on purpose. */
export interface Difference {
  /** What is answered instead: the room the cases carry, or with `ours` one they do not carry. */
  readonly room: Room;
  /** The recorded answer leaves no room: why we answer otherwise all the same. */
  readonly ours?: true;
  readonly reason: string;
  /** Each has to match; of the cases that match, those count that carry the room. */
  readonly cases: readonly CasePattern[];
}

/** Cases that are not served as they should be, yet. */
export interface NotYet {
  readonly reason: string;
  readonly cases: readonly CasePattern[];
}

/** What is wrong with the outcomes, given what was declared; empty when nothing is. */
export function judge(
  outcomes: readonly Outcome[],
  differences: readonly Difference[],
  notYet: readonly NotYet[],
): readonly string[] {
  const late = new Set(notYet.flatMap((entry) => covered(outcomes, entry)));
  const settled = outcomes.filter((outcome) => !late.has(outcome));
  const declared = new Set(differences.flatMap((entry) => differing(settled, entry)));
  return [
    ...[...late].filter(isServed).map(({ case: { id } }) => `${id} is served: take it out of not-yet.ts`),
    ...[...declared]
      .filter(({ strict }) => strict === null)
      .map(({ case: { id } }) => `${id} no longer differs: take it out of differences.ts`),
    ...settled.filter((outcome) => !declared.has(outcome)).flatMap(undeclared),
    ...differences.flatMap((entry) => outsideRoom(settled, entry)),
    ...[...notYet, ...differences].flatMap((entry) => emptyPatterns(outcomes, entry)),
  ];
}

function isServed({ withRoom }: Outcome): boolean {
  return withRoom === null;
}

function undeclared({ case: { id, may_differ }, strict, withRoom }: Outcome): readonly string[] {
  if (withRoom !== null) return [`${id} fails: ${withRoom}`];
  return strict === null ? [] : [`${id} differs as ${may_differ ?? 'nothing'} allows, undeclared: ${strict}`];
}

/** Where an answer that leaves the recorded one is not even what its declaration says. */
function outsideRoom(outcomes: readonly Outcome[], entry: Difference): readonly string[] {
  return differing(outcomes, entry).flatMap(({ case: expected, answer }) => {
    const reason = mismatch({ ...expected, may_differ: entry.room }, answer, 'with-room');
    return reason === null ? [] : [`${expected.id} is outside ${entry.room}: ${reason}`];
  });
}

function differing(outcomes: readonly Outcome[], entry: Difference): readonly Outcome[] {
  return covered(outcomes, entry).filter(
    ({ case: { may_differ } }) => (may_differ === entry.room) === (entry.ours !== true),
  );
}

function covered(outcomes: readonly Outcome[], { cases }: NotYet): readonly Outcome[] {
  return outcomes.filter((outcome) => cases.some((pattern) => matches(pattern, outcome.case)));
}

function emptyPatterns(outcomes: readonly Outcome[], entry: NotYet | Difference): readonly string[] {
  const candidates = 'room' in entry ? differing(outcomes, entry) : outcomes;
  return entry.cases
    .filter((pattern) => !candidates.some((outcome) => matches(pattern, outcome.case)))
    .map((pattern) => `${pattern} (${entry.reason}) matches no case`);
}

function matches(pattern: CasePattern, { id, category }: Case): boolean {
  const literal = pattern.split('*').map((part) => part.replaceAll(/[\\^$.+?()[\]{}|]/g, '\\$&'));
  return new RegExp(`^${literal.join('.*')}$`).test(pattern.includes('/') ? id : category);
}
