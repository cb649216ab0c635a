/** Order of two texts by Unicode code points, which for characters beyond U+FFFF is not JavaScript's own order. */
export function compareCodePoints(a: string, b: string): number {
  const [left, right] = [Array.from(a), Array.from(b)];
  const end = Math.min(left.length, right.length);
  for (let index = 0; index < end; index += 1) {
    const step = codePoint(left[index]) - codePoint(right[index]);
    if (step !== 0) return step;
  }
  return left.length - right.length;
}

function codePoint(character: string | undefined): number {
  return character?.codePointAt(0) ?? -1;
}
