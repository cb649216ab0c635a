import { countersignError } from '../../errors/countersign-error.ts';
import { asList, asNumber, asRecord, asText } from '../../util/unknown.ts';
import type { ModelSummary, VersionRef } from '../registry.ts';
import { byName, newestFirst, type RunArtifacts, type Store, type TrackingStore } from '../store.ts';
import { schemeOf, scrub, withoutCredentials } from '../uri.ts';
import type { HelperProcess, HelperRefusal } from './helper-process.ts';

/** Any store MLflow's own client can open: databases, Databricks, Unity Catalog, plugins. */
export class HelperStore implements Store, TrackingStore {
  readonly uri: string;
  readonly identity: string;
  readonly #secretUri: string;
  readonly #helper: HelperProcess;

  constructor(uri: string, helper: HelperProcess) {
    this.uri = withoutCredentials(uri);
    this.identity = this.uri;
    this.#secretUri = uri;
    this.#helper = helper;
  }

  async names(signal: AbortSignal): Promise<readonly string[]> {
    return asList(await this.#ask('names', {}, signal))
      .map(String)
      .sort();
  }

  async models(signal: AbortSignal): Promise<readonly ModelSummary[]> {
    return asList(await this.#ask('models', {}, signal))
      .map(toSummary)
      .sort(byName);
  }

  async model(name: string, signal: AbortSignal): Promise<ModelSummary | null> {
    const found = await this.#ask('model', { name }, signal);
    return found === null ? null : toSummary(found);
  }

  async locate(version: VersionRef, signal: AbortSignal): Promise<string | null> {
    return asText(await this.#ask('locate', { name: version.model, version: version.version }, signal));
  }

  async loggedModel(modelId: string, signal: AbortSignal): Promise<string | null> {
    return asText(await this.#ask('logged_model', { model_id: modelId }, signal));
  }

  async run(runId: string, signal: AbortSignal): Promise<RunArtifacts | null> {
    const found = await this.#ask('run', { run_id: runId }, signal);
    if (found === null) return null;
    const models = asList(asRecord(found)['models']).map(asRecord);
    return {
      artifactUri: String(asRecord(found)['artifact_uri']),
      models: models.map((model) => ({
        name: String(model['name']),
        artifactUri: String(model['artifact_uri']),
      })),
    };
  }

  async close(): Promise<void> {
    this.#helper.close();
    return Promise.resolve();
  }

  async #ask(method: string, params: object, signal: AbortSignal): Promise<unknown> {
    const answer = await this.#helper.call(method, params, signal);
    if (answer.ok) return answer.result;
    const code = answer.missing === null ? 'REGISTRY_UNREACHABLE' : 'REGISTRY_UNSUPPORTED';
    throw countersignError(code, this.uri, helperProblem(answer, this.#secretUri));
  }
}

/** The helper's words in one clear line, with what to install where that would help. */
export function helperProblem(answer: HelperRefusal, uri: string): string {
  const said = scrub(answer.message, uri);
  if (answer.missing === null) return said;
  const scheme = schemeOf(uri) ?? uri;
  const install = `pip install ${packageOf[answer.missing] ?? answer.missing}`;
  return `${scheme} is read with MLflow's own Python client, and ${said}; ${install} in the Python given with --python`;
}

/** Packages that are not called like the module they bring. */
const packageOf: Readonly<Record<string, string>> = {
  psycopg: "'psycopg[binary]'",
  psycopg2: 'psycopg2-binary',
  MySQLdb: 'mysqlclient',
  google: 'google-cloud-storage',
  azure: 'azure-storage-blob azure-storage-file-datalake azure-identity',
  databricks: 'databricks-sdk',
};

function toSummary(value: unknown): ModelSummary {
  const model = asRecord(value);
  const name = String(model['name']);
  const aliases = Object.entries(asRecord(model['aliases']));
  const versions = asList(model['versions'])
    .map(asRecord)
    .map((row) => ({
      model: name,
      version: String(row['version']),
      createdAt: asNumber(row['created_at']),
      description: asText(row['description']),
      stage: asText(row['stage']),
      runId: asText(row['run_id']),
      status: asText(row['status']) ?? 'READY',
    }));
  return {
    name,
    description: asText(model['description']),
    aliases: Object.fromEntries(aliases.map(([alias, version]) => [alias, String(version)])),
    versions: newestFirst(versions),
  };
}
