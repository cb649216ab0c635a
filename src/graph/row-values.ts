import { isRecord } from '../util/unknown.ts';
import type { Reference, Step } from './definition.ts';
import type { RowShape } from './row-shape.ts';

/** The value of a reference for the row at hand. */
type ValueOf = (reference: Reference) => unknown;

/** What a step's member is asked with. */
export function inputOf({ mapping }: Step, shape: RowShape | undefined, valueOf: ValueOf): unknown {
  if (shape?.kind !== 'record') {
    return valueOf(mapping.bare ?? { kind: 'field', from: null, field: null });
  }
  const references = [...shape.fields.keys()].map(
    (name) =>
      [name, mapping.fields.get(name) ?? ({ kind: 'field', from: null, field: name } as const)] as const,
  );
  return fieldsOf(references, valueOf);
}

/** Fields that have no value are left out, as an optional column may be. */
export function fieldsOf(references: Iterable<readonly [string, Reference]>, valueOf: ValueOf): unknown {
  const fields = [...references].map(([name, reference]) => [name, valueOf(reference)] as const);
  return Object.fromEntries(fields.filter(([, value]) => value !== undefined));
}

/** @param known Rows by source; those a source was not asked for are undefined. */
export function valueAt(
  reference: Reference,
  row: number,
  before: string,
  known: ReadonlyMap<string, readonly unknown[]>,
): unknown {
  if (reference.kind === 'value') return reference.value;
  const source = known.get(reference.from ?? before)?.[row];
  if (reference.field === null) return source;
  return isRecord(source) && Object.hasOwn(source, reference.field) ? source[reference.field] : undefined;
}
