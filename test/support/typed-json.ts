import * as fc from 'fast-check';
import type {
  ColumnSchema,
  DataType,
  ScalarName,
  Signature,
  TensorDtype,
  TensorSchema,
} from '../../src/contract/signature.ts';
import { formatDatetime } from '../../src/payload/datetime.ts';

/** Types, and JSON texts that fit them written as `/serve` itself writes them, so that an echo is the same text. */

export const scalarNames: readonly ScalarName[] = [
  'boolean',
  'integer',
  'long',
  'float',
  'double',
  'string',
  'binary',
  'datetime',
];

/** A whole number that is no safe integer has an exponent, so that no reader takes its zeros for digits. */
function floatText(value: number): string {
  if (Object.is(value, -0)) return '-0';
  return Number.isInteger(value) && !Number.isSafeInteger(value) ? value.toExponential() : String(value);
}
const finite = { noNaN: true, noDefaultInfinity: true } as const;
const infinities = fc.constantFrom('"Infinity"', '"-Infinity"');

/** A 32-bit float as the shortest decimal, found by trying every number of digits. */
export function shortestFloat32(value: number): string {
  for (let digits = 1; digits < 10; digits++) {
    const decimal = Number(value.toPrecision(digits));
    if (Math.fround(decimal) === value) return floatText(decimal);
  }
  return floatText(value);
}

const scalarTexts: Readonly<Record<ScalarName, fc.Arbitrary<string>>> = {
  boolean: fc.boolean().map(String),
  integer: fc.integer().map(String),
  long: fc.oneof(fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n), fc.bigInt(-9n, 9n)).map(String),
  float: fc.oneof({ weight: 9, arbitrary: fc.float(finite).map(shortestFloat32) }, infinities),
  double: fc.oneof({ weight: 9, arbitrary: fc.double(finite).map(floatText) }, infinities),
  string: fc.string({ unit: 'binary' }).map((text) => JSON.stringify(text)),
  binary: fc.uint8Array().map((bytes) => JSON.stringify(Buffer.from(bytes).toString('base64'))),
  datetime: fc.bigInt(-(2n ** 63n) + 1n, 2n ** 63n - 1n).map((at) => JSON.stringify(formatDatetime(at))),
};

export const anyName = fc.oneof(
  fc.string({ unit: 'binary', minLength: 1, maxLength: 5 }),
  fc.constantFrom('__proto__', 'constructor', 'a/b', '~', 'inputs', 'toString', '0'),
);

const names = fc.uniqueArray(anyName, { minLength: 1, maxLength: 4 });

export const anyType: fc.Arbitrary<DataType> = fc.letrec<{ type: DataType }>((tie) => ({
  type: fc.oneof(
    { maxDepth: 3, depthSize: 'small' },
    fc.constantFrom(...scalarNames).map((kind) => ({ kind })),
    fc.constant({ kind: 'any' } as const),
    tie('type').map((items) => ({ kind: 'array', items }) as const),
    tie('type').map((values) => ({ kind: 'map', values }) as const),
    fc
      .tuple(names, fc.array(fc.tuple(tie('type'), fc.boolean()), { minLength: 4, maxLength: 4 }))
      .map(([keys, members]) => ({
        kind: 'object' as const,
        properties: keys.map((name, index) => {
          const [type, required] = members[index] ?? [{ kind: 'string' } as const, true];
          return { name, type, required };
        }),
      })),
  ),
})).type;

/** A JSON text of the type, not null. */
export function textOf(type: DataType): fc.Arbitrary<string> {
  switch (type.kind) {
    case 'array':
      return fc.array(textOf(type.items), { maxLength: 3 }).map((items) => `[${items.join(',')}]`);
    case 'map':
      return fc
        .uniqueArray(fc.tuple(anyName, textOf(type.values)), { maxLength: 3, selector: ([key]) => key })
        .map(objectText);
    case 'object':
      return fc
        .tuple(...type.properties.map(({ name, type: of, required }) => member(name, of, required)))
        .map((members) => objectText(members.filter((entry) => entry !== null)));
    case 'any':
      return fc.json({ maxDepth: 2, noUnicodeString: false }).map((text) => JSON.stringify(JSON.parse(text)));
    default:
      return scalarTexts[type.kind];
  }
}

function member(
  name: string,
  type: DataType,
  required: boolean,
): fc.Arbitrary<readonly [string, string] | null> {
  const present = textOf(type).map((text) => [name, text] as const);
  return required ? present : fc.oneof(present, fc.constant([name, 'null'] as const), fc.constant(null));
}

function objectText(members: readonly (readonly [string, string])[]): string {
  // As JavaScript orders them: whole numbers first, whatever their place.
  const ordered = Object.keys(Object.fromEntries(members));
  const texts = new Map(members);
  const all = texts.has('__proto__') && !ordered.includes('__proto__') ? [...ordered, '__proto__'] : ordered;
  return `{${all.map((name) => `${JSON.stringify(name)}:${texts.get(name) ?? 'null'}`).join(',')}}`;
}

export function signatureOf(part: Partial<Signature>): Signature {
  return { inputs: null, outputs: null, params: [], fromTypeHint: false, ...part };
}

export const namedColumns: fc.Arbitrary<ColumnSchema> = fc
  .uniqueArray(fc.record({ name: anyName, type: anyType, required: fc.boolean() }), {
    minLength: 1,
    maxLength: 5,
    selector: ({ name }) => name,
  })
  .map((columns) => ({ kind: 'columns', named: true, columns }));

export const unnamedColumns: fc.Arbitrary<ColumnSchema> = fc
  .array(fc.record({ name: fc.constant(null), type: anyType, required: fc.constant(true) }), {
    minLength: 1,
    maxLength: 3,
  })
  .map((columns) => ({ kind: 'columns', named: false, columns }));

/** The text of one row. Null stands for a missing float, or an optional cell that may be null. */
export function rowText(schema: ColumnSchema): fc.Arbitrary<string> {
  const cells = schema.columns.map(({ name, type, required }) => {
    const isFloat = type.kind === 'float' || type.kind === 'double';
    const takesNull = isFloat || type.kind === 'any' || (!required && !isInteger(type));
    const value = takesNull ? fc.oneof(textOf(type), fc.constant('null')) : textOf(type);
    const cell = value.map((text) => [name ?? '', text] as const);
    return required ? cell : fc.oneof(cell, fc.constant(null));
  });
  return fc.tuple(...cells).map((found) => {
    const present = found.filter((cell) => cell !== null);
    const texts = present.map(([, text]) => text);
    if (schema.named)
      return `{${present.map(([name, text]) => `${JSON.stringify(name)}:${text}`).join(',')}}`;
    return texts.length === 1 ? (texts[0] ?? '') : `[${texts.join(',')}]`;
  });
}

function isInteger(type: DataType): boolean {
  return type.kind === 'integer' || type.kind === 'long';
}

const elementTexts: Readonly<Record<TensorDtype, fc.Arbitrary<string>>> = {
  bool: scalarTexts.boolean,
  int8: fc.integer({ min: -128, max: 127 }).map(String),
  int16: fc.integer({ min: -32_768, max: 32_767 }).map(String),
  int32: scalarTexts.integer,
  int64: scalarTexts.long,
  uint8: fc.integer({ min: 0, max: 255 }).map(String),
  uint16: fc.integer({ min: 0, max: 65_535 }).map(String),
  uint32: fc.integer({ min: 0, max: 2 ** 32 - 1 }).map(String),
  uint64: fc.bigInt(0n, 2n ** 64n - 1n).map(String),
  float16: fc.integer({ min: -2048, max: 2048 }).map(String),
  float32: fc.oneof(scalarTexts.float, fc.constant('null')),
  float64: fc.oneof(scalarTexts.double, fc.constant('null')),
  str: scalarTexts.string,
  bytes: scalarTexts.binary,
  object: textOf({ kind: 'any' }),
  datetime64: scalarTexts.datetime,
};

const dtypes = Object.keys(elementTexts) as readonly TensorDtype[];

/** A tensor schema whose first dimensions are free, and a list of rows that fits it. */
export const stackedTensors: fc.Arbitrary<{ schema: TensorSchema; rows: readonly string[] }> = fc
  .uniqueArray(
    fc.record({
      name: anyName,
      dtype: fc.constantFrom(...dtypes),
      inner: fc.array(fc.constantFrom(-1, 1, 2, 3), { maxLength: 2 }),
    }),
    { minLength: 1, maxLength: 3, selector: ({ name }) => name },
  )
  .chain((specs) =>
    fc.boolean().chain((named) => {
      const used = named ? specs : specs.slice(0, 1);
      const tensors = used.map(({ name, dtype, inner }) => ({
        name: named ? name : null,
        dtype,
        shape: [-1, ...inner],
      }));
      const cells = used.map(({ dtype, inner }) => nestedLists(elementTexts[dtype], inner));
      const row = fc
        .tuple(...cells)
        .map((texts) =>
          named
            ? `{${texts.map((text, index) => `${JSON.stringify(used[index]?.name)}:${text}`).join(',')}}`
            : (texts[0] ?? ''),
        );
      return fc.record({
        schema: fc.constant({ kind: 'tensors' as const, named, tensors }),
        rows: fc.array(row, { maxLength: 4 }),
      });
    }),
  );

function nestedLists(element: fc.Arbitrary<string>, shape: readonly number[]): fc.Arbitrary<string> {
  return fc
    .tuple(...shape.map((d) => (d === -1 ? fc.integer({ min: 1, max: 3 }) : fc.constant(d))))
    .chain((dimensions) =>
      dimensions.reduceRight(
        (items, length) =>
          fc.array(items, { minLength: length, maxLength: length }).map((texts) => `[${texts.join(',')}]`),
        element,
      ),
    );
}
