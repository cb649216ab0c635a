import { ratioOf } from '../compare.ts';
import type { Result } from '../run.ts';
import { shown, type Spread } from '../statistics.ts';

interface Bar {
  readonly label: string;
  readonly ratio: Spread;
}

const width = 760;
const left = 250;
const lineHeight = 22;
const top = 60;

/** Throughput of countersign against MLflow's own server, on a logarithmic scale, with the spread as a whisker. */
export function plotOf(results: readonly Result[]): string {
  const bars = results.flatMap(barsOf);
  const most = Math.max(10, ...bars.map(({ ratio }) => ratio.max));
  const decades = Math.ceil(Math.log10(most));
  const x = (value: number): number =>
    left + (Math.log10(Math.max(0.1, value)) / decades) * (width - left - 70);
  const height = top + bars.length * lineHeight + 30;
  const grid = Array.from({ length: decades + 1 }, (_, power) =>
    gridLine(x(10 ** power), 10 ** power, height),
  );
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${String(width)} ${String(height)}" font-family="sans-serif" font-size="12">`,
    `<rect width="100%" height="100%" fill="white"/>`,
    `<text x="12" y="24" font-size="15">Requests per second against mlflow models serve (times, logarithmic)</text>`,
    ...grid,
    ...bars.map((bar, index) => barMarkup(bar, top + index * lineHeight, x)),
    '</svg>',
    '',
  ].join('\n');
}

function barsOf({ scenario, cells }: Result): readonly Bar[] {
  return cells
    .filter(({ label }) => label === 'countersign')
    .flatMap((ours) => {
      const theirs = cells.find(
        (cell) =>
          cell.label === 'mlflow models serve' &&
          cell.rows === ours.rows &&
          cell.connections === ours.connections,
      );
      if (theirs === undefined) return [];
      const rows = ours.rows === 1 ? '' : `, ${String(ours.rows)} rows`;
      return [
        {
          label: `${scenario}${rows}, c=${String(ours.connections)}`,
          ratio: ratioOf(ours, theirs).perSecond,
        },
      ];
    });
}

function gridLine(x: number, value: number, height: number): string {
  const at = x.toFixed(1);
  return `<line x1="${at}" x2="${at}" y1="40" y2="${String(height - 24)}" stroke="#ddd"/><text x="${at}" y="${String(height - 8)}" text-anchor="middle" fill="#555">${String(value)}</text>`;
}

function barMarkup({ label, ratio }: Bar, y: number, x: (value: number) => number): string {
  const middle = y + 7;
  const [start, end] = [x(1), x(ratio.median)];
  return [
    `<text x="${String(left - 8)}" y="${String(y + 11)}" text-anchor="end">${label.replaceAll('&', '&amp;')}</text>`,
    `<rect x="${Math.min(start, end).toFixed(1)}" y="${String(y)}" width="${Math.abs(end - start).toFixed(1)}" height="14" fill="#3b6ea5"/>`,
    `<line x1="${x(ratio.min).toFixed(1)}" x2="${x(ratio.max).toFixed(1)}" y1="${String(middle)}" y2="${String(middle)}" stroke="#111"/>`,
    `<text x="${(x(ratio.max) + 6).toFixed(1)}" y="${String(y + 11)}" fill="#111">${shown(ratio.median)}</text>`,
  ].join('');
}
