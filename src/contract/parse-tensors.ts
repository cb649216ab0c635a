import { allNamed, fail, list, optionalName, record, type JsonRecord } from './reading.ts';
import type { TensorDtype, TensorSchema, TensorSpec } from './signature.ts';

export function parseTensorSchema(specs: readonly JsonRecord[], path: string): TensorSchema {
  const tensors = specs.map((spec, index) => parseTensor(spec, `${path}/${String(index)}`));
  const named = allNamed(
    tensors.map((tensor) => tensor.name),
    path,
  );
  if (!named && tensors.length > 1) fail(path, 'more than one unnamed tensor');
  return { kind: 'tensors', named, tensors };
}

function parseTensor(spec: JsonRecord, path: string): TensorSpec {
  const at = `${path}/tensor-spec`;
  const inner = record(spec.get('tensor-spec'), at);
  return {
    name: optionalName(spec, path),
    dtype: parseDtype(inner.get('dtype'), `${at}/dtype`),
    shape: list(inner.get('shape'), `${at}/shape`).map((dimension) =>
      parseDimension(dimension, `${at}/shape`),
    ),
  };
}

function parseDimension(dimension: unknown, path: string): number {
  if (typeof dimension === 'number' && Number.isSafeInteger(dimension) && dimension >= -1) return dimension;
  return fail(path, `the dimension ${String(dimension)}`);
}

const dtypes: Readonly<Record<TensorDtype, true>> = {
  bool: true,
  int8: true,
  int16: true,
  int32: true,
  int64: true,
  uint8: true,
  uint16: true,
  uint32: true,
  uint64: true,
  float16: true,
  float32: true,
  float64: true,
  str: true,
  bytes: true,
  object: true,
  datetime64: true,
};

/** Other spellings that numpy takes for a dtype; sizes and byte order are gone by then. */
const spellings = new Map<string, TensorDtype>(
  Object.entries({
    bool_: 'bool',
    boolean: 'bool',
    '?': 'bool',
    int: 'int64',
    long: 'int64',
    half: 'float16',
    single: 'float32',
    float: 'float64',
    double: 'float64',
    str_: 'str',
    string: 'str',
    unicode: 'str',
    U: 'str',
    bytes_: 'bytes',
    S: 'bytes',
    a: 'bytes',
    object_: 'object',
    O: 'object',
    M8: 'datetime64',
    b1: 'bool',
    i1: 'int8',
    i2: 'int16',
    i4: 'int32',
    i8: 'int64',
    u1: 'uint8',
    u2: 'uint16',
    u4: 'uint32',
    u8: 'uint64',
    f2: 'float16',
    f4: 'float32',
    f8: 'float64',
  }),
);

/** A numpy dtype by any of its spellings: `float32`, `<f4`, `<U5`, `str256`, `datetime64[ns]`. */
function parseDtype(dtype: unknown, path: string): TensorDtype {
  if (typeof dtype !== 'string') return fail(path, 'no dtype');
  const bare = dtype
    .replace(/^[<>=|]/, '')
    .replace(/\[[a-z]+\]$/, '')
    .replace(/^(U|S|a|str|bytes)\d+$/, '$1');
  if (isDtype(bare)) return bare;
  return spellings.get(bare) ?? fail(path, `the dtype '${dtype}', which is not supported`);
}

function isDtype(name: string): name is TensorDtype {
  return Object.hasOwn(dtypes, name);
}
