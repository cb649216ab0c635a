import fc from 'fast-check';
import type {
  ColumnSchema,
  ColumnSpec,
  DataType,
  ParamSpec,
  Property,
  Schema,
  Signature,
  TensorDtype,
  TensorSchema,
} from '../../src/contract/signature.ts';

/** A signature that can stand in for `signature`: by construction, without asking the comparison. */
export function compatibleVersion(signature: Signature): fc.Arbitrary<Signature> {
  return fc.record({
    inputs: signature.inputs === null ? fc.constant(null) : widerSchema(signature.inputs),
    outputs: signature.outputs === null ? fc.constant(null) : narrowerSchema(signature.outputs),
    params: widerParams(signature.params),
    fromTypeHint: fc.constant(signature.fromTypeHint),
  });
}

/** A signature that cannot: one thing is changed that breaks callers. The signature must have inputs. */
export function incompatibleVersion(
  signature: Signature & { readonly inputs: Schema },
): fc.Arbitrary<Signature> {
  const { inputs, outputs, params } = signature;
  const broken: Signature[] = [
    { ...signature, inputs: null },
    { ...signature, inputs: renamed(inputs) },
    { ...signature, fromTypeHint: !signature.fromTypeHint },
  ];
  if (outputs !== null) broken.push({ ...signature, outputs: null });
  if (params.length > 0) broken.push({ ...signature, params: params.slice(1) });
  if (inputs.kind === 'columns' && inputs.named) {
    const extra: ColumnSpec = { name: 'one more', type: { kind: 'string' }, required: true };
    broken.push({ ...signature, inputs: { ...inputs, columns: [...inputs.columns, extra] } });
  }
  return fc.constantFrom(...broken);
}

/** Every name another one; without names, one column or dimension more. */
function renamed(schema: Schema): Schema {
  const rename = <Spec extends { name: string | null }>(spec: Spec): Spec => ({
    ...spec,
    name: `${String(spec.name)}2`,
  });
  if (schema.kind === 'columns') {
    const more = { name: null, type: { kind: 'string' as const }, required: true };
    return { ...schema, columns: schema.named ? schema.columns.map(rename) : [...schema.columns, more] };
  }
  const deeper = schema.tensors.map((tensor) => ({ ...tensor, shape: [...tensor.shape, 1] }));
  return { ...schema, tensors: schema.named ? schema.tensors.map(rename) : deeper };
}

const shuffled = <Item>(items: readonly Item[]): fc.Arbitrary<Item[]> =>
  fc.shuffledSubarray([...items], { minLength: items.length, maxLength: items.length });

const constantType = (type: DataType): fc.Arbitrary<DataType> => fc.constant(type);

function holdsEncoded(type: DataType): boolean {
  if (type.kind === 'array') return holdsEncoded(type.items);
  if (type.kind === 'map') return holdsEncoded(type.values);
  if (type.kind === 'object') return type.properties.some((property) => holdsEncoded(property.type));
  return type.kind === 'binary' || type.kind === 'datetime';
}

/** A type that takes every value of `type` in a request, with the same meaning. */
export function widerType(type: DataType): fc.Arbitrary<DataType> {
  const any: fc.Arbitrary<DataType>[] = holdsEncoded(type) ? [] : [fc.constant({ kind: 'any' })];
  return fc.oneof({ weight: 4, arbitrary: widerOfItsKind(type) }, ...any);
}

function widerOfItsKind(type: DataType): fc.Arbitrary<DataType> {
  switch (type.kind) {
    case 'integer':
      return fc.constantFrom<DataType>(type, { kind: 'long' }, { kind: 'double' });
    case 'float':
      return fc.constantFrom<DataType>(type, { kind: 'double' });
    case 'array':
      return widerType(type.items).map((items) => ({ kind: 'array', items }));
    case 'map':
      return widerType(type.values).map((values) => ({ kind: 'map', values }));
    case 'object':
      return fc.oneof(widerObject(type.properties), ...mapsOf(type.properties));
    default:
      return constantType(type);
  }
}

function widerObject(properties: readonly Property[]): fc.Arbitrary<DataType> {
  const wider = properties.map(({ name, type, required }) =>
    fc.record({
      name: fc.constant(name),
      type: widerType(type),
      required: required ? fc.boolean() : fc.constant(false),
    }),
  );
  const extra = { name: 'an extra', type: { kind: 'long' as const }, required: false };
  return fc.tuple(fc.tuple(...wider).chain(shuffled), fc.boolean()).map(([made, more]) => ({
    kind: 'object',
    properties: more && !has(made, extra.name) ? [...made, extra] : made,
  }));
}

const has = (specs: readonly { name: string | null }[], name: string): boolean =>
  specs.some((spec) => spec.name === name);

function mapsOf(properties: readonly Property[]): fc.Arbitrary<DataType>[] {
  const [first] = properties;
  if (properties.some(({ type }) => holdsEncoded(type))) return [];
  const maps: fc.Arbitrary<DataType>[] = [fc.constant({ kind: 'map', values: { kind: 'any' } })];
  if (first !== undefined && properties.length === 1 && first.required) {
    maps.push(widerType(first.type).map((values) => ({ kind: 'map', values })));
  }
  return maps;
}

/** A type whose every value, as an answer, is one of `type`. */
function narrowerType(type: DataType): fc.Arbitrary<DataType> {
  switch (type.kind) {
    case 'long':
      return fc.constantFrom<DataType>(type, { kind: 'integer' });
    case 'double':
      return fc.constantFrom<DataType>(type, { kind: 'integer' }, { kind: 'float' });
    case 'any':
      return fc.constantFrom<DataType>(
        type,
        { kind: 'datetime' },
        { kind: 'array', items: { kind: 'long' } },
      );
    case 'array':
      return narrowerType(type.items).map((items) => ({ kind: 'array', items }));
    case 'map':
      return narrowerType(type.values).map((values) => ({ kind: 'map', values }));
    case 'object':
      return fc
        .tuple(...type.properties.map((property) => narrowerField(property)))
        .map((properties) => ({ kind: 'object', properties }));
    default:
      return constantType(type);
  }
}

function narrowerField<Field extends { type: DataType; required: boolean }>(
  field: Field,
): fc.Arbitrary<Field> {
  return fc
    .tuple(narrowerType(field.type), field.required ? fc.constant(true) : fc.boolean())
    .map(([type, required]) => ({ ...field, type, required }));
}

function widerSchema(schema: Schema): fc.Arbitrary<Schema> {
  return schema.kind === 'columns' ? widerColumns(schema) : widerTensors(schema);
}

function widerColumns(schema: ColumnSchema): fc.Arbitrary<Schema> {
  const columns = schema.columns.map(({ name, type, required }) =>
    fc.record({
      name: fc.constant(name),
      type: widerType(type),
      required: required && schema.named ? fc.boolean() : fc.constant(required),
    }),
  );
  const made = fc.tuple(...columns);
  if (!schema.named) return made.map((all) => ({ ...schema, columns: all }));
  const extra = { name: 'an extra', type: { kind: 'double' as const }, required: false };
  return fc
    .tuple(made, fc.boolean())
    .chain(([all, more]) => shuffled(more && !has(all, extra.name) ? [...all, extra] : all))
    .map((all) => ({ ...schema, columns: all }));
}

const widerDtypes: Readonly<Partial<Record<TensorDtype, readonly TensorDtype[]>>> = {
  int8: ['int16', 'int64', 'float16', 'float64'],
  int32: ['int64', 'float64'],
  uint8: ['uint16', 'uint64', 'int16', 'int64', 'float16', 'float32'],
  uint16: ['int32', 'uint32', 'float32'],
  uint32: ['uint64', 'int64', 'float64'],
  float16: ['float32', 'float64'],
  float32: ['float64'],
};

function widerTensors(schema: TensorSchema): fc.Arbitrary<Schema> {
  const tensors = schema.tensors.map(({ name, dtype, shape }) =>
    fc.record({
      name: fc.constant(name),
      dtype: fc.constantFrom(dtype, ...(widerDtypes[dtype] ?? [])),
      shape: fc.tuple(...shape.map((length) => fc.constantFrom(length, -1))),
    }),
  );
  return fc
    .tuple(...tensors)
    .chain(shuffled)
    .map((all) => ({ ...schema, tensors: all }));
}

function narrowerSchema(schema: Schema): fc.Arbitrary<Schema> {
  if (schema.kind === 'tensors') return fc.constant(schema);
  return fc
    .tuple(...schema.columns.map((column) => narrowerField(column)))
    .map((columns) => ({ ...schema, columns }));
}

function widerParams(params: readonly ParamSpec[]): fc.Arbitrary<readonly ParamSpec[]> {
  const wider = params.map((param) => {
    const integer = param.type.kind === 'integer';
    const types: readonly DataType[] = integer
      ? [param.type, { kind: 'long' }, { kind: 'double' }]
      : [param.type];
    return fc.constantFrom(...types).map((type) => ({ ...param, type }));
  });
  const extra: ParamSpec = { name: 'an extra', type: { kind: 'long' }, array: false, default: 7 };
  return fc
    .tuple(fc.tuple(...wider), fc.boolean())
    .chain(([all, more]) => shuffled(more && !has(all, extra.name) ? [...all, extra] : all));
}
