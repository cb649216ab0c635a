export const arrowType = 'application/vnd.apache.arrow.stream';

/**
 * Whether the caller asks for an Arrow stream: `Accept` names it, and ranks it no lower than JSON. A wildcard means
 * JSON.
 */
export function asksForArrow(accept: string | null | undefined): boolean {
  if (!accept?.toLowerCase().includes(arrowType)) return false;
  const arrow = quality(accept, [arrowType]);
  return arrow > 0 && arrow >= quality(accept, ['application/json', 'application/*', '*/*']);
}

/** The weight of the first of these ranges that `Accept` has; 0 where it has none. */
function quality(accept: string, ranges: readonly string[]): number {
  const weights = new Map(accept.split(',').map(weigh));
  const named = ranges.find((range) => weights.has(range));
  return named === undefined ? 0 : (weights.get(named) ?? 0);
}

function weigh(range: string): readonly [string, number] {
  const [type = '', ...params] = range.split(';').map((part) => part.trim().toLowerCase());
  const weight = params.find((param) => param.startsWith('q='));
  const value = weight === undefined ? 1 : Number(weight.slice(2));
  return [type, value >= 0 && value <= 1 ? value : 0];
}

/** Whether a content type is Arrow's; it has no parameters that would matter. */
export function isArrow(contentType: string | null): boolean {
  return contentType?.split(';')[0]?.trim().toLowerCase() === arrowType;
}
