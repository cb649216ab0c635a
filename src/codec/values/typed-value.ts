import type { DataType } from '../../contract/signature.ts';
import { formatDatetime } from '../../payload/datetime.ts';
import { Timestamp } from '../../payload/payload.ts';
import { parseJsonText } from '../json-body.ts';
import { encodeBase64 } from './base64.ts';
import { isFloat, isObject } from './read-nested.ts';

/**
 * A value of a file that has types (Parquet, Arrow) as a body of JSON has it. Times and bytes become text where the
 * type that is wanted has them so; elsewhere a symbol, which fits no type and says in a message what it was.
 *
 * @param spellsNonFinite NaN and infinities of floats are the texts that `/serve` has for them
 */
export function jsonValue(type: DataType, value: unknown, spellsNonFinite = false): unknown {
  switch (typeof value) {
    case 'number':
      return spellsNonFinite && !Number.isFinite(value) && isFloat(type) ? String(value) : value;
    case 'bigint':
      return Number.isSafeInteger(Number(value)) ? Number(value) : value;
    case 'object':
      return value === null ? null : compoundValue(type, value, spellsNonFinite);
    case 'undefined':
      return null;
    default:
      return value;
  }
}

/** A text that is JSON by what its column says. */
export class JsonText {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

const time = Symbol('a time');
const bytes = Symbol('bytes');
const any: DataType = { kind: 'any' };

function compoundValue(type: DataType, value: object, spells: boolean): unknown {
  if (value instanceof Timestamp) return takes(type, 'datetime') ? formatDatetime(value.nanoseconds) : time;
  if (value instanceof Uint8Array) return takes(type, 'binary') ? encodeBase64(value) : bytes;
  if (value instanceof JsonText) return type.kind === 'any' ? parseJsonText(value.text, true) : value.text;
  if (ArrayBuffer.isView(value)) return jsonValue(type, [...(value as Float64Array)], spells);
  if (Array.isArray(value)) {
    const items = type.kind === 'array' ? type.items : any;
    return value.map((item: unknown) => jsonValue(items, item, spells));
  }
  if (!isObject(value)) return value;
  const members = Object.entries(value);
  return Object.fromEntries(
    members.map(([name, member]) => [name, jsonValue(memberType(type, name), member, spells)]),
  );
}

function takes({ kind }: DataType, wanted: 'datetime' | 'binary'): boolean {
  return kind === wanted || kind === 'any';
}

function memberType(type: DataType, name: string): DataType {
  if (type.kind === 'map') return type.values;
  const properties = type.kind === 'object' ? type.properties : [];
  return properties.find((property) => property.name === name)?.type ?? any;
}
