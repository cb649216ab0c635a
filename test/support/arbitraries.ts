import fc from 'fast-check';
import type {
  ColumnSchema,
  ColumnSpec,
  DataType,
  ParamSpec,
  ScalarName,
  Schema,
  Signature,
  TensorDtype,
  TensorSchema,
} from '../../src/contract/signature.ts';
import { jsonValue } from './arbitrary-values.ts';

export { jsonRow, payloadOf } from './arbitrary-values.ts';
export { compatibleVersion, incompatibleVersion } from './arbitrary-versions.ts';

/** Names as they come, those that JavaScript objects have already and those that a path escapes among them. */
export const name: fc.Arbitrary<string> = fc.oneof(
  { weight: 3, arbitrary: fc.stringMatching(/^[a-z]{1,6}$/) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      ...['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'length', 'a/b', '~1', 'größe', '0', '1'],
      ...['inputs', 'params', 'sepal length', '\u{1F600}', '\uFF5E'],
    ),
  },
);

export const scalarName: fc.Arbitrary<ScalarName> = fc.constantFrom(
  ...(['boolean', 'integer', 'long', 'float', 'double', 'string', 'binary', 'datetime'] as const),
);

const names = (maxLength: number): fc.Arbitrary<string[]> =>
  fc.uniqueArray(name, { minLength: 1, maxLength });

/** A type of at most `depth` levels beneath itself. */
export function dataType(depth = 2): fc.Arbitrary<DataType> {
  const plain = fc.oneof(
    { weight: 5, arbitrary: scalarName.map((kind) => ({ kind })) },
    { weight: 1, arbitrary: fc.constant({ kind: 'any' as const }) },
  );
  if (depth === 0) return plain;
  const inner = dataType(depth - 1);
  return fc.oneof(
    { weight: 3, arbitrary: plain },
    { weight: 1, arbitrary: inner.map((items) => ({ kind: 'array' as const, items })) },
    { weight: 1, arbitrary: inner.map((values) => ({ kind: 'map' as const, values })) },
    { weight: 1, arbitrary: objectType(inner) },
  );
}

function objectType(inner: fc.Arbitrary<DataType>): fc.Arbitrary<DataType> {
  return names(3).chain((all) =>
    fc
      .tuple(...all.map((one) => fc.record({ name: fc.constant(one), type: inner, required: fc.boolean() })))
      .map((properties) => ({ kind: 'object' as const, properties })),
  );
}

export const columnSchema: fc.Arbitrary<ColumnSchema> = fc.oneof(
  { weight: 4, arbitrary: names(4).chain((all) => columns(all, fc.boolean())) },
  {
    weight: 1,
    arbitrary: fc
      .array(fc.constant(null), { minLength: 1, maxLength: 3 })
      .chain((all) => columns(all, fc.constant(true))),
  },
);

function columns(
  all: readonly (string | null)[],
  required: fc.Arbitrary<boolean>,
): fc.Arbitrary<ColumnSchema> {
  const specs: readonly fc.Arbitrary<ColumnSpec>[] = all.map((one) =>
    fc.record({ name: fc.constant(one), type: dataType(), required }),
  );
  return fc
    .tuple(...specs)
    .map((made) => ({ kind: 'columns' as const, named: all[0] !== null, columns: made }));
}

export const tensorDtype: fc.Arbitrary<TensorDtype> = fc.constantFrom(
  ...(['bool', 'int8', 'int16', 'int32', 'int64', 'uint8', 'uint16', 'uint32', 'uint64'] as const),
  ...(['float16', 'float32', 'float64', 'str', 'bytes', 'object', 'datetime64'] as const),
);

const dimension = fc.oneof(fc.constant(-1), fc.integer({ min: 1, max: 3 }));
const shape = fc
  .tuple(
    fc.oneof({ weight: 4, arbitrary: fc.constant(-1) }, { weight: 1, arbitrary: dimension }),
    fc.array(dimension, { maxLength: 2 }),
  )
  .map(([first, rest]) => [first, ...rest]);

export const tensorSchema: fc.Arbitrary<TensorSchema> = fc
  .oneof(fc.constant([null]), names(3))
  .chain((all) =>
    fc
      .tuple(...all.map((one) => fc.record({ name: fc.constant(one), dtype: tensorDtype, shape })))
      .map((tensors) => ({ kind: 'tensors' as const, named: all[0] !== null, tensors })),
  );

export const schema: fc.Arbitrary<Schema> = fc.oneof(
  { weight: 3, arbitrary: columnSchema },
  { weight: 1, arbitrary: tensorSchema },
);

const paramScalar: fc.Arbitrary<DataType> = scalarName
  .filter((kind) => kind !== 'binary')
  .map((kind) => ({ kind }));

/** A param with a default that fits its type. */
export function paramSpec(paramName: string): fc.Arbitrary<ParamSpec> {
  return fc
    .oneof(
      fc.record({ type: paramScalar, array: fc.boolean() }),
      fc.record({ type: objectType(paramScalar), array: fc.constant(false) }),
    )
    .chain(({ type, array }) =>
      jsonValue(array ? { kind: 'array', items: type } : type).map((value) => ({
        name: paramName,
        type,
        array,
        default: value,
      })),
    );
}

const paramSpecs: fc.Arbitrary<readonly ParamSpec[]> = fc
  .uniqueArray(name, { maxLength: 3 })
  .chain((all) => fc.tuple(...all.map(paramSpec)));

/** Any signature that MLflow could have logged. */
export const signature: fc.Arbitrary<Signature> = fc.record({
  inputs: fc.option(schema, { freq: 8 }),
  outputs: fc.option(schema, { freq: 8 }),
  params: paramSpecs,
  fromTypeHint: fc.boolean(),
});

/** A signature that says something about inputs. */
export const signatureWithInputs: fc.Arbitrary<Signature & { readonly inputs: Schema }> = fc
  .tuple(signature, schema)
  .map(([made, inputs]) => ({ ...made, inputs }));
