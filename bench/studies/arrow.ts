import { type DataType, tableFromArrays, tableToIPC } from '@uwdata/flechette';

import { alternate, bodyFile, type Cell, type Entrant, ratioOf, warmUp } from '../compare.ts';
import { countersign } from '../contestants.ts';
import type { Plan } from '../run.ts';
import { scenarios, type Scenario, splitBody } from '../scenarios.ts';
import { type Server, start } from '../server.ts';
import { shown, shownSpread } from '../statistics.ts';
import type { Study } from './study.ts';

const arrowType = 'application/vnd.apache.arrow.stream';

/** The wide table of a thousand rows, as JSON and as an Arrow stream, at one server. */
export const arrow: Study = {
  name: 'arrow',
  async run(plan, prepared, noise) {
    const wide = scenarios.filter(({ ours }) => ours.startsWith('wide_boosting'));
    const cells: { readonly model: string; readonly json: Cell; readonly arrow: Cell }[] = [];
    for (const scenario of wide) {
      await using server = await start(
        countersign(prepared, { model: scenario.ours, body: splitBody(scenario, 1) }),
      );
      const entrants = await entrantsOf(scenario, plan, server);
      await warmUp(entrants, [1], 1);
      const [json, arrow] = await alternate(entrants, { connections: 1, rows: plan.longRows }, plan, noise);
      if (json !== undefined && arrow !== undefined) cells.push({ model: scenario.ours, json, arrow });
    }
    return {
      study: 'Arrow against JSON',
      about: `${String(plan.longRows)} rows of 50 columns to \`/invocations\`, one connection; ratios are Arrow's advantage.`,
      heads: ['model', 'JSON: ms, CPU us', 'Arrow: ms, CPU us', 'requests/s', 'CPU per request'],
      lines: cells.map(({ model, json, arrow }) => {
        const { perSecond, cpu } = ratioOf(arrow, json);
        return [model, own(json), own(arrow), shownSpread(perSecond), shownSpread(cpu)];
      }),
      figures: cells,
    };
  },
};

function own({ p50Ms, cpuUs }: Cell): string {
  return [p50Ms.median, cpuUs.median].map(shown).join(', ');
}

/** Both bodies, after both got the same answer. */
async function entrantsOf(
  scenario: Scenario,
  { longRows }: Plan,
  server: Server,
): Promise<readonly Entrant[]> {
  const json = splitBody(scenario, longRows);
  const stream = streamOf(scenario, longRows);
  const [said, other] = [
    await answer(server, json, 'application/json'),
    await answer(server, stream, arrowType),
  ];
  if (said !== other) throw new Error(`${scenario.name}: JSON and Arrow are answered differently`);
  const name = `${scenario.name} ${String(longRows)}`;
  const { url } = server;
  return [
    { label: 'JSON', server, url, body: await bodyFile(name, json) },
    {
      label: 'Arrow',
      server,
      url,
      body: await bodyFile(`${name} arrow`, stream),
      headers: { 'Content-Type': arrowType },
    },
  ];
}

function streamOf({ columns, cell }: Scenario, rows: number): Uint8Array {
  const arrays = columns.map((name, column) => [
    name,
    Float64Array.from({ length: rows }, (_, row) => Number(cell(row, column))),
  ]);
  const types: Record<string, DataType> = {};
  return (
    tableToIPC(tableFromArrays(Object.fromEntries(arrays) as Record<string, Float64Array>, { types }), {}) ??
    new Uint8Array()
  );
}

async function answer({ url }: Server, body: string | Uint8Array, type: string): Promise<string> {
  const response = await fetch(url, {
    method: 'POST',
    body: typeof body === 'string' ? body : Buffer.from(body),
    headers: { 'content-type': type },
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${url}: ${String(response.status)} ${text.slice(0, 500)}`);
  return text;
}
