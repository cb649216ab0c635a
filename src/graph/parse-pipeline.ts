import { isRecord } from '../util/unknown.ts';
import { type Mapping, type PipelineGraph, type Reference, requestSource, type Step } from './definition.ts';
import {
  closed,
  distinct,
  invalid,
  list,
  memberSpec,
  readMember,
  record,
  text,
  textOrNull,
} from './reading.ts';

/** What `pipeline` was given, or what stands under `pipeline` in a JSON or YAML config. */
export function parsePipeline(name: string, given: unknown, where: string): PipelineGraph {
  const read = Array.isArray(given)
    ? { steps: given }
    : closed(given, where, ['description', 'steps', 'output']);
  const steps = list(read['steps'], `${where}.steps`).map((step, index) =>
    parseStep(step, `${where}.steps[${String(index)}]`),
  );
  const members = distinct(
    steps.map(({ member }) => member),
    where,
  );
  const output = read['output'] === undefined ? null : references(read['output'], `${where}.output`);
  refuseUnknownSources(steps, output, where);
  return {
    kind: 'pipeline',
    name,
    description: textOrNull(read['description'], `${where}.description`),
    members,
    steps,
    output,
  };
}

function parseStep(given: unknown, where: string): Step {
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

function references(given: unknown, where: string): ReadonlyMap<string, Reference> {
  const entries = Object.entries(record(given, where));
  return new Map(entries.map(([field, value]) => [field, reference(value, `${where}.${field}`)]));
}

function reference(given: unknown, where: string): Reference {
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

/** A step may look at the request and at steps before it. */
function refuseUnknownSources(steps: readonly Step[], output: PipelineGraph['output'], where: string): void {
  const known = [requestSource];
  for (const { member, mapping } of steps) {
    refuseUnknown([...mapping.fields.values()], known, `${where}.${member.name}`);
    known.push(member.name);
  }
  refuseUnknown([...(output?.values() ?? [])], known, `${where}.output`);
}

function refuseUnknown(uses: readonly Reference[], known: readonly string[], where: string): void {
  for (const use of uses) {
    if (use.kind === 'value' || use.from === null || known.includes(use.from)) continue;
    throw invalid(where, `there is no '${use.from}' before it; there are ${known.join(', ')}`);
  }
}
