import { alternate, bodyFile, type Cell, type Entrant, warmUp } from '../compare.ts';
import { countersign } from '../contestants.ts';
import { memoryBytes } from '../process-tree.ts';
import { scenarios, splitBody } from '../scenarios.ts';
import { type Server, start } from '../server.ts';
import { shown } from '../statistics.ts';
import { type GrownStore, grownStore } from './grown-store.ts';
import { mebibytes, seconds, type Study } from './study.ts';

/** How many models are served at once, each loaded. */
const crowds = [1, 10, 50] as const;

/** 1 to 200 registered versions, 1 to 50 models served: start, memory and the latency of one caller. */
export const growth: Study = {
  name: 'growth',
  async run(plan, prepared, noise) {
    const scenario = scenarios.find(({ ours }) => ours === 'iris_forest_onnx');
    if (scenario === undefined) throw new Error('no scenario of iris_forest_onnx');
    const text = splitBody(scenario, 1);
    const store = await grownStore(prepared);
    const body = await bodyFile('growth', text);
    await using field = new AsyncDisposableStack();
    const grown: Grown[] = [];
    for (const { what, models } of cases(store)) {
      const [model = ''] = models;
      const launch = countersign({ ...prepared, trackingUri: store.trackingUri }, { model, body: text });
      const args = (port: number): readonly string[] => [
        ...launch.args(port),
        ...models.slice(1),
        '--default-model',
        model,
      ];
      const server = field.use(await start({ ...launch, name: what, args }));
      const readyMs = await untilReady(server);
      grown.push({ what, server, readyMs, memory: await memoryBytes(server.pid) });
    }
    const entrants = grown.map(({ what, server }): Entrant => ({
      label: what,
      server,
      url: server.url,
      body,
    }));
    await warmUp(entrants, [1], 1);
    const cells = await alternate(entrants, { connections: 1, rows: 1 }, plan, noise);
    const lines = grown.map((one, index) => line(one, cells[index]));
    return {
      study: 'Growth',
      about:
        'The same ONNX forest under many numbers and names; one caller of one of them. Models on the command line are all loaded at the start.',
      heads: ['served', 'first answer', 'all ready', 'memory', 'p50 ms', 'CPU us per request'],
      lines,
      figures: grown.map(({ what, server, readyMs, memory }, index) => ({
        what,
        startMs: server.startMs,
        readyMs,
        memory,
        cell: cells[index],
      })),
    };
  },
};

interface Grown {
  readonly what: string;
  readonly server: Server;
  readonly readyMs: number;
  readonly memory: number;
}

function cases({
  one,
  many,
  models,
}: GrownStore): readonly { readonly what: string; readonly models: readonly string[] }[] {
  return [
    { what: '1 model of 1 version', models: [one] },
    { what: '1 model of 200 versions', models: [many] },
    ...crowds.slice(1).map((count) => ({ what: `${String(count)} models`, models: models.slice(0, count) })),
  ];
}

/** From the start of the process until every model named is loaded. */
async function untilReady({ url, startMs }: Server): Promise<number> {
  const began = performance.now();
  while ((await fetch(new URL('/readyz', url))).status !== 200)
    await new Promise((resolve) => setTimeout(resolve, 5));
  return startMs + performance.now() - began;
}

function line({ what, server, readyMs, memory }: Grown, cell: Cell | undefined): readonly string[] {
  const [p50, cpu] = [cell?.p50Ms.median ?? Number.NaN, cell?.cpuUs.median ?? Number.NaN];
  return [what, seconds(server.startMs), seconds(readyMs), mebibytes(memory), shown(p50), shown(cpu)];
}
