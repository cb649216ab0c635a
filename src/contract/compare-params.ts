import { writeJson } from '../util/write-json.ts';
import { compareFields, reordered, type Field } from './compare-fields.ts';
import { listKeys } from './compare-schemas.ts';
import { compareTypes } from './compare-types.ts';
import type { Difference } from './contract.ts';
import { describeType } from './describe-type.ts';
import { difference, orderChanged, type Place } from './difference.ts';
import { sameJson } from './same-json.ts';
import { pathStep } from './path.ts';
import type { ParamSpec } from './signature.ts';

/** Differences of the params. A param always has a default, so none is ever required. */
export function compareParams(a: readonly ParamSpec[], b: readonly ParamSpec[]): readonly Difference[] {
  const [ofA, ofB] = [a.map(paramField), b.map(paramField)];
  const order = reordered(ofA, ofB) ? [orderChanged('/params', 'params', listKeys(ofA), listKeys(ofB))] : [];
  return [...order, ...compareFields(ofA, ofB, compareParam)];
}

function paramField(spec: ParamSpec): Field<ParamSpec> {
  const place: Place = {
    path: pathStep('/params', spec.name),
    words: `param \`${spec.name}\``,
    subject: 'param',
  };
  return {
    key: spec.name,
    place,
    required: false,
    said: `${describeForm(spec)}, ${describeDefault(spec)}`,
    spec,
  };
}

function compareParam(place: Place, a: ParamSpec, b: ParamSpec): readonly Difference[] {
  const shape =
    a.array === b.array
      ? []
      : [difference(place, 'shape_changed', { contract: describeForm(a), version: describeForm(b) })];
  const found = [...shape, ...compareTypes(place, a.type, b.type)];
  // Between defaults of forms that do not fit each other there is nothing to compare.
  if (found.some((one) => one.breaking) || sameJson(a.default, b.default)) return found;
  const said = { contract: describeDefault(a), version: describeDefault(b) };
  return [...found, difference(place, 'default_changed', said)];
}

function describeForm(spec: ParamSpec): string {
  return spec.array ? `list of ${describeType(spec.type)}` : describeType(spec.type);
}

function describeDefault(spec: ParamSpec): string {
  return `default ${writeJson(spec.default)}`;
}
