import fc from 'fast-check';

import { parsePythonJson } from '../same-json.ts';
import { type Invocation, json } from './invocation.ts';
import { isOf, type Shape } from './shape.ts';
import { odd, object, oddValuesOf, type Text, valuesOf } from './values.ts';

type Members = Readonly<Record<string, Shape>>;

/** Some of the members, a quarter of them perhaps not of their type. */
function some(members: Members): fc.Arbitrary<readonly (readonly [name: string, text: Text])[]> {
  return fc
    .subarray(Object.entries(members))
    .chain((entries) =>
      fc.tuple(
        ...entries.map(([name, shape]) =>
          fc
            .oneof({ weight: 3, arbitrary: valuesOf(shape) }, { weight: 1, arbitrary: oddValuesOf(shape) })
            .map((text) => [name, text] as const),
        ),
      ),
    );
}

/** Params beside data that fits. */
export function withParams(data: Text, params: Members): fc.Arbitrary<Invocation> {
  return some(params).map((entries) =>
    json(`{${data}, "params": ${object(entries)}}`, areOf(params, entries)),
  );
}

/** A body that is the data itself: one member that makes it so, and others beside it, params among them. */
export function unwrapped(data: Members, params: Members = {}): fc.Arbitrary<Invocation> {
  const [first = ['prompt', 'string']] = Object.entries(data);
  const [name, shape] = first;
  const rest = { ...data, ...params };
  return fc
    .tuple(
      fc.oneof({ weight: 3, arbitrary: valuesOf(shape) }, { weight: 1, arbitrary: oddValuesOf(shape) }),
      some(rest),
    )
    .map(([text, entries]) => {
      const all = [[name, text] as const, ...entries.filter(([other]) => other !== name)];
      return json(object(all), areOf(rest, all));
    });
}

function areOf(members: Members, entries: readonly (readonly [name: string, text: Text])[]): boolean {
  return entries.every(([name, text]) => {
    const read = parsePythonJson(text);
    return read !== undefined && isOf(members[name] ?? 'any', read.value);
  });
}

/** Anything at all, for models that describe nothing. */
export function anything(): fc.Arbitrary<Invocation> {
  const field = fc.constantFrom('inputs', 'instances', 'dataframe_records', 'dataframe_split');
  const value = fc.oneof(
    odd,
    fc.array(odd, { maxLength: 3 }).map((items) => `[${items.join(', ')}]`),
    fc.jsonValue({ maxDepth: 3 }).map((value) => JSON.stringify(value)),
    fc
      .array(fc.tuple(odd, odd), { maxLength: 3 })
      .map((rows) => `[${rows.map(([a, b]) => `{"a": ${a}, "b": ${b}}`).join(', ')}]`),
    fc
      .array(fc.tuple(odd, odd), { maxLength: 3 })
      .map((rows) => `{"columns": ["a", "b"], "data": [${rows.map(([a, b]) => `[${a}, ${b}]`).join(', ')}]}`),
  );
  return fc.tuple(field, value).map(([name, text]) => json(`{"${name}": ${text}}`, null));
}

/** Values of the type hint, in `inputs`. */
export function hinted(shape: Shape): fc.Arbitrary<Invocation> {
  return fc.oneof(valuesOf(shape), oddValuesOf(shape)).map((text) => json(`{"inputs": ${text}}`, null));
}

const pieces = [
  '"',
  '[',
  ']',
  '{',
  '}',
  ',',
  ':',
  '\\',
  '0',
  '-',
  '.',
  'e',
  'null',
  'NaN',
  ' ',
  '\u0000',
  'ü',
  '\uFEFF',
  '\\ud800',
  '\n',
];

/** Bodies with a few characters gone or put in. */
export function damaged(requests: fc.Arbitrary<Invocation>): fc.Arbitrary<Invocation> {
  const cut = fc.tuple(fc.nat(1000), fc.nat(3), fc.constantFrom('', ...pieces));
  return fc.tuple(requests, fc.array(cut, { minLength: 1, maxLength: 2 })).map(([invocation, cuts]) => ({
    ...invocation,
    fits: null,
    damaged: true,
    body: cuts.reduce((body, [at, length, piece]) => {
      const start = at % (body.length + 1);
      return body.slice(0, start) + piece + body.slice(start + length);
    }, invocation.body),
  }));
}

const contentTypes = [
  'application/json',
  'application/json; charset=utf-8',
  'application/json;charset=UTF-8',
  'application/json; charset=latin-1',
  'application/json; charset="utf-8"',
  'application/json; a=b',
  'application/json;',
  'Application/JSON',
  'text/csv',
  'text/csv; charset=utf-8',
  'text/plain',
  'application/x-www-form-urlencoded',
  'application/json, text/csv',
  'application/json ; charset=utf-8',
];

export function mislabelled(requests: fc.Arbitrary<Invocation>): fc.Arbitrary<Invocation> {
  return fc
    .tuple(requests, fc.constantFrom(...contentTypes))
    .map(([invocation, contentType]) => ({ ...invocation, contentType, fits: null }));
}
