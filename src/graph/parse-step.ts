import { isRecord } from '../util/unknown.ts';
import { type Mapping, type Reference, requestSource, type Step } from './definition.ts';
import { closed, invalid, memberSpec, readMember, record, text, textOrNull } from './reading.ts';

/** A step: the name of a model, or an object that says what it is asked. */
export function parseStep(given: unknown, where: string): Step {
  const read = readMember(given, where, ['name', 'input']);
  const member = memberSpec(read, where, textOrNull(read['name'], `${where}.name`));
  if (member.name === requestSource) throw invalid(where, `'${requestSource}' is the name of the request`);
  if (member.onError.kind === 'omit') throw invalid(`${where}.onError`, 'a step cannot be left out');
  return { member, mapping: parseMapping(read['input'], `${where}.input`) };
}

function parseMapping(given: unknown, where: string): Mapping {
  if (given === undefined) return { bare: null, fields: new Map() };
  if (typeof given === 'string') return { bare: reference(given, where), fields: new Map() };
  return { bare: null, fields: references(given, where) };
}

export function references(given: unknown, where: string): ReadonlyMap<string, Reference> {
  const entries = Object.entries(record(given, where));
  return new Map(entries.map(([field, value]) => [field, reference(value, `${where}.${field}`)]));
}

export function reference(given: unknown, where: string): Reference {
  if (typeof given === 'string') return { kind: 'field', from: null, field: given };
  if (isRecord(given) && Object.hasOwn(given, 'value')) {
    return { kind: 'value', value: closed(given, where, ['value'])['value'] };
  }
  const read = closed(given, where, ['from', 'field']);
  return {
    kind: 'field',
    from: text(read['from'], `${where}.from`),
    field: textOrNull(read['field'], `${where}.field`),
  };
}

/** Sources that do not exist, or come later. */
export function refuseUnknown(uses: readonly Reference[], known: readonly string[], where: string): void {
  for (const use of uses) {
    if (use.kind === 'value' || use.from === null || known.includes(use.from)) continue;
    throw invalid(where, `there is no '${use.from}' before it; there are ${known.join(', ')}`);
  }
}
