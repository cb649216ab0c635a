import { shown, shownSpread } from '../statistics.ts';
import { type ComposedResult, composedScenario } from './run.ts';

/** What was measured of composed models, as Markdown. */
export function composedReport({ cells, idle }: ComposedResult): string {
  const rows = cells.map(({ model, connections, rows: count, perSecond, p50Ms, p99Ms, cpuUs, loop }) => {
    const measured = [perSecond, p50Ms, p99Ms, cpuUs, loop.p50Ms, loop.p99Ms, loop.maxMs].map(shownSpread);
    return `| ${[model, String(count), String(connections), ...measured].join(' | ')} |`;
  });
  const idleFigures = [idle.p50Ms, idle.p99Ms, idle.maxMs].map(shown).join(', ');
  return [
    `### ${composedScenario}`,
    '',
    '| model | rows | c | requests/s | p50 ms | p99 ms | CPU us | loop delay p50 ms | p99 | max |',
    '|---|---|---|---|---|---|---|---|---|---|',
    ...rows,
    '',
    `Delay of the server's event loop with nothing to do: ${idleFigures} ms (p50, p99, max).`,
  ].join('\n');
}
