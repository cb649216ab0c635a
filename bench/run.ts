import { alternate, bodyFile, type Cell, type Effort, type Entrant, warmUp } from './compare.ts';
import { bareOnnx, countersign, echo, mlflow } from './contestants.ts';
import { requireEqual } from './equal.ts';
import type { Noise } from './noise.ts';
import type { Peer } from './peers/peer.ts';
import type { Prepared } from './prepare.ts';
import { memoryBytes } from './process-tree.ts';
import { type Scenario, serveBody, splitBody } from './scenarios.ts';
import { type Launch, type Server, start } from './server.ts';

export interface Plan extends Effort {
  /**
   * Also countersign without batching, MLflow with the very model that countersign serves, the bare servers with
   * onnxruntime, and long requests.
   */
  readonly variants: boolean;
  readonly connections: readonly number[];
  readonly longRows: number;
  readonly peers: readonly Peer[];
}

/** All that was measured of one scenario. */
export interface Result {
  readonly scenario: string;
  readonly cells: readonly Cell[];
  readonly servers: readonly ServerFacts[];
}

export interface ServerFacts {
  readonly label: string;
  readonly startMs: number;
  readonly memoryBytes: number;
}

export async function runScenario(
  scenario: Scenario,
  plan: Plan,
  prepared: Prepared,
  noise: Noise,
): Promise<Result> {
  await using field = new AsyncDisposableStack();
  const servers: Server[] = [];
  for (const launch of launches(scenario, plan, prepared)) servers.push(field.use(await start(launch)));
  const short = await entrantsFor(scenario, 1, servers);
  const cells: Cell[] = [];
  // Compilers want some ten thousand requests, which one connection takes half a minute for. The quick run has no time.
  if (plan.variants) await warmUp(short, [Math.max(...plan.connections)], plan.warmUpPatience);
  for (const connections of plan.connections) {
    // Right before each: they fit code to what it did last, and at one connection have few requests a second to do so.
    await warmUp(short, [connections], connections === 1 ? plan.warmUpPatience : 1);
    cells.push(...(await alternate(short, { connections, rows: 1 }, plan, noise)));
  }
  if (scenario.long && plan.variants) {
    const long = await entrantsFor(scenario, plan.longRows, servers);
    await warmUp(long, [1], 1);
    cells.push(...(await alternate(long, { connections: 1, rows: plan.longRows }, plan, noise)));
  }
  return { scenario: scenario.name, cells, servers: await Promise.all(servers.map(factsOf)) };
}

function launches(scenario: Scenario, { peers, variants }: Plan, prepared: Prepared): readonly Launch[] {
  const body = splitBody(scenario, 1);
  const ours = { model: scenario.ours, body };
  const theirs = { model: scenario.theirs, body };
  const same = variants && scenario.same !== undefined ? [{ model: scenario.same, body }] : [];
  return [
    countersign(prepared, ours),
    ...(variants && scenario.quick ? [countersign(prepared, ours, ['--no-batching'])] : []),
    mlflow(prepared, theirs),
    ...same.map((asked) => ({ ...mlflow(prepared, asked), name: 'mlflow models serve, same ONNX' })),
    ...peers.map((peer) => peer.launch(prepared, theirs)),
    ...(variants && scenario.same !== undefined ? [bareOnnx(prepared, ours)] : []),
    echo(theirs),
  ];
}

/** The servers with the body of so many rows, after all have given the same answer to it. */
async function entrantsFor(
  scenario: Scenario,
  rows: number,
  servers: readonly Server[],
): Promise<readonly Entrant[]> {
  const name = `${scenario.name} ${String(rows)}`;
  const text = splitBody(scenario, rows);
  const body = await bodyFile(name, text);
  const entrants = servers.map((server): Entrant => ({ label: server.name, server, url: server.url, body }));
  const [ours] = entrants;
  if (ours === undefined) return [];
  const answer = await answerOf(ours.url, text);
  for (const { label, url } of entrants.filter((entrant) => !entrant.label.includes('echo'))) {
    requireEqual(answer, await answerOf(url, text), `${scenario.name}: countersign and ${label}`);
  }
  const served = await bodyFile(`${name} serve`, serveBody(scenario, rows));
  const own = {
    ...ours,
    label: 'countersign /serve',
    url: ours.url.replace(/invocations$/, 'serve'),
    body: served,
  };
  return [ours, own, ...entrants.slice(1)];
}

async function answerOf(url: string, body: string): Promise<string> {
  const response = await fetch(url, {
    method: 'POST',
    body,
    headers: { 'content-type': 'application/json' },
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${url}: ${String(response.status)} ${text.slice(0, 500)}`);
  return text;
}

async function factsOf({ name, pid, startMs }: Server): Promise<ServerFacts> {
  return { label: name, startMs, memoryBytes: await memoryBytes(pid) };
}
