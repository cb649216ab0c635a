import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { applicationName } from '../../src/engine/ray/application.ts';
import { Dashboard } from '../../src/engine/ray/dashboard.ts';
import { packDirectory } from '../../src/engine/ray/package.ts';
import { packMessage } from '../../src/frames/message.ts';
import { noParams } from '../../src/payload/payload.ts';
import { float64, table } from '../../test/support/onnx-specimens.ts';
import type { RayCluster } from '../../test/support/ray-cluster.ts';
import type { Entrant } from '../compare.ts';
import { packaged } from '../paths.ts';
import { cpuOf, processTree } from '../process-tree.ts';
import { type Server, start } from '../server.ts';

export const model = 'twice';
const never = new AbortController().signal;
const column = 12.5;

/** A way to ask the model on the cluster, and how its answer reads. */
export interface RayEntrant extends Entrant {
  readonly headers: Readonly<Record<string, string>>;
  /** The number that it answered; null where the answer is no JSON. */
  readonly answer: (body: Uint8Array) => number;
}

/** The same model, asked over countersign, over the plain recipe, and in a replica by hand. */
export async function rayEntrants(
  cluster: RayCluster,
  registry: string,
  field: AsyncDisposableStack,
): Promise<readonly RayEntrant[]> {
  const dashboard = new Dashboard(new URL(cluster.address), () => Promise.resolve(cluster.token));
  field.defer(() => dashboard.close());
  const recipe = await deployRecipe(dashboard, registry);
  const served = field.use(await gateway(cluster, registry));
  const directory = await mkdtemp(join(tmpdir(), 'bench-ray-'));
  field.defer(() => rm(directory, { recursive: true }));
  const row = await written(join(directory, 'row.json'), JSON.stringify({ x: column }));
  const json = { 'content-type': 'application/json', serve_multiplexed_model_id: '1' };
  const asRows = (body: Uint8Array): number =>
    (JSON.parse(Buffer.from(body).toString()) as [{ y: number }])[0].y;
  const cpuUs = (): Promise<number> => cpuOf(cluster.pids());
  const whole = async (): Promise<number> =>
    cpuOf([...new Set([...cluster.pids(), ...(await processTree(served.pid))])]);
  const other = (url: string): Server => ({ ...served, url, cpuUs });
  const entrants: RayEntrant[] = [
    {
      label: 'countersign',
      server: { ...served, cpuUs: whole },
      url: served.url,
      body: row,
      headers: json,
      answer: asRows,
    },
    {
      label: 'the plain recipe',
      server: other(recipe),
      url: recipe,
      body: row,
      headers: json,
      answer: asRows,
    },
  ];
  const byHand = await replicaUrl(dashboard);
  if (byHand !== null) {
    const { uri } = await packDirectory(join(registry, model, '1'));
    const call = { input: table({ x: float64(column) }), params: noParams, requestId: 'bench' };
    const frame = Buffer.concat(packMessage({ type: 'predict', id: 1, ...call }, null));
    entrants.push({
      label: 'a replica by hand',
      server: other(byHand),
      url: byHand,
      body: await written(join(directory, 'frame'), frame),
      // As a gateway's, which Ray does not log.
      headers: {
        'content-type': 'application/octet-stream',
        serve_multiplexed_model_id: uri,
        'x-request-id': 'countersign-bench',
      },
      // The column of the answer is the last block of its frame: one float64.
      answer: (body) => Buffer.from(body).readDoubleLE(body.byteLength - 8),
    });
  }
  return entrants;
}

/** Throws unless all of them answer the same. */
export async function requireSameAnswers(entrants: readonly RayEntrant[]): Promise<void> {
  for (const { label, url, body, headers, answer } of entrants) {
    const response = await fetch(url, { method: 'POST', headers, body: await readFile(body) });
    const bytes = new Uint8Array(await response.arrayBuffer());
    const said = response.status === 200 ? answer(bytes) : Buffer.from(bytes).toString();
    if (said !== column * 2) throw new Error(`${label} answers ${String(response.status)} ${String(said)}`);
  }
}

async function gateway(cluster: RayCluster, registry: string): Promise<Server> {
  return start({
    name: 'countersign',
    command: process.execPath,
    args: (port) => [
      join(packaged, 'bin', 'countersign.js'),
      ...['serve', model, '--engine', 'ray', '--tracking-uri', registry, '--default-version', '1'],
      // The model has no input example to show that its rows are independent.
      ...['--batching', 'on', '--port', String(port)],
    ],
    env: cluster.env,
    // It deploys first.
    patienceMs: 240_000,
    path: '/serve',
    body: JSON.stringify({ x: column }),
  });
}

/** Where the recipe answers, on Ray's proxy. */
async function deployRecipe(dashboard: Dashboard, registry: string): Promise<string> {
  const code = await packDirectory(import.meta.dirname, { takes: (path) => path === 'recipe.py' });
  await dashboard.putPackage(code, never);
  const recipe = {
    name: 'recipe',
    route_prefix: '/recipe',
    import_path: 'recipe:build',
    runtime_env: { working_dir: code.uri },
    args: { directory: join(registry, model) },
  };
  const { rest } = await dashboard.instance(never);
  await dashboard.putApplications({ ...rest, applications: [recipe] }, never);
  for (;;) {
    const { applications, http, proxies } = await dashboard.instance(never);
    const { status, reason } = applications.get('recipe') ?? { status: 'NONE', reason: '' };
    const [host] = proxies;
    if (status === 'RUNNING' && http !== null && host !== undefined) {
      const url = `http://${host}:${String(http.port)}/recipe/serve`;
      if ((await fetch(url).catch(() => null))?.status === 405) return url;
    }
    if (status === 'DEPLOY_FAILED') throw new Error(`the recipe does not deploy: ${reason}`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

async function replicaUrl(dashboard: Dashboard): Promise<string | null> {
  const name = applicationName(model);
  const [target] = (await dashboard.instance(never)).applications.get(name)?.targets ?? [];
  return target === undefined ? null : `${target.origin}/${name}/predict`;
}

async function written(path: string, content: string | Uint8Array): Promise<string> {
  await writeFile(path, content);
  return path;
}
