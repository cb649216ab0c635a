import type { DataType, ParamSpec } from '../../contract/signature.ts';
import { parseDatetime } from '../../payload/datetime.ts';
import { noParams, type Nested, type Params, Timestamp } from '../../payload/payload.ts';
import { countersignError } from '../../errors/countersign-error.ts';
import { Decimal } from '../../util/decimal.ts';
import { Faults, step } from '../values/faults.ts';
import { isObject, readNested } from '../values/read-nested.ts';
import { completeParams } from '../values/read-params.ts';
import { expected, wanted } from '../values/words.ts';
import { inferTensor } from './infer.ts';
import { optional } from './policy.ts';

/**
 * Params as MLflow takes them: unknown names are dropped, and a model that declares none ignores whatever stands
 * there. Each is checked by its Python type: an int is an integer of any size and also a float, a float is never an
 * integer, null is None. `at` is where they stand. Errors: INVALID_PARAMS.
 */
export function readMlflowParams(specs: readonly ParamSpec[], given: unknown, at: string): Params {
  if (specs.length === 0) return noParams;
  const faults = new Faults();
  let ragged = false;
  const values = new Map<string, Nested>();
  if (given !== undefined && given !== null && !isObject(given)) faults.add(at, expected('an object', given));
  const members = isObject(given) ? given : {};
  for (const spec of specs) {
    if (!Object.hasOwn(members, spec.name)) continue;
    const value = members[spec.name];
    const read = readParam(spec, value);
    ragged ||= spec.array && Array.isArray(value) && inferTensor(null, value) === null;
    if (read instanceof Faults) faults.addAll(at + step(spec.name), read);
    else values.set(spec.name, read);
  }
  if (faults.count > 0) {
    const error = countersignError('INVALID_PARAMS', faults.count).with({ errors: faults.listed() });
    // Where NumPy makes no array, MLflow's check fails before it has a verdict.
    throw ragged ? error.with({ mlflowCode: 'BAD_REQUEST' }) : error;
  }
  return completeParams(specs, values);
}

function readParam({ type, array }: ParamSpec, value: unknown): Nested | Faults {
  if (!array) return readOne(type, value);
  if (!Array.isArray(value)) return Faults.of(expected('a list', value));
  const faults = new Faults();
  const items = value.map((item: unknown, index) => {
    const read = readOne(type, item);
    if (!(read instanceof Faults)) return read;
    faults.addAll(step(index), read);
    return null;
  });
  return faults.count > 0 ? faults : items;
}

function readOne(type: DataType, value: unknown): Nested | Faults {
  if (value === null) return type.kind === 'object' ? Faults.of(expected('an object', value)) : null;
  switch (type.kind) {
    case 'integer':
      return isInteger(value) ? value : Faults.of(expected('an integer', value));
    case 'long':
      return isInteger(value) ? BigInt(value) : Faults.of(expected('an integer', value));
    case 'float':
    case 'double':
      return readFloat(type, value);
    case 'datetime':
      return readDatetime(value);
    case 'string':
      return typeof value === 'string' ? value : Faults.of(expected('a string', value));
    default:
      return readNested(type, value, optional);
  }
}

function isInteger(value: unknown): value is number | bigint {
  return typeof value === 'bigint' || (typeof value === 'number' && Number.isInteger(value));
}

function readFloat(type: DataType, value: unknown): Nested | Faults {
  const number = value instanceof Decimal ? value.value : value;
  if (typeof number === 'number' && !(value instanceof Decimal && !Number.isFinite(number))) return number;
  return typeof number === 'bigint' ? Number(number) : Faults.of(expected(wanted(type), value));
}

/** numpy reads an empty text as "not a time", which MLflow hands on as None; Python's datetime has microseconds. */
function readDatetime(value: unknown): Nested | Faults {
  if (value === '') return null;
  const nanoseconds = typeof value === 'string' ? parseDatetime(value) : null;
  if (typeof nanoseconds === 'bigint' && nanoseconds % 1000n === 0n) return new Timestamp(nanoseconds);
  return Faults.of(expected(wanted({ kind: 'datetime' }), value));
}
