import { readFileSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';

/** Where a server may answer otherwise than MLflow's does; `compare.ts` says what it may answer. */
export type Room = 'D1' | 'D2' | 'D3' | 'D4' | 'D5' | 'D6' | 'D7';

export interface CaseRequest {
  readonly method: string;
  /** With its query; appended to the base of the model. */
  readonly path: string;
  /** All that are sent, beside Host and Content-Length. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Instead of `body`, where the bytes are no UTF-8 text. */
  readonly body_base64?: string;
}

/** An answer in normal form: see `normal-form.ts`. */
export interface RecordedAnswer {
  readonly body: string;
  readonly content_type: string | null;
  readonly status: number;
}

/** One line of `cases/{model}.jsonl`. */
export interface Case {
  readonly id: string;
  readonly model: string;
  readonly category: string;
  readonly request: CaseRequest;
  readonly response: RecordedAnswer;
  /** How the bodies are compared. */
  readonly match: 'exact' | 'approx' | 'error' | 'status';
  readonly may_differ?: Room;
  /** With D6: the body of the other answer that is right. */
  readonly also?: string;
  /** The pandas of the model's environment that the recorded answer depends on. */
  readonly pandas?: string;
}

/** What the files of cases have to hold, so that none is lost unseen: `cases/index.json`. */
export interface CaseIndex {
  /** The release of MLflow that gave the answers. */
  readonly mlflow: string;
  /** How many each model has. */
  readonly cases: Readonly<Record<string, number>>;
}

export const casesDirectory = join(import.meta.dirname, 'cases');

/** The models that have cases, by name. */
export function caseModels(): readonly string[] {
  return readdirSync(casesDirectory)
    .filter((file) => file.endsWith('.jsonl'))
    .map((file) => basename(file, '.jsonl'))
    .sort();
}

export function readCases(model: string): readonly Case[] {
  const lines = readFileSync(join(casesDirectory, `${model}.jsonl`), 'utf8')
    .trimEnd()
    .split('\n');
  return lines.map((line) => JSON.parse(line) as Case);
}

export function readIndex(): CaseIndex {
  return JSON.parse(readFileSync(join(casesDirectory, 'index.json'), 'utf8')) as CaseIndex;
}
