import type { EnsembleGraph, EnsembleMember } from './definition.ts';
import {
  closed,
  distinct,
  invalid,
  list,
  memberSpec,
  oneOf,
  readMember,
  record,
  text,
  textOrNull,
} from './reading.ts';

const keys = ['description', 'members', 'combine', 'output'];
const memberKeys = ['name', 'weight', 'field', 'labels', 'input'];

/** What `ensemble` was given, or what stands under `ensemble` in a JSON or YAML config. */
export function parseEnsemble(name: string, given: unknown, where: string): EnsembleGraph {
  const read = closed(given, where, keys);
  const parts = list(read['members'], `${where}.members`).map((part, index) =>
    parsePart(part, `${where}.members[${String(index)}]`),
  );
  const members = distinct(
    parts.map(({ member }) => member),
    `${where}.members`,
  );
  return {
    kind: 'ensemble',
    name,
    description: textOrNull(read['description'], `${where}.description`),
    members,
    combine: oneOf(read['combine'], `${where}.combine`, ['mean', 'vote', 'concat']),
    parts,
    output: textOrNull(read['output'], `${where}.output`),
  };
}

function parsePart(given: unknown, where: string): EnsembleMember {
  const read = readMember(given, where, memberKeys);
  const renamed = Object.entries(record(read['input'] ?? {}, `${where}.input`));
  const labels = read['labels'];
  return {
    member: memberSpec(read, where, textOrNull(read['name'], `${where}.name`)),
    weight: weightOf(read['weight'], `${where}.weight`),
    field: textOrNull(read['field'], `${where}.field`),
    labels:
      labels === undefined
        ? null
        : list(labels, `${where}.labels`).map((label) => text(label, `${where}.labels`)),
    renamed: new Map(renamed.map(([field, from]) => [field, text(from, `${where}.input.${field}`)])),
  };
}

function weightOf(given: unknown, where: string): number {
  if (given === undefined) return 1;
  if (typeof given === 'number' && Number.isFinite(given) && given > 0) return given;
  throw invalid(where, 'expected a number above 0');
}
