/**
 * A relative path of a listing, if it stays inside the directory it is relative to; else null. Listings come
 * from a server and decide where files are written, so anything unusual is refused rather than repaired.
 */
export function safeRelativePath(path: string): string | null {
  if (/[\\\0]/.test(path) || /^[a-z]:/i.test(path)) return null;
  const segments = path.split('/');
  return segments.some((segment) => segment === '' || segment === '.' || segment === '..') ? null : path;
}
