import { Agent } from 'node:https';
import type { Readable } from 'node:stream';

import type * as Sdk from '@aws-sdk/client-s3';
import type { S3Client, S3ClientConfig } from '@aws-sdk/client-s3';

import { asText, reasonOf } from '../../util/unknown.ts';
import { isTrue, type Environment, type Failure } from '../http-client.ts';
import type { RemoteFile, RemoteTree } from './remote-tree.ts';

/** The SDK weighs much and is loaded only by those who use it. */
const loadSdk = (): Promise<typeof Sdk> => import('@aws-sdk/client-s3');

/**
 * A client as MLflow configures its own: MLFLOW_S3_ENDPOINT_URL, MLFLOW_S3_IGNORE_TLS, the usual credentials.
 * The SDK tries again by itself.
 */
export async function makeS3Client(env: Environment): Promise<S3Client> {
  const sdk = await loadSdk();
  const base: S3ClientConfig = {
    ...endpointOptions(env),
    ...credentialOptions(env),
    followRegionRedirects: true,
    ...(isTrue(env['MLFLOW_S3_IGNORE_TLS'])
      ? { requestHandler: { httpsAgent: new Agent({ rejectUnauthorized: false }) } }
      : {}),
  };
  const named = env['AWS_REGION'] ?? env['AWS_DEFAULT_REGION'];
  const client = new sdk.S3Client({ ...base, ...(named === undefined ? {} : { region: named }) });
  // Like boto, take the region of the configuration files if they name one, else the oldest.
  const region = await client.config.region().catch(() => null);
  return region === null ? new sdk.S3Client({ ...base, region: 'us-east-1' }) : client;
}

function endpointOptions(env: Environment): S3ClientConfig {
  const endpoint = asText(env['MLFLOW_S3_ENDPOINT_URL']) ?? asText(env['AWS_ENDPOINT_URL_S3']);
  const style = env['MLFLOW_BOTO_CLIENT_ADDRESSING_STYLE'];
  return {
    ...(endpoint === null ? {} : { endpoint }),
    // A server that is not Amazon's seldom has a host name per bucket.
    forcePathStyle: style === 'path' || (endpoint !== null && style !== 'virtual'),
  };
}

function credentialOptions(env: Environment): S3ClientConfig {
  const accessKeyId = asText(env['AWS_ACCESS_KEY_ID']);
  const secretAccessKey = asText(env['AWS_SECRET_ACCESS_KEY']);
  const sessionToken = asText(env['AWS_SESSION_TOKEN']);
  if (accessKeyId === null || secretAccessKey === null) return {};
  return {
    credentials: { accessKeyId, secretAccessKey, ...(sessionToken === null ? {} : { sessionToken }) },
  };
}

export class S3Tree implements RemoteTree {
  readonly uri: string;
  readonly #client: S3Client;
  readonly #bucket: string;
  readonly #prefix: string;
  readonly #owner: { readonly ExpectedBucketOwner?: string };
  readonly #fail: Failure;

  /** `uri` is `s3://bucket/prefix`. */
  constructor(uri: string, client: S3Client, env: Environment, fail: Failure) {
    const [, bucket = '', prefix = ''] = /^s3:\/\/([^/]+)\/*(.*?)\/*$/i.exec(uri) ?? [];
    this.uri = `s3://${bucket}/${prefix}`;
    this.#bucket = bucket;
    this.#prefix = prefix === '' ? '' : `${prefix}/`;
    this.#client = client;
    const owner = asText(env['MLFLOW_S3_EXPECTED_BUCKET_OWNER']);
    this.#owner = owner === null ? {} : { ExpectedBucketOwner: owner };
    this.#fail = fail;
  }

  async list(signal: AbortSignal): Promise<readonly RemoteFile[]> {
    const sdk = await loadSdk();
    const files: RemoteFile[] = [];
    const query = { Bucket: this.#bucket, Prefix: this.#prefix, ...this.#owner };
    try {
      const pages = sdk.paginateListObjectsV2({ client: this.#client }, query, { abortSignal: signal });
      for await (const page of pages) {
        for (const object of page.Contents ?? []) {
          const path = (object.Key ?? '').slice(this.#prefix.length);
          // Consoles mark folders with empty objects whose keys end in a slash.
          if (path !== '' && !path.endsWith('/')) files.push({ path, size: object.Size ?? null });
        }
      }
      return files;
    } catch (thrown) {
      throw this.#problem(thrown, signal);
    }
  }

  async open(path: string, signal: AbortSignal): Promise<Readable | null> {
    const sdk = await loadSdk();
    const query = { Bucket: this.#bucket, Key: `${this.#prefix}${path}`, ...this.#owner };
    try {
      const object = await this.#client.send(new sdk.GetObjectCommand(query), { abortSignal: signal });
      // In Node the body is an IncomingMessage, whatever else the SDK's type allows for browsers.
      return (object.Body as Readable | undefined) ?? null;
    } catch (thrown) {
      if (thrown instanceof sdk.NoSuchKey) return null;
      throw this.#problem(thrown, signal);
    }
  }

  #problem(thrown: unknown, signal: AbortSignal): Error {
    if (signal.aborted) return signal.reason as Error;
    const name = thrown instanceof Error ? thrown.name : '';
    const said = s3Words[name] ?? (reasonOf(thrown) || name);
    return this.#fail(`s3://${this.#bucket}: ${said}`, thrown);
  }
}

const s3Words: Readonly<Record<string, string>> = {
  NoSuchBucket: 'there is no such bucket',
  AccessDenied: 'these credentials may not read it',
  CredentialsProviderError: 'no AWS credentials were found (AWS_ACCESS_KEY_ID, a profile, or a role)',
  InvalidAccessKeyId: 'the AWS access key is not known',
  SignatureDoesNotMatch: 'the AWS secret key is wrong',
};
