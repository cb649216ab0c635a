import fc from 'fast-check';

import type { ScalarKind, Shape } from './shape.ts';

/** JSON text, so that numbers stand as they are written. */
export type Text = string;

export const word = fc.stringMatching(/^[A-Za-zÄé😀][\w äÜ😀.,;"-]{0,8}$/u);
const double = fc.double({ noNaN: true, noDefaultInfinity: true }).map(pythonFloat);
const float = fc.float({ noNaN: true, noDefaultInfinity: true }).map(pythonFloat);
const long = fc.oneof(
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String),
  fc.constantFrom('9007199254740993', '0', '-1'),
);
const time = fc
  .date({ min: new Date('1900-01-01'), max: new Date('2200-01-01'), noInvalidDate: true })
  .map((date) => `"${date.toISOString().slice(0, 19)}"`);
const anything = fc.constantFrom('"x"', '1', 'true', '{"a": [1, "b"]}', '[1, 2]', '1.5', 'null');

const scalars: Readonly<Record<ScalarKind | 'any', fc.Arbitrary<Text>>> = {
  boolean: fc.boolean().map(String),
  uint8: fc.nat({ max: 255 }).map(String),
  integer: fc.integer().map(String),
  long,
  float: fc.oneof({ weight: 4, arbitrary: float }, { weight: 1, arbitrary: fc.constantFrom('3', '0') }),
  double: fc.oneof({ weight: 4, arbitrary: double }, { weight: 1, arbitrary: fc.constantFrom('2', '1e300') }),
  string: word.map((text) => JSON.stringify(text)),
  binary: fc
    .uint8Array({ maxLength: 6, minLength: 1 })
    .map((bytes) => JSON.stringify(Buffer.from(bytes).toString('base64'))),
  datetime: time,
  any: anything,
};

/** Python writes every float with a point or an exponent. */
function pythonFloat(value: number): Text {
  if (!Number.isInteger(value)) return String(value);
  return Math.abs(value) < 1e15 ? value.toFixed(1) : value.toExponential();
}

/** Values of the type. */
export function valuesOf(shape: Shape): fc.Arbitrary<Text> {
  if (typeof shape === 'string') return scalars[shape];
  if ('array' in shape) {
    const { array, length } = shape;
    return fc.array(valuesOf(array), { minLength: length ?? 1, maxLength: length ?? 3 }).map(list);
  }
  if ('map' in shape) return entriesOf(shape.map).map(object);
  const { object: members, optional = [] } = shape;
  return fc
    .subarray([...optional])
    .chain((left) => membersOf(members, left))
    .map(object);
}

type Entries = readonly (readonly [name: string, text: Text])[];

function entriesOf(values: Shape): fc.Arbitrary<Entries> {
  const key = fc.constantFrom('a', 'b', 'ü');
  return fc.uniqueArray(fc.tuple(key, valuesOf(values)), {
    minLength: 1,
    maxLength: 3,
    selector: ([name]) => name,
  });
}

function membersOf(
  members: Readonly<Record<string, Shape>>,
  without: readonly string[],
): fc.Arbitrary<Entries> {
  const names = Object.keys(members).filter((name) => !without.includes(name));
  return fc.tuple(
    ...names.map((name) => valuesOf(members[name] ?? 'any').map((text) => [name, text] as const)),
  );
}

export function list(items: readonly Text[]): Text {
  return `[${items.join(', ')}]`;
}

export function object(entries: Entries): Text {
  return `{${entries.map(([name, text]) => `${JSON.stringify(name)}: ${text}`).join(', ')}}`;
}

/** What no answer may show to anyone but the model. */
export const secret = 'a secret of the caller';

const oddities: readonly Text[] = [
  JSON.stringify(secret),
  JSON.stringify([secret]),
  ...[
    '"abc"',
    '""',
    '"3"',
    '"false"',
    'true',
    'false',
    '1.5',
    '-1',
    '0',
    '1',
    '1.0',
    '1e400',
    '1e39',
    '-0.0',
  ],
  ...['99999999999999999999', '2147483648', '9223372036854775808', 'null', 'NaN', '-Infinity'],
  ...['[]', '[1]', '["a"]', '[[1], [2, 3]]', '[true]', '[[1]]', '[null]', '[1.5, 2]', '[0, 1]'],
  ...['{}', '{"a": 1}', '{"a": 1.5}', '{"a": null}', '{"name": "A", "age": 3, "zz": 1}'],
  ...['"2024-13-01"', '"2024-01-02T03:04:05Z"', '"2024-01-02 03:04"', '"1500-01-01"', '"now"', '"AAA"'],
];

export const odd = fc.constantFrom(...oddities);

/** A value with one thing in it, or all of it, put in from elsewhere, so that it may be none of the type. */
export function oddValuesOf(shape: Shape): fc.Arbitrary<Text> {
  if (typeof shape === 'string') return odd;
  if ('array' in shape) {
    const items = fc.array(valuesOf(shape.array), { maxLength: 2 });
    return oneOf(
      odd,
      fc
        .tuple(items, oddValuesOf(shape.array), fc.nat(2))
        .map(([all, item, at]) => list(all.toSpliced(at, 0, item))),
    );
  }
  if ('map' in shape) {
    return oneOf(
      odd,
      fc
        .tuple(entriesOf(shape.map), oddValuesOf(shape.map))
        .map(([all, text]) => object([...all, ['odd', text]])),
    );
  }
  const { object: members } = shape;
  const name = fc.constantFrom(...Object.keys(members));
  const other = name.chain((at) =>
    fc
      .tuple(membersOf(members, [at]), oddValuesOf(members[at] ?? 'any'))
      .map(([rest, text]) => object([...rest, [at, text]])),
  );
  const missing = name.chain((at) => membersOf(members, [at])).map(object);
  return oneOf(odd, other, missing);
}

function oneOf(...arbitraries: readonly fc.Arbitrary<Text>[]): fc.Arbitrary<Text> {
  return fc.oneof(...arbitraries);
}
