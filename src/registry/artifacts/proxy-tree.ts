import type { Readable } from 'node:stream';

import { mapBounded } from '../../util/map-bounded.ts';
import { asList, asNumber, asRecord, reasonOf } from '../../util/unknown.ts';
import type { Failure, HttpClient } from '../http-client.ts';
import { decoded, encodePath, joinUri, withoutCredentials } from '../uri.ts';
import type { RemoteFile, RemoteTree } from './remote-tree.ts';
import { safeRelativePath } from './safe-path.ts';

const endpoint = '/api/2.0/mlflow-artifacts/artifacts';

/** A folder behind the artifact proxy of an MLflow server. */
export interface ProxyLocation {
  /** URL of the proxy, up to `mlflow-artifacts/artifacts`. */
  readonly base: string;
  /** Path of the artifact below it. */
  readonly root: string;
}

/** Reads `mlflow-artifacts:/path`, `mlflow-artifacts://host:port/path` or a proxy's own `http(s)` URL; null if it is none. */
export function proxyLocation(uri: string, server: string | null): ProxyLocation | null {
  const url = URL.parse(uri);
  if (url === null) return null;
  const path = decoded(url.pathname).replace(/^\/+/, '');
  if (url.protocol === 'mlflow-artifacts:') {
    const base =
      url.host === '' ? server : `${server?.startsWith('https:') === true ? 'https' : 'http'}://${url.host}`;
    return base === null ? null : { base: joinUri(base, endpoint), root: path };
  }
  const at = url.pathname.indexOf(endpoint);
  if (at === -1) return null;
  const root = decoded(url.pathname.slice(at + endpoint.length)).replace(/^\/+/, '');
  return { base: `${url.origin}${url.pathname.slice(0, at)}${endpoint}`, root };
}

export class ProxyTree implements RemoteTree {
  readonly uri: string;
  readonly #location: ProxyLocation;
  readonly #http: HttpClient;
  readonly #fail: Failure;

  constructor(location: ProxyLocation, http: HttpClient, fail: Failure) {
    this.#location = location;
    // Not encoded: MLflow's own client takes the path as it stands.
    this.uri = withoutCredentials(joinUri(location.base, location.root));
    this.#http = http;
    this.#fail = fail;
  }

  async list(signal: AbortSignal): Promise<readonly RemoteFile[]> {
    const files: RemoteFile[] = [];
    let folders = [''];
    // Level by level. A listing that never ends is a server's mistake or malice.
    for (let depth = 0; folders.length > 0; depth += 1) {
      if (depth > maxDepth) throw this.#fail('its folders are nested without end');
      const levels = await mapBounded(folders, 8, (folder) => this.#listFolder(folder, signal));
      const entries = levels.flat();
      files.push(...entries.filter((entry) => !entry.isFolder));
      folders = entries.filter((entry) => entry.isFolder).map((entry) => entry.path);
      if (files.length > maxFiles) throw this.#fail(`it has more than ${String(maxFiles)} files`);
    }
    return files;
  }

  async open(path: string, signal: AbortSignal): Promise<Readable | null> {
    const url = new URL(joinUri(this.#location.base, encodePath(below(this.#location.root, path))));
    // MLflow 2 answers 500 for a file that is not there.
    let response = await this.#http.send({ url, answers: [500] }, signal, this.#fail);
    if (response.status === 500) {
      response.body.resume();
      if (!(await this.#isListed(path, signal))) return null;
      response = await this.#http.send({ url }, signal, this.#fail);
    }
    if (response.status === 200) return response.body;
    response.body.resume();
    if (response.status === 404) return null;
    throw this.#fail(`the artifact server answers ${String(response.status)} for ${path}`);
  }

  async #isListed(path: string, signal: AbortSignal): Promise<boolean> {
    const entries = await this.#listFolder(path.split('/').slice(0, -1).join('/'), signal);
    return entries.some((entry) => entry.path === path && !entry.isFolder);
  }

  async #listFolder(folder: string, signal: AbortSignal): Promise<ListedEntry[]> {
    const url = new URL(this.#location.base);
    url.searchParams.set('path', below(this.#location.root, folder));
    const response = await this.#http.send({ url }, signal, this.#fail);
    const text = await response.body.text().catch((thrown: unknown) => {
      throw this.#fail(reasonOf(thrown), thrown);
    });
    if (response.status === 404) return [];
    if (response.status !== 200) throw this.#fail(`the artifact server answers ${String(response.status)}`);
    return asList(asRecord(parseJson(text))['files']).map((entry) => this.#entry(folder, entry));
  }

  #entry(folder: string, value: unknown): ListedEntry {
    const entry = asRecord(value);
    const name = String(entry['path']);
    if (safeRelativePath(name) === null) {
      throw this.#fail(`the listing has a path that is not allowed: ${JSON.stringify(name)}`);
    }
    return {
      path: below(folder, name),
      size: asNumber(entry['file_size']),
      isFolder: entry['is_dir'] === true,
    };
  }
}

interface ListedEntry extends RemoteFile {
  readonly isFolder: boolean;
}

const maxDepth = 64;
const maxFiles = 100_000;

function below(folder: string, name: string): string {
  return [folder, name].filter((part) => part !== '').join('/');
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return null;
  }
}
