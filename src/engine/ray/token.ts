import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** The token of a cluster, null where there is none; asked before each request, so that it may be renewed. */
export type TokenSource = () => Promise<string | null>;

/** As Ray's own clients find it: RAY_AUTH_TOKEN, the file of RAY_AUTH_TOKEN_PATH, `~/.ray/auth_token`. */
export function tokenFrom(env: Readonly<Record<string, string | undefined>>): TokenSource {
  return async () => {
    const given = env['RAY_AUTH_TOKEN']?.trim() ?? '';
    if (given !== '') return given;
    const path = env['RAY_AUTH_TOKEN_PATH'] ?? join(homedir(), '.ray', 'auth_token');
    const text = await readFile(path, 'utf8').catch(() => '');
    return text.trim() === '' ? null : text.trim();
  };
}
