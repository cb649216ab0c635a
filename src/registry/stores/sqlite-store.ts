import { countersignError } from '../../errors/countersign-error.ts';
import { asNumber, asText, type UnknownRecord } from '../../util/unknown.ts';
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
import type { SqliteFile, SqliteReader } from './sqlite-file.ts';

/**
 * An MLflow SQLite store of any release since 2.0, read without MLflow. The columns that releases added later
 * (`workspace`, `storage_location`) are looked for, not assumed.
 */
export class SqliteStore implements Store, TrackingStore {
  readonly uri: string;
  readonly identity: string;
  readonly #file: SqliteFile;
  readonly #workspace: string;

  constructor(uri: string, file: SqliteFile, workspace: string) {
    this.uri = uri;
    this.identity = `sqlite:${file.path}#${workspace}`;
    this.#file = file;
    this.#workspace = workspace;
  }

  async names(signal: AbortSignal): Promise<readonly string[]> {
    return this.#read(
      (tables) =>
        tables
          .models(null)
          .map((row) => String(row['name']))
          .sort(),
      signal,
    );
  }

  async models(signal: AbortSignal): Promise<readonly ModelSummary[]> {
    return this.#read((tables) => summaries(tables, null), signal);
  }

  async model(name: string, signal: AbortSignal): Promise<ModelSummary | null> {
    return this.#read((tables) => summaries(tables, name)[0] ?? null, signal);
  }

  async locate(version: VersionRef, signal: AbortSignal): Promise<string | null> {
    return this.#read((tables) => {
      const row = tables.versions(version.model, version.version)[0];
      return row === undefined ? null : (asText(row['storage_location']) ?? asText(row['source']));
    }, signal);
  }

  async loggedModel(modelId: string, signal: AbortSignal): Promise<string | null> {
    return this.#read((tables) => {
      const sql = 'SELECT artifact_location FROM logged_models WHERE model_id = ?';
      return asText(tables.ifTable('logged_models', sql, modelId)[0]?.['artifact_location']);
    }, signal);
  }

  async run(runId: string, signal: AbortSignal): Promise<RunArtifacts | null> {
    return this.#read((tables) => runArtifacts(tables, runId), signal);
  }

  async close(): Promise<void> {
    // Nothing is held between reads.
  }

  #read<Result>(query: (tables: Tables) => Result, signal: AbortSignal): Promise<Result> {
    return this.#file.read((reader) => {
      if (reader.columns('registered_models').size === 0) {
        throw countersignError('REGISTRY_UNREACHABLE', this.uri, 'the database has no MLflow tables');
      }
      return query(new Tables(reader, this.#workspace));
    }, signal);
  }
}

/** The registry's tables in one consistent read, with whatever columns this release has. */
class Tables {
  readonly #reader: SqliteReader;
  readonly #workspace: string;

  constructor(reader: SqliteReader, workspace: string) {
    this.#reader = reader;
    this.#workspace = workspace;
  }

  models(name: string | null): UnknownRecord[] {
    const prompts = new Set(
      this.#select('registered_model_tags', { name })
        .filter((tag) => tag['key'] === promptTag && String(tag['value']).toLowerCase() === 'true')
        .map((tag) => tag['name']),
    );
    return this.#select('registered_models', { name }).filter((row) => !prompts.has(row['name']));
  }

  versions(name: string | null, version: string | null = null): UnknownRecord[] {
    const rows = this.#select('model_versions', { name, version });
    return rows.filter((row) => row['current_stage'] !== deletedStage);
  }

  aliases(name: string | null): UnknownRecord[] {
    return this.#select('registered_model_aliases', { name });
  }

  ifTable(table: string, sql: string, ...values: string[]): UnknownRecord[] {
    return this.#reader.columns(table).size === 0 ? [] : this.#reader.all(sql, ...values);
  }

  #select(table: string, wanted: Readonly<Record<string, string | null>>): UnknownRecord[] {
    const workspace = this.#reader.columns(table).has('workspace') ? this.#workspace : null;
    const conditions = Object.entries({ ...wanted, workspace }).filter(([, value]) => value !== null);
    const where = conditions.map(([column]) => `${column} = ?`).join(' AND ');
    const sql = `SELECT * FROM ${table}${where === '' ? '' : ` WHERE ${where}`}`;
    return this.ifTable(table, sql, ...conditions.map(([, value]) => String(value)));
  }
}

function summaries(tables: Tables, name: string | null): ModelSummary[] {
  const versions = Map.groupBy(tables.versions(name), (row) => String(row['name']));
  const aliases = Map.groupBy(tables.aliases(name), (row) => String(row['name']));
  const summary = (row: UnknownRecord): ModelSummary => {
    const model = String(row['name']);
    const pairs = (aliases.get(model) ?? []).map((alias) => [alias['alias'], String(alias['version'])]);
    return {
      name: model,
      description: asText(row['description']),
      aliases: Object.fromEntries(pairs) as Record<string, string>,
      versions: newestFirst((versions.get(model) ?? []).map(toVersion)),
    };
  };
  return tables.models(name).map(summary).sort(byName);
}

function toVersion(row: UnknownRecord): RegisteredVersion {
  return {
    model: String(row['name']),
    version: String(row['version']),
    createdAt: asNumber(row['creation_time']),
    description: asText(row['description']),
    stage: asText(row['current_stage']),
    runId: asText(row['run_id']),
    status: asText(row['status']) ?? 'READY',
  };
}

function runArtifacts(tables: Tables, runId: string): RunArtifacts | null {
  const run = tables.ifTable('runs', 'SELECT artifact_uri FROM runs WHERE run_uuid = ?', runId)[0];
  const artifactUri = asText(run?.['artifact_uri']);
  if (artifactUri === null) return null;
  const sql =
    "SELECT name, artifact_location FROM logged_models WHERE source_run_id = ? AND lifecycle_stage = 'active'" +
    ' ORDER BY creation_timestamp_ms DESC';
  const models = tables.ifTable('logged_models', sql, runId).map((row) => ({
    name: String(row['name']),
    artifactUri: String(row['artifact_location']),
  }));
  return { artifactUri, models };
}
