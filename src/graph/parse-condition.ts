import {
  type Branch,
  type ConditionGraph,
  type FieldReference,
  requestSource,
  type Scalar,
  type Criterion,
} from './definition.ts';
import { parseStep, references, refuseUnknown } from './parse-step.ts';
import { closed, distinct, invalid, list, textOrNull } from './reading.ts';

const comparisons = ['above', 'below', 'atLeast', 'atMost', 'equals', 'oneOf'] as const;

/** What `condition` was given, or what stands under `condition` in a JSON or YAML config. */
export function parseCondition(name: string, given: unknown, where: string): ConditionGraph {
  const read = closed(given, where, ['description', 'ask', 'when', 'then', 'else']);
  const first = read['ask'] === undefined ? null : parseStep(read['ask'], `${where}.ask`);
  const before = first === null ? [requestSource] : [requestSource, first.member.name];
  const criterion = parseCriterion(read['when'], `${where}.when`);
  refuseUnknown([criterion.value], before, `${where}.when`);
  if (criterion.value.field === null && (criterion.value.from ?? before.at(-1)) === requestSource)
    throw invalid(`${where}.when`, 'name a `field` of the request');
  const then = parseBranch(read['then'], before, `${where}.then`);
  const otherwise = parseBranch(read['else'], before, `${where}.else`);
  const steps = [first, then.step, otherwise.step].filter((step) => step !== null);
  if (steps.length === 0) throw invalid(where, 'it asks no model');
  return {
    kind: 'condition',
    name,
    description: textOrNull(read['description'], `${where}.description`),
    members: distinct(
      steps.map(({ member }) => member),
      where,
    ),
    first,
    criterion,
    then,
    otherwise,
  };
}

function parseCriterion(given: unknown, where: string): Criterion {
  const read = closed(given, where, ['from', 'field', ...comparisons]);
  const [comparison, ...more] = comparisons.filter((each) => read[each] !== undefined);
  if (comparison === undefined || more.length > 0)
    throw invalid(where, `expected one of ${comparisons.join(', ')}`);
  const against = read[comparison];
  const at = `${where}.${comparison}`;
  const value: FieldReference = {
    kind: 'field',
    from: textOrNull(read['from'], `${where}.from`),
    field: textOrNull(read['field'], `${where}.field`),
  };
  if (comparison === 'equals') return { value, comparison, against: scalar(against, at) };
  if (comparison === 'oneOf')
    return { value, comparison, against: list(against, at).map((each) => scalar(each, at)) };
  if (typeof against !== 'number' || !Number.isFinite(against)) throw invalid(at, 'expected a number');
  return { value, comparison, against };
}

function scalar(given: unknown, where: string): Scalar {
  if (typeof given === 'string' || typeof given === 'boolean') return given;
  if (typeof given === 'number' && Number.isFinite(given)) return given;
  throw invalid(where, 'expected a text, a number, true or false');
}

/** A branch: the name of a model, or an object; absent: the answer is that of the model asked first. */
function parseBranch(given: unknown, before: readonly string[], where: string): Branch {
  if (given === undefined) return checked({ step: null, output: null }, before, where);
  if (typeof given === 'string')
    return checked({ step: parseStep(given, where), output: null }, before, where);
  const read = closed(given, where, ['ask', 'output']);
  const step = read['ask'] === undefined ? null : parseStep(read['ask'], `${where}.ask`);
  const output = read['output'] === undefined ? null : references(read['output'], `${where}.output`);
  return checked({ step, output }, before, where);
}

function checked({ step, output }: Branch, before: readonly string[], where: string): Branch {
  if (step === null && output === null && before.length === 1)
    throw invalid(where, 'it asks no model, and answers nothing');
  if (step !== null) refuseUnknown([...step.mapping.fields.values()], before, `${where}.ask`);
  const known = step === null ? before : [...before, step.member.name];
  refuseUnknown([...(output?.values() ?? [])], known, `${where}.output`);
  return { step, output };
}
