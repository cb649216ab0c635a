/**
 * The layer check: dependency-cruiser over src/ with the table of layers.js. Also counts what it saw, because a
 * cruise that understands no file finds no fault either.
 */
import { globSync } from 'node:fs';

import { cruise, type IConfiguration } from 'dependency-cruiser';

import config from '../.dependency-cruiser.js';

const { options, ...ruleSet } = config as IConfiguration;
const outcome = await cruise(['src'], {
  ...options,
  ruleSet,
  validate: true,
  outputType: 'err-long',
});
const seen = await cruise(['src'], { ...options, outputType: 'json' });
const modules = JSON.parse(String(seen.output)) as { modules: { source: string }[] };
const cruised = new Set(modules.modules.map(({ source }) => source));
const missed = globSync('src/**/*.ts').filter((file) => !cruised.has(file));

console.log(String(outcome.output));
if (missed.length > 0) console.log(`not seen by the layer check: ${missed.join(', ')}`);
process.exitCode = outcome.exitCode > 0 || missed.length > 0 ? 1 : 0;
