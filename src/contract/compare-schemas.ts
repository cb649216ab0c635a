import { compareFields, reordered, type Field } from './compare-fields.ts';
import { compareTypes } from './compare-types.ts';
import type { Difference } from './contract.ts';
import { describeField, describeShape, describeTensor } from './describe-type.ts';
import { difference, orderChanged, type Place } from './difference.ts';
import { change, dtypeIncluded, shapeIncluded } from './inclusion.ts';
import { pathStep } from './path.ts';
import type { ColumnSchema, Schema, TensorSchema, TensorSpec } from './signature.ts';

/** Differences of the inputs or of the outputs; `place` is the whole part. */
export function compareSchemas(place: Place, a: Schema | null, b: Schema | null): readonly Difference[] {
  if (a === null && b === null) return [];
  const whole = wholePart(place, a, b);
  if (whole !== null) return [whole];
  if (a?.kind === 'columns' && b?.kind === 'columns') {
    const [ofA, ofB] = [columnFields(place, a), columnFields(place, b)];
    return [...order(place, ofA, ofB), ...compareFields(ofA, ofB, compareTypes)];
  }
  if (a?.kind !== 'tensors' || b?.kind !== 'tensors') return [];
  const [ofA, ofB] = [tensorFields(place, a), tensorFields(place, b)];
  return [...order(place, ofA, ofB), ...compareFields(ofA, ofB, compareTensors)];
}

/** What ends the comparison of a part: one side lacks it, columns against tensors, named against unnamed. */
function wholePart(place: Place, a: Schema | null, b: Schema | null): Difference | null {
  if (a === null || b === null) {
    const said = { contract: a && describeSchema(a), version: b && describeSchema(b) };
    return difference(place, a === null ? 'schema_added' : 'schema_removed', said);
  }
  if (a.kind !== b.kind) return difference(place, 'kind_changed', { contract: a.kind, version: b.kind });
  if (a.named !== b.named) {
    return difference(place, 'naming_changed', { contract: naming(a), version: naming(b) });
  }
  return null;
}

const naming = (schema: Schema): string => (schema.named ? 'named' : 'unnamed');

function describeSchema(schema: Schema): string {
  const specs: readonly unknown[] = schema.kind === 'columns' ? schema.columns : schema.tensors;
  return `${String(specs.length)} ${naming(schema)} ${schema.kind}`;
}

function order(
  place: Place,
  a: readonly Field<unknown>[],
  b: readonly Field<unknown>[],
): readonly Difference[] {
  return reordered(a, b) ? [orderChanged(place.path, place.words, listKeys(a), listKeys(b))] : [];
}

export function listKeys(fields: readonly Field<unknown>[]): string {
  return fields.map((field) => field.key).join(', ');
}

function columnFields(
  place: Place,
  schema: ColumnSchema,
): readonly Field<ColumnSchema['columns'][number]['type']>[] {
  return schema.columns.map(({ name, type, required }, position) => ({
    ...identity(place, name, position),
    required,
    said: describeField(type, required),
    spec: type,
  }));
}

function tensorFields(place: Place, schema: TensorSchema): readonly Field<TensorSpec>[] {
  return schema.tensors.map((tensor, position) => ({
    ...identity(place, tensor.name, position),
    required: true,
    said: describeTensor(tensor),
    spec: tensor,
  }));
}

function identity(
  place: Place,
  name: string | null,
  position: number,
): Pick<Field<unknown>, 'key' | 'place'> {
  const key = name ?? position;
  const words =
    name === null ? `unnamed ${place.subject} ${String(position)}` : `${place.subject} \`${name}\``;
  return { key, place: { ...place, path: pathStep(place.path, key), words } };
}

function compareTensors(place: Place, a: TensorSpec, b: TensorSpec): readonly Difference[] {
  const found: Difference[] = [];
  if (a.dtype !== b.dtype) {
    const how = change(dtypeIncluded(a.dtype, b.dtype), dtypeIncluded(b.dtype, a.dtype));
    found.push(difference(place, `type_${how}`, { contract: a.dtype, version: b.dtype }));
  }
  const [wider, narrower] = [shapeIncluded(a.shape, b.shape), shapeIncluded(b.shape, a.shape)];
  if (!wider || !narrower) {
    const said = { contract: describeShape(a.shape), version: describeShape(b.shape) };
    found.push(difference(place, `shape_${change(wider, narrower)}`, said));
  }
  return found;
}
