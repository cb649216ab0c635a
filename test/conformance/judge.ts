import type { Case, Room } from './case.ts';
import { mismatch } from './compare.ts';
import type { Outcome } from './replay.ts';

/** Cases by id, where `*` stands for any characters. */
type CasePattern = string;

/** Cases that are answered otherwise than by MLflow's server, on purpose. */
export type Difference = InRoom | Ours | Own;

interface Declared {
  readonly reason: string;
  /** Each pattern has to match, and each case that counts has to differ. */
  readonly cases: readonly CasePattern[];
}

/** The cases leave this room: of those that match, the ones that carry it count. */
interface InRoom extends Declared {
  readonly room: Room;
}

/** The cases leave no room, and we answer otherwise all the same: as this room allows, or by its reason with `body`. */
interface Ours extends Declared {
  readonly ours: Room;
  readonly body?: Rewrite;
}

/** By a reason of its own. */
interface Own extends Declared {
  readonly ours: 'own';
  readonly body: Rewrite;
}

/** The body of the recorded answer as ours. */
type Rewrite = (recorded: string) => string;

/** What is wrong with the outcomes, given what was declared; empty when nothing is. */
export function judge(outcomes: readonly Outcome[], differences: readonly Difference[]): readonly string[] {
  const declared = new Set(differences.flatMap((entry) => differing(outcomes, entry)));
  return [
    ...[...declared]
      .filter(({ strict }) => strict === null)
      .map(({ case: { id } }) => `${id} no longer differs: take it out of differences.ts`),
    ...outcomes.filter((outcome) => !declared.has(outcome)).flatMap(undeclared),
    ...differences.flatMap((entry) => outsideRoom(outcomes, entry)),
    ...differences.flatMap((entry) => emptyPatterns(outcomes, entry)),
  ];
}

function undeclared({ case: { id, may_differ }, strict, withRoom }: Outcome): readonly string[] {
  if (withRoom !== null) return [`${id} fails: ${withRoom}`];
  return strict === null ? [] : [`${id} differs as ${may_differ ?? 'nothing'} allows, undeclared: ${strict}`];
}

/** Where an answer is not the one that was declared. */
function outsideRoom(outcomes: readonly Outcome[], entry: Difference): readonly string[] {
  return differing(outcomes, entry).flatMap(({ case: expected, answer }) => {
    const reason = mismatch(asDeclared(expected, entry), answer, 'with-room');
    return reason === null ? [] : [`${expected.id} is not as declared: ${reason}`];
  });
}

function asDeclared(expected: Case, entry: Difference): Case {
  if ('room' in entry) return expected;
  if (entry.ours === 'own') return withBody(expected, entry.body);
  return entry.body === undefined ? { ...expected, may_differ: entry.ours } : withBody(expected, entry.body);
}

function withBody(expected: Case, rewrite: Rewrite): Case {
  const { response } = expected;
  return { ...expected, response: { ...response, body: rewrite(response.body) } };
}

function differing(outcomes: readonly Outcome[], entry: Difference): readonly Outcome[] {
  return outcomes.filter((outcome) => isDeclared(entry, outcome.case));
}

/** Whether the case is one of the entry's. */
export function isDeclared(entry: Difference, expected: Case): boolean {
  const { may_differ } = expected;
  const counts =
    'room' in entry ? may_differ === entry.room : entry.body !== undefined || may_differ !== entry.ours;
  return counts && entry.cases.some((pattern) => matches(pattern, expected));
}

function emptyPatterns(outcomes: readonly Outcome[], entry: Difference): readonly string[] {
  const candidates = differing(outcomes, entry);
  return entry.cases
    .filter((pattern) => !candidates.some((outcome) => matches(pattern, outcome.case)))
    .map((pattern) => `${pattern} (${entry.reason}) matches no case`);
}

function matches(pattern: CasePattern, { id }: Case): boolean {
  const literal = pattern.split('*').map((part) => part.replaceAll(/[\\^$.+?()[\]{}|]/g, '\\$&'));
  return new RegExp(`^${literal.join('.*')}$`).test(id);
}
