import { type Nested, type Params, Timestamp } from '../payload/payload.ts';

/** Equal for equal params: a text of all of them, exact and typed. */
export function paramsKey(params: Params): string {
  if (params.size === 0) return '';
  const names = [...params.keys()].sort();
  return JSON.stringify(names.map((name) => [name, typed(params.get(name) ?? null)]));
}

function typed(value: Nested): unknown {
  if (typeof value === 'bigint') return { long: String(value) };
  if (value instanceof Timestamp) return { time: String(value.nanoseconds) };
  if (value instanceof Uint8Array) return { bytes: Buffer.from(value).toString('base64') };
  if (typeof value === 'number') return Object.is(value, -0) ? { number: '-0' } : { number: String(value) };
  if (Array.isArray(value)) return (value as readonly Nested[]).map(typed);
  if (typeof value === 'object' && value !== null) {
    return {
      object: Object.entries(value)
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([name, item]) => [name, typed(item)]),
    };
  }
  return value;
}
