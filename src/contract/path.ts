/** `path` and one more step, escaped as in a JSON pointer (RFC 6901). */
export function pathStep(path: string, step: string | number): string {
  return `${path}/${String(step).replaceAll('~', '~0').replaceAll('/', '~1')}`;
}
