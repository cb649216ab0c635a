/**
 * The layer check: dependency-cruiser over src/ with the table of layers.ts. Also counts what it saw, because a
 * cruise that understands no file finds no fault either.
 */
import { globSync } from 'node:fs';

import { cruise, type ICruiseOptions } from 'dependency-cruiser';

import { layers } from './layers.ts';

const tests = '\\.test\\.ts$';
const pathOf = new Map(layers.map(({ room, path }) => [room, path]));

const options: ICruiseOptions = {
  doNotFollow: { path: 'node_modules' },
  tsPreCompilationDeps: true,
  enhancedResolveOptions: {
    exportsFields: ['exports'],
    conditionNames: ['import', 'node', 'default', 'types'],
  },
  ruleSet: {
    forbidden: [
      ...layers.map(({ room, path, imports }) => ({
        name: `${room.replace('/', '-')}-imports-downwards`,
        comment: `${room} may import ${imports.join(', ') || 'nothing of src/'}; see scripts/layers.ts`,
        severity: 'error' as const,
        from: { path, pathNot: tests },
        to: { path: '^src/', pathNot: [path, ...imports.map((other) => pathOf.get(other) ?? other)] },
      })),
      {
        name: 'every-file-has-a-room',
        severity: 'error',
        from: { path: '^src/', pathNot: layers.map(({ path }) => path) },
        to: {},
      },
      { name: 'no-circular', severity: 'error', from: { path: '^src/' }, to: { circular: true } },
      { name: 'resolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
      {
        name: 'no-tests-in-the-product',
        severity: 'error',
        from: { path: '^src/', pathNot: tests },
        to: { path: ['^test/', tests, '^scripts/'] },
      },
    ],
  },
  validate: true,
};

const outcome = await cruise(['src'], { ...options, outputType: 'err-long' });
const seen = await cruise(['src'], { ...options, outputType: 'json' });
const { modules } = JSON.parse(text(seen.output)) as { modules: readonly { source: string }[] };
const cruised = new Set(modules.map(({ source }) => source));
const missed = globSync('src/**/*.ts').filter((file) => !cruised.has(file));

console.log(text(outcome.output));
if (missed.length > 0) console.log(`not seen by the layer check: ${missed.join(', ')}`);
process.exitCode = outcome.exitCode > 0 || missed.length > 0 ? 1 : 0;

function text(output: unknown): string {
  return typeof output === 'string' ? output : '';
}
