import { countersignError, type CountersignError } from '../../errors/countersign-error.ts';
import { asList, asNumber, asRecord, asText, reasonOf, type UnknownRecord } from '../../util/unknown.ts';
import type { HttpClient } from '../http-client.ts';
import type { ModelSummary, RegisteredVersion, VersionRef } from '../registry.ts';
import {
  byName,
  deletedStage,
  newestFirst,
  promptTag,
  type RunArtifacts,
  type Store,
  type TrackingStore,
} from '../store.ts';
import { joinUri, withoutCredentials } from '../uri.ts';

export interface RestStoreOptions {
  /** `http(s)://host:port/prefix` of an MLflow server. */
  readonly uri: string;
  readonly http: HttpClient;
  /** Models a page; MLflow's limit is 1000. */
  readonly modelsPerPage?: number;
  /** Versions a page; MLflow's limit is 200 000. */
  readonly versionsPerPage?: number;
}

/**
 * A real MLflow server, over its REST API.
 * @see https://mlflow.org/docs/latest/api_reference/rest-api.html
 */
export class RestStore implements Store, TrackingStore {
  readonly uri: string;
  readonly identity: string;
  readonly #options: RestStoreOptions;

  constructor(options: RestStoreOptions) {
    this.uri = withoutCredentials(options.uri);
    this.identity = this.uri.replace(/\/+$/, '');
    this.#options = options;
  }

  async names(signal: AbortSignal): Promise<readonly string[]> {
    return (await this.#searchModels(signal)).map((model) => String(model['name'])).sort();
  }

  async models(signal: AbortSignal): Promise<readonly ModelSummary[]> {
    const [models, versions] = await Promise.all([
      this.#searchModels(signal),
      this.#searchVersions(null, signal),
    ]);
    const byModel = Map.groupBy(versions, (version) => version.model);
    return models.map((model) => toSummary(model, byModel.get(String(model['name'])) ?? [])).sort(byName);
  }

  async model(name: string, signal: AbortSignal): Promise<ModelSummary | null> {
    const [answer, versions] = await Promise.all([
      this.#get('registered-models/get', { name }, signal),
      this.#searchVersions(name, signal),
    ]);
    const model = asRecord(answer?.['registered_model']);
    return answer === null || isPrompt(model) ? null : toSummary(model, versions);
  }

  async locate(version: VersionRef, signal: AbortSignal): Promise<string | null> {
    const query = { name: version.model, version: version.version };
    const answer = await this.#get('model-versions/get-download-uri', query, signal);
    return asText(answer?.['artifact_uri']);
  }

  async loggedModel(modelId: string, signal: AbortSignal): Promise<string | null> {
    const answer = await this.#get(`logged-models/${encodeURIComponent(modelId)}`, {}, signal);
    return asText(loggedModelInfo(answer)['artifact_uri']);
  }

  async run(runId: string, signal: AbortSignal): Promise<RunArtifacts | null> {
    const answer = await this.#get('runs/get', { run_id: runId }, signal);
    const run = asRecord(answer?.['run']);
    const artifactUri = asText(asRecord(run['info'])['artifact_uri']);
    if (artifactUri === null) return null;
    return { artifactUri, models: await this.#modelsOfRun(run, signal) };
  }

  async close(): Promise<void> {
    await this.#options.http.close();
  }

  async #modelsOfRun(run: UnknownRecord, signal: AbortSignal): Promise<RunArtifacts['models']> {
    const outputs = asList(asRecord(run['outputs'])['model_outputs']);
    const ids = outputs.flatMap((output) => asText(asRecord(output)['model_id']) ?? []);
    const load = (id: string): Promise<UnknownRecord | null> =>
      this.#get(`logged-models/${encodeURIComponent(id)}`, {}, signal);
    const infos = (await Promise.all(ids.map(load))).map(loggedModelInfo);
    return infos
      .toSorted(
        (a, b) => (asNumber(b['creation_timestamp_ms']) ?? 0) - (asNumber(a['creation_timestamp_ms']) ?? 0),
      )
      .map((info) => ({ name: String(info['name']), artifactUri: String(info['artifact_uri']) }));
  }

  #searchModels(signal: AbortSignal): Promise<UnknownRecord[]> {
    const size = String(this.#options.modelsPerPage ?? 1000);
    return this.#pages('registered-models/search', { max_results: size }, 'registered_models', signal);
  }

  async #searchVersions(name: string | null, signal: AbortSignal): Promise<RegisteredVersion[]> {
    const query = {
      max_results: String(this.#options.versionsPerPage ?? 10_000),
      ...(name === null ? {} : { filter: `name=${quoted(name)}` }),
    };
    const rows = await this.#pages('model-versions/search', query, 'model_versions', signal);
    return rows.filter((row) => row['current_stage'] !== deletedStage).map(toVersion);
  }

  async #pages(
    path: string,
    query: Readonly<Record<string, string>>,
    field: string,
    signal: AbortSignal,
  ): Promise<UnknownRecord[]> {
    const rows: UnknownRecord[] = [];
    let token: string | null = null;
    do {
      const page: UnknownRecord | null = await this.#get(
        path,
        token === null ? query : { ...query, page_token: token },
        signal,
      );
      // A name that MLflow would not allow is the name of nothing; anything else must be answered.
      if (page === null && query['filter'] === undefined) throw this.#unreachable(`it refuses ${path}`);
      rows.push(...asList(page?.[field]).map(asRecord));
      token = asText(page?.['next_page_token']);
    } while (token !== null);
    return rows;
  }

  /** The answer as an object; null when MLflow says that there is no such thing. */
  async #get(
    path: string,
    query: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<UnknownRecord | null> {
    const url = new URL(joinUri(this.#options.uri, `api/2.0/mlflow/${path}`));
    url.username = url.password = '';
    url.search = new URLSearchParams(query).toString();
    const response = await this.#options.http.send({ url }, signal, this.#unreachable);
    const body = this.#parse(await this.#text(response.body));
    if (response.status === 200) {
      if (body === null) throw this.#unreachable(`what answers at ${this.uri} is not an MLflow server`);
      return body;
    }
    if (absentCodes.has(asText(body?.['error_code']) ?? '')) return null;
    throw this.#unreachable(refusal(response.status, body));
  }

  async #text(body: { text(): Promise<string> }): Promise<string> {
    try {
      return await body.text();
    } catch (thrown) {
      throw this.#unreachable(`the connection broke (${reasonOf(thrown)})`, thrown);
    }
  }

  #parse(text: string): UnknownRecord | null {
    try {
      const value: unknown = JSON.parse(text);
      return asRecord(value);
    } catch {
      return null;
    }
  }

  readonly #unreachable = (reason: string, cause?: unknown): CountersignError =>
    countersignError('REGISTRY_UNREACHABLE', this.uri, reason).with({ cause });
}

/** How MLflow says that there is no such thing; the second for names and numbers it would never give. */
const absentCodes = new Set(['RESOURCE_DOES_NOT_EXIST', 'INVALID_PARAMETER_VALUE']);

function toSummary(model: UnknownRecord, versions: readonly RegisteredVersion[]): ModelSummary {
  const aliases = asList(model['aliases']).map(asRecord);
  return {
    name: String(model['name']),
    description: asText(model['description']),
    aliases: Object.fromEntries(aliases.map((alias) => [String(alias['alias']), String(alias['version'])])),
    versions: newestFirst(versions),
  };
}

function toVersion(row: UnknownRecord): RegisteredVersion {
  return {
    model: String(row['name']),
    version: String(row['version']),
    createdAt: asNumber(row['creation_timestamp']),
    description: asText(row['description']),
    stage: asText(row['current_stage']),
    runId: asText(row['run_id']),
    status: asText(row['status']) ?? 'READY',
  };
}

function isPrompt(model: UnknownRecord): boolean {
  return asList(model['tags'])
    .map(asRecord)
    .some((tag) => tag['key'] === promptTag && tag['value'] === 'true');
}

function loggedModelInfo(answer: UnknownRecord | null): UnknownRecord {
  return asRecord(asRecord(answer?.['model'])['info']);
}

/** MLflow's filter language has no escapes; a name may hold one kind of quote. */
function quoted(name: string): string {
  return name.includes("'") ? `"${name}"` : `'${name}'`;
}

function refusal(status: number, body: UnknownRecord | null): string {
  if (status === 401) {
    return 'it wants credentials; set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN';
  }
  if (status === 403) return 'these credentials may not read it';
  const said = asText(body?.['message']);
  if (said === null) return `it answers ${String(status)} where an MLflow server would not`;
  return `it answers ${String(status)}: ${reasonOf(said)}`;
}
