import { type Cell, ratioOf } from '../compare.ts';
import type { NoiseReport } from '../noise.ts';
import type { Result } from '../run.ts';
import { type StudyResult, studyText } from '../studies/study.ts';
import { shown, shownSpread } from '../statistics.ts';
import { floorsOf, targetsOf } from './targets.ts';

const mebibyte = 1024 * 1024;

/** What was measured, as Markdown: a table per scenario of ratios of countersign to each of the others. */
export function reportOf(
  results: readonly Result[],
  studies: readonly StudyResult[],
  noise: NoiseReport,
): string {
  return [
    targetsOf({ results, studies }),
    ...floorsOf({ results, studies }),
    ...results.map(scenarioText),
    ...studies.map(studyText),
    noiseText(noise),
  ].join('\n\n');
}

function scenarioText({ scenario, cells, servers }: Result): string {
  const ours = cells.filter(({ label }) => label === 'countersign');
  const rows = ours.flatMap((cell) =>
    cells.filter((other) => isOpponent(cell, other)).map((other) => line(cell, other)),
  );
  const facts = servers.map(
    ({ label, startMs, memoryBytes }) =>
      `| ${label} | ${(startMs / 1000).toFixed(2)} s | ${(memoryBytes / mebibyte).toFixed(0)} MiB |`,
  );
  return [
    `### ${scenario}`,
    '',
    '| rows | c | countersign: requests/s, p50 ms, CPU us | against | requests/s | p50 | p99 | CPU per request |',
    '|---|---|---|---|---|---|---|---|',
    ...rows,
    '',
    '| server | start to first answer | memory |',
    '|---|---|---|',
    ...facts,
  ].join('\n');
}

function isOpponent(cell: Cell, other: Cell): boolean {
  return other !== cell && other.rows === cell.rows && other.connections === cell.connections;
}

function line(ours: Cell, theirs: Cell): string {
  const { perSecond, p50, p99, cpu } = ratioOf(ours, theirs);
  const own = [ours.perSecond.median, ours.p50Ms.median, ours.cpuUs.median].map(shown).join(', ');
  const ratios = [perSecond, p50, p99, cpu].map(shownSpread).join(' | ');
  return `| ${String(ours.rows)} | ${String(ours.connections)} | ${own} | ${theirs.label} | ${ratios} |`;
}

function noiseText({ loopMs, slowdown, load }: NoiseReport): string {
  return [
    `Noise: a fixed loop took ${shownSpread(loopMs)} ms between the runs, so that the usual one was slowed down by`,
    `${((slowdown - 1) * 100).toFixed(0)}% against the fastest; load average ${shownSpread(load)} (the benchmark makes about two).`,
  ].join(' ');
}
