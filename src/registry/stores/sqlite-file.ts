import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { DatabaseSync, type SQLInputValue } from 'node:sqlite';
import { pathToFileURL } from 'node:url';

import { CountersignError, countersignError } from '../../errors/countersign-error.ts';
import { sleep, type Clock } from '../../util/clock.ts';
import { reasonOf, type UnknownRecord } from '../../util/unknown.ts';

/** Queries of one read; all of them see the same state of the file. */
export interface SqliteReader {
  all(sql: string, ...values: SQLInputValue[]): UnknownRecord[];
  /** Column names of a table; empty if there is no such table. */
  columns(table: string): ReadonlySet<string>;
}

/**
 * A SQLite file that others may be writing, read without leaving a trace.
 *
 * Each read opens and closes the file (30 us), so a file that was replaced is seen and nothing is held between.
 * A file in WAL mode at rest is opened `immutable`: the ordinary read-only open would leave `-wal` and `-shm`
 * files beside it. A writer that comes along meanwhile is noticed and the read is done again.
 */
export class SqliteFile {
  readonly path: string;
  readonly #uri: string;
  readonly #clock: Clock;

  constructor(path: string, uri: string, clock: Clock) {
    this.path = path;
    this.#uri = uri;
    this.#clock = clock;
  }

  /** Errors: REGISTRY_UNREACHABLE. */
  async read<Result>(query: (reader: SqliteReader) => Result, signal: AbortSignal): Promise<Result> {
    const deadline = this.#clock.monotonicMs() + busyMs;
    for (;;) {
      signal.throwIfAborted();
      const outcome = this.#attempt(query);
      if (outcome !== busy) return outcome.result;
      if (this.#clock.monotonicMs() > deadline) throw this.#unreachable('another process keeps it locked');
      // Waiting here and not in SQLite, whose busy timeout would block the whole process.
      await sleep(this.#clock, pollMs, signal);
    }
  }

  #attempt<Result>(query: (reader: SqliteReader) => Result): { readonly result: Result } | typeof busy {
    try {
      const before = stateOf(this.path);
      const result = this.#queryOnce(query, before.atRest);
      return before.atRest && stateOf(this.path).stamp !== before.stamp ? busy : { result };
    } catch (thrown) {
      if (thrown instanceof CountersignError) throw thrown;
      if (isBusy(thrown)) return busy;
      throw this.#unreachable(describeFailure(thrown), thrown);
    }
  }

  #queryOnce<Result>(query: (reader: SqliteReader) => Result, immutable: boolean): Result {
    const url = pathToFileURL(this.path);
    url.search = immutable ? '?immutable=1' : '?mode=ro';
    const database = new DatabaseSync(url, { readOnly: true, timeout: 0 });
    try {
      database.exec('BEGIN');
      return query(readerOf(database));
    } finally {
      database.close();
    }
  }

  #unreachable(reason: string, cause?: unknown): CountersignError {
    return countersignError('REGISTRY_UNREACHABLE', this.#uri, reason).with({ cause });
  }
}

/** How long a read waits for a writer. MLflow's transactions take milliseconds, its migrations seconds. */
const busyMs = 10_000;
const pollMs = 20;
const busy = Symbol('busy');

function readerOf(database: DatabaseSync): SqliteReader {
  const known = new Map<string, ReadonlySet<string>>();
  const columns = (table: string): ReadonlySet<string> => {
    const rows = database.prepare('SELECT name FROM pragma_table_info(?)').all(table);
    return new Set(rows.map((row) => String(row['name'])));
  };
  return {
    all: (sql, ...values) => database.prepare(sql).all(...values),
    columns(table) {
      const found = known.get(table) ?? columns(table);
      known.set(table, found);
      return found;
    },
  };
}

/** Whether the file is a WAL database nobody is writing, and a stamp that changes when somebody does. */
function stateOf(path: string): { readonly atRest: boolean; readonly stamp: string } {
  const file = statSync(path, { bigint: true });
  const log = statSync(`${path}-wal`, { throwIfNoEntry: false });
  const atRest = isWal(path) && (log?.size ?? 0) === 0;
  return { atRest, stamp: `${String(file.mtimeNs)} ${String(file.size)} ${String(log?.size ?? 0)}` };
}

/** Byte 18 of the header, the write version, is 2 in WAL mode (https://sqlite.org/fileformat.html#file_format_version_numbers). */
function isWal(path: string): boolean {
  const file = openSync(path, 'r');
  try {
    const header = Buffer.alloc(20);
    return readSync(file, header) === 20 && header[18] === 2;
  } finally {
    closeSync(file);
  }
}

const sqliteCodes = { busy: 5, locked: 6, notADatabase: 26 };

function isBusy(thrown: unknown): boolean {
  return errorCode(thrown) === sqliteCodes.busy || errorCode(thrown) === sqliteCodes.locked;
}

function describeFailure(thrown: unknown): string {
  if (errorCode(thrown) === 'ENOENT') return 'there is no such file';
  if (errorCode(thrown) === 'EACCES') return 'the file may not be read';
  if (errorCode(thrown) === 'EISDIR') return 'it is a folder, not a file';
  if (errorCode(thrown) === sqliteCodes.notADatabase) return 'the file is not a SQLite database';
  return reasonOf(thrown);
}

/** SQLite's number without its extended bits, or the operating system's name. */
function errorCode(thrown: unknown): number | string | undefined {
  if (!(thrown instanceof Error)) return undefined;
  if ('errcode' in thrown && typeof thrown.errcode === 'number') return thrown.errcode & 0xff;
  return 'code' in thrown && typeof thrown.code === 'string' ? thrown.code : undefined;
}
