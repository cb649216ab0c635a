/** The header of a frame is JSON that a Python process wrote: it is read here, and believed nowhere else. */
import { countersignError, type CountersignError } from '../errors/countersign-error.ts';
import type { Json } from '../payload/nested-json.ts';

/** A frame that breaks the protocol; the connection it came from is of no more use. */
export function badFrame(what: string): CountersignError {
  return countersignError('INTERNAL').with({ cause: `a frame that breaks the protocol: ${what}` });
}

export function jsonObject(text: string): Readonly<Record<string, Json>> {
  return readObject(parseJson(text));
}

export function parseJson(text: string): Json {
  try {
    // The parsing door: JSON.parse yields nothing but Json.
    return JSON.parse(text) as Json;
  } catch {
    throw badFrame('it has what is not JSON');
  }
}

export function readObject(value: Json | undefined): Readonly<Record<string, Json>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw badFrame('no object');
  // Array.isArray does not narrow readonly arrays away.
  return value as Readonly<Record<string, Json>>;
}

export function readList(value: Json | undefined): readonly Json[] {
  if (!Array.isArray(value)) throw badFrame('no list');
  return value as readonly Json[];
}

export function readText(value: Json | undefined): string {
  if (typeof value !== 'string') throw badFrame('no text');
  return value;
}

export function readInteger(value: Json | undefined): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value)) throw badFrame('no integer');
  return value;
}

export function readOptionalText(value: Json | undefined): string | null {
  return value === undefined || value === null ? null : readText(value);
}
