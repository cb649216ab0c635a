import { statSync } from 'node:fs';

import type { S3Client } from '@aws-sdk/client-s3';

import type { Clock } from '../../util/clock.ts';
import { HelperArtifact } from '../helper/helper-artifact.ts';
import type { HelperOptions, HelperProcess } from '../helper/helper-process.ts';
import type { Environment, Failure, HttpClient } from '../http-client.ts';
import { joinUri, localPath, schemeOf } from '../uri.ts';
import type { ArtifactOpener } from '../version-artifacts.ts';
import type { ArtifactSource } from './artifact-source.ts';
import { physicalUri, type UriStores } from './physical-uri.ts';
import { proxyLocation, ProxyTree } from './proxy-tree.ts';
import { remoteArtifact } from './remote-tree.ts';
import { makeS3Client, S3Tree } from './s3-tree.ts';

export interface OpenerOptions {
  readonly cwd: string;
  readonly env: Environment;
  readonly clock: Clock;
  readonly http: HttpClient;
  /** The tracking server behind `mlflow-artifacts:/`; null if there is none. */
  readonly server: string | null;
  /** Folder or URI behind `mlflow-artifacts:/` instead of a server; null if none is known. */
  readonly destination: string | null;
  readonly stores: UriStores;
  readonly helper: HelperProcess;
  readonly helperOptions: HelperOptions;
}

/** Chooses how an artifact is read by the scheme of its URI. */
export class SchemeOpener implements ArtifactOpener {
  readonly #options: OpenerOptions;
  #s3: Promise<S3Client> | undefined;

  constructor(options: OpenerOptions) {
    this.#options = options;
  }

  async resolve(uri: string, signal: AbortSignal, fail: Failure): Promise<string> {
    const found = await physicalUri(uri, this.#options.stores, signal, fail);
    const { destination } = this.#options;
    // `mlflow-artifacts://host/...` names a server; the short form leaves open who has the files.
    const path = /^mlflow-artifacts:\/*(?!\/)(.*)$/.exec(found)?.[1];
    const namesServer = /^mlflow-artifacts:\/\/[^/]/.test(found);
    return path === undefined || namesServer || destination === null ? found : joinUri(destination, path);
  }

  async open(uri: string, fail: Failure): Promise<ArtifactSource> {
    const { cwd, env, clock } = this.#options;
    switch (schemeOf(uri)) {
      case null:
      case 'file':
        return localArtifact(uri, cwd, fail);
      case 'mlflow-artifacts':
      case 'http':
      case 'https':
        return remoteArtifact(this.#proxy(uri, fail), fail, clock);
      case 's3':
        this.#s3 ??= makeS3Client(env);
        return remoteArtifact(new S3Tree(uri, await this.#s3, env, fail), fail, clock);
      default:
        return new HelperArtifact(uri, this.#options.helper, this.#options.helperOptions, fail);
    }
  }

  async close(): Promise<void> {
    (await this.#s3)?.destroy();
    this.#options.helper.close();
    await this.#options.http.close();
  }

  #proxy(uri: string, fail: Failure): ProxyTree {
    const location = proxyLocation(uri, this.#options.server);
    if (location !== null) return new ProxyTree(location, this.#options.http, fail);
    throw fail(
      uri.startsWith('mlflow-artifacts:')
        ? 'it lies behind an MLflow server; name the folder or URI that the server keeps it in with --artifacts-destination, or the server with --tracking-uri'
        : `${uri} is not the artifact proxy of an MLflow server, and a plain web server cannot list files`,
    );
  }
}

function localArtifact(uri: string, cwd: string, fail: Failure): ArtifactSource {
  const directory = localPath(uri, cwd) ?? uri;
  const found = statSync(directory, { throwIfNoEntry: false });
  if (found?.isDirectory() === true) return { kind: 'local', directory };
  throw fail('its folder is not on this machine, or may not be read', { directory });
}
