import type { DataType, TensorSpec } from './signature.ts';

/** A type in a few words: `long`, `array of double`, `object {city: string, zip?: string}`, `map of any`. */
export function describeType(type: DataType): string {
  switch (type.kind) {
    case 'array':
      return `array of ${describeType(type.items)}`;
    case 'map':
      return `map of ${describeType(type.values)}`;
    case 'object':
      return `object {${type.properties
        .map((property) => `${property.name}${property.required ? '' : '?'}: ${describeType(property.type)}`)
        .join(', ')}}`;
    default:
      return type.kind;
  }
}

/** `float32 tensor of shape [-1, 3]`. */
export function describeTensor(tensor: Pick<TensorSpec, 'dtype' | 'shape'>): string {
  return `${tensor.dtype} tensor of shape ${describeShape(tensor.shape)}`;
}

export function describeShape(shape: readonly number[]): string {
  return `[${shape.join(', ')}]`;
}

/** A column or property: `string, optional`. */
export function describeField(type: DataType, required: boolean): string {
  return `${describeType(type)}, ${required ? 'required' : 'optional'}`;
}
