import type { Noise } from '../noise.ts';
import type { Plan } from '../run.ts';
import type { Prepared } from '../prepare.ts';

/** A question that no scenario of servers side by side answers. */
export interface Study {
  readonly name: string;
  run(plan: Plan, prepared: Prepared, noise: Noise): Promise<StudyResult>;
}

/** What was found, as a table. */
export interface StudyResult {
  readonly study: string;
  /** What the figures are and how they were come by, in a sentence. */
  readonly about: string;
  readonly heads: readonly string[];
  readonly lines: readonly (readonly string[])[];
  /** The bare figures, for the file. */
  readonly figures: unknown;
}

const mebibyte = 1024 * 1024;

export function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(2)} s`;
}

export function mebibytes(bytes: number): string {
  return `${(bytes / mebibyte).toFixed(0)} MiB`;
}

/** As Markdown. */
export function studyText({ study, about, heads, lines }: StudyResult): string {
  const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [
    `### ${study}`,
    '',
    about,
    '',
    row(heads),
    `|${'---|'.repeat(heads.length)}`,
    ...lines.map(row),
  ].join('\n');
}
