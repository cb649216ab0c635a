import { resolve } from 'node:path';

/** The scheme in lower case without the dialect's driver (`postgresql+psycopg2` is `postgresql`); null for a path. */
export function schemeOf(uri: string): string | null {
  const match = /^([a-z][a-z0-9.-]+)(?:\+[a-z0-9.+-]+)?:/i.exec(uri);
  return match?.[1]?.toLowerCase() ?? null;
}

/** A URI fit for messages and logs: no user, no password, no query. */
export function withoutCredentials(uri: string): string {
  if (!/^[a-z][a-z0-9.+-]*:\/\//i.test(uri)) return uri;
  return uri.replace(/^([^:]*:\/\/)[^/?#]*@/, '$1').replace(/[?#].*$/, '');
}

/** Text of others (a driver's message) with the URI's secrets taken out. */
export function scrub(text: string, uri: string): string {
  const password = /^[a-z][a-z0-9.+-]*:\/\/[^:/?#]*:([^/?#]*)@/i.exec(uri)?.[1];
  const clean = text.replaceAll(uri, withoutCredentials(uri));
  return password === undefined || password === '' ? clean : clean.replaceAll(password, '***');
}

/** A path or `file:` URI as an absolute path; null if it is neither. */
export function localPath(uri: string, cwd: string): string | null {
  const scheme = schemeOf(uri);
  if (scheme === null) return resolve(cwd, uri);
  if (scheme !== 'file') return null;
  const path = uri
    .slice('file:'.length)
    .replace(/^\/\/(localhost)?(?=\/|$)/i, '')
    .replace(/^\/\//, '');
  return resolve(cwd, decoded(path));
}

/** `base` with more path. The query of a server's URI stays at the end; in a path or key `?` is a letter. */
export function joinUri(base: string, path: string): string {
  const tail = path.replace(/^\/+/, '');
  if (tail === '') return base;
  const hasQuery = /^(https?|mlflow-artifacts|file):/i.test(base);
  const [, before = '', after = ''] = hasQuery ? (/^([^?#]*)(.*)$/.exec(base) ?? []) : ['', base, ''];
  return `${before.replace(/\/+$/, '')}/${tail}${after}`;
}

/** Percent-encodes each segment of a path, slashes kept. */
export function encodePath(path: string): string {
  return path.split('/').map(encodeURIComponent).join('/');
}

/** Percent-decoded where that is possible. */
export function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
