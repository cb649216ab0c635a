import { existsSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';

import { countersignError } from '../../errors/countersign-error.ts';
import type { Clock } from '../../util/clock.ts';
import { asText } from '../../util/unknown.ts';
import { holdsExperiment } from '../defaults.ts';
import type { HelperProcess } from '../helper/helper-process.ts';
import { HelperStore } from '../helper/helper-store.ts';
import type { Environment, HttpClient } from '../http-client.ts';
import type { Store, TrackingStore } from '../store.ts';
import { localPath, schemeOf, withoutCredentials } from '../uri.ts';
import { FileStore } from './file-store.ts';
import { FolderStore } from './folder-store.ts';
import { RestStore } from './rest-store.ts';
import { SqliteFile } from './sqlite-file.ts';
import { SqliteStore } from './sqlite-store.ts';

export interface StoreParts {
  readonly cwd: string;
  readonly env: Environment;
  readonly clock: Clock;
  readonly http: HttpClient;
  readonly helper: HelperProcess;
}

/** Which reader a store's URI needs. */
export type StoreKind = 'sqlite' | 'rest' | 'folder' | 'helper';

export function storeKind(uri: string): StoreKind {
  // Databricks' names have no scheme and would pass for folders.
  if (/^databricks(-uc)?$/.test(uri)) return 'helper';
  const scheme = schemeOf(uri);
  if (scheme === 'sqlite') return 'sqlite';
  if (scheme === 'http' || scheme === 'https') return 'rest';
  return scheme === null || scheme === 'file' ? 'folder' : 'helper';
}

/** Nothing is read yet: a store that is down is told when it is asked. */
export function openStore(uri: string, parts: StoreParts): Store & TrackingStore {
  switch (storeKind(uri)) {
    case 'sqlite':
      return openSqlite(uri, parts);
    case 'rest':
      return new RestStore({ uri, http: parts.http });
    case 'folder':
      return openFolder(uri, localPath(uri, parts.cwd) ?? uri);
    case 'helper':
      return new HelperStore(uri, parts.helper);
  }
}

/** `sqlite:///relative.db`, `sqlite:////absolute.db`. */
function openSqlite(uri: string, parts: StoreParts): SqliteStore {
  const path = /^sqlite(?:\+\w+)?:\/\/\/([^?]+)/i.exec(uri)?.[1];
  if (path === undefined || path === ':memory:') {
    const reason = 'it names no file; write sqlite:///relative/path.db or sqlite:////absolute/path.db';
    throw countersignError('REGISTRY_UNSUPPORTED', uri, reason);
  }
  const shown = withoutCredentials(uri);
  const workspace = asText(parts.env['MLFLOW_WORKSPACE']) ?? 'default';
  return new SqliteStore(shown, new SqliteFile(resolve(parts.cwd, path), shown, parts.clock), workspace);
}

function openFolder(uri: string, root: string): Store & TrackingStore {
  return isFileStore(root) ? new FileStore(uri, root) : new FolderStore(uri, root);
}

function isFileStore(root: string): boolean {
  return holdsExperiment(root) || holdsRegistry(join(root, 'models'));
}

function holdsRegistry(folder: string): boolean {
  try {
    return readdirSync(folder).some((name) => existsSync(join(folder, name, 'meta.yaml')));
  } catch {
    return false;
  }
}
