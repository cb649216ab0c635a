import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const script = join(import.meta.dirname, 'make_store.py');

/** What `make_store.py` put into a store. */
export interface StoreFacts {
  readonly mlflow: string;
  readonly runId: string | null;
  /** Of the model that is `echo` version 1; null before MLflow 3. */
  readonly modelId: string | null;
  /** Model URI of what is `echo` version 1 (`models:/m-...` or `runs:/...`); null where there is no MLflow. */
  readonly modelUri: string | null;
  /** Artifact URI of `echo` version 1. */
  readonly source: string;
}

export interface MakeStore {
  readonly python: string;
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** The name in the store that needs quoting everywhere. */
export const oddName = "it's odd +é.v2";

export async function buildStore(
  make: MakeStore,
  trackingUri: string,
  artifacts?: string,
): Promise<StoreFacts> {
  const where = artifacts === undefined ? [] : ['--artifacts', artifacts];
  return (await runScript(make, ['build', '--tracking-uri', trackingUri, ...where])) as StoreFacts;
}

export async function buildFolder(make: MakeStore, directory: string): Promise<StoreFacts> {
  return (await runScript(make, ['folder', '--directory', directory])) as StoreFacts;
}

/** Registers one more version of `echo` through MLflow itself; its number. */
export async function registerVersion(
  make: MakeStore,
  trackingUri: string,
  facts: StoreFacts,
): Promise<string> {
  const args = ['register', '--tracking-uri', trackingUri, '--source', facts.modelUri ?? facts.source];
  const { version } = (await runScript(make, args)) as { readonly version: string };
  return version;
}

async function runScript(make: MakeStore, args: readonly string[]): Promise<unknown> {
  const { stdout } = await run(make.python, [script, ...args], {
    cwd: make.cwd,
    env: { ...process.env, ...make.env },
    maxBuffer: 16 * 1024 * 1024,
  });
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as unknown;
}
