import { parseSignature } from '../contract/parse.ts';
import type { Schema, Signature } from '../contract/signature.ts';
import { CountersignError } from '../errors/countersign-error.ts';
import type { UnknownRecord } from '../util/unknown.ts';
import type { Declared, FunctionGraph, MemberSpec } from './definition.ts';
import { closed, invalid, memberSpec, oneOf, readMember, record, textOrNull } from './reading.ts';

const keys = ['description', 'members', 'inputs', 'outputs', 'params', 'longs', 'batch', 'predict'];

/** What `compose` was given. */
export function parseFunction(name: string, given: unknown, where: string): FunctionGraph {
  const read = closed(given, where, keys);
  const members = Object.entries(record(read['members'], `${where}.members`)).map(([member, spec]) => {
    const at = `${where}.members.${member}`;
    return memberSpec(readMember(spec, at, []), at, member);
  });
  return {
    kind: 'function',
    name,
    description: textOrNull(read['description'], `${where}.description`),
    members,
    inputs: declared(read, 'inputs', members, where),
    outputs: declared(read, 'outputs', members, where),
    params: partOf({ params: read['params'] }, `${where}.params`)?.params ?? [],
    longs: oneOf(read['longs'] ?? 'number', `${where}.longs`, ['number', 'bigint']),
    batch: isTrue(read['batch'], `${where}.batch`),
    predict: functionOf(read['predict'], `${where}.predict`),
  };
}

function declared(
  read: UnknownRecord,
  side: 'inputs' | 'outputs',
  members: readonly MemberSpec[],
  where: string,
): Declared {
  const given = read[side];
  const at = `${where}.${side}`;
  if (typeof given === 'string') {
    if (members.some((member) => member.name === given)) return { kind: 'member', name: given };
    throw invalid(at, `there is no member '${given}'`);
  }
  const schema: Schema | null = partOf({ [side]: given }, at)?.[side] ?? null;
  if (schema === null)
    throw invalid(at, "expected a list of columns, as in MLflow's signature, or the name of a member");
  return { kind: 'schema', schema };
}

function partOf(part: UnknownRecord, where: string): Signature | null {
  try {
    return parseSignature(part, false);
  } catch (thrown) {
    throw invalid(where, CountersignError.from(thrown).message.replace(/\.$/, ''));
  }
}

function isTrue(value: unknown, where: string): boolean {
  if (value === undefined || typeof value === 'boolean') return value === true;
  throw invalid(where, 'expected true or false');
}

function functionOf(value: unknown, where: string): FunctionGraph['predict'] {
  if (typeof value !== 'function') throw invalid(where, 'expected a function');
  // A parsing door: what a function takes cannot be seen from outside, and what it answers is checked.
  return value as FunctionGraph['predict'];
}
