/** `npm run ray [-- --nodes 2]`: a Ray cluster on loopback to try things on; Ctrl-C ends every process of it. */
import { parseArgs } from 'node:util';

import { startRayCluster } from '../test/support/ray-cluster.ts';

const { values } = parseArgs({ options: { nodes: { type: 'string', default: '1' } } });
const nodes = Number(values.nodes);
if (!Number.isInteger(nodes) || nodes < 1 || nodes > 8) {
  console.error('--nodes takes a number from 1 to 8');
  process.exit(2);
}
const stopping = new Promise<void>((resolve) => {
  process.on('SIGINT', () => {
    resolve();
  });
  process.on('SIGTERM', () => {
    resolve();
  });
});
console.error('starting Ray; the first time its environment is made, which takes a minute');
await using cluster = await startRayCluster({ nodes });
const variables = Object.entries(cluster.env).map(([name, value]) => `export ${name}=${value}`);
console.log(`Ray with ${String(nodes)} node${nodes === 1 ? '' : 's'}, dashboard at ${cluster.address}

${variables.join('\n')}
node_modules/.bin/node bin/countersign.js serve NAME --engine ray`);
const alive = setInterval(() => undefined, 60_000);
await stopping;
clearInterval(alive);
console.error('stopping Ray');
