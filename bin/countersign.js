#!/usr/bin/env node
// Plain JavaScript that any Node can read, so that an old one gets a sentence instead of a syntax error.
import { existsSync } from 'node:fs';

const major = Number(process.versions.node.split('.')[0]);
if (major < 24) {
  process.stderr.write(
    `countersign needs Node.js 24 or newer; this is ${process.versions.node} (${process.execPath}).\n`,
  );
  process.exit(1);
}
// A checkout runs its sources as they stand; the published package has only the built files.
const source = new URL('../src/cli/main.ts', import.meta.url);
const { main } = await import(
  existsSync(source) ? source.href : new URL('../dist/cli/main.js', import.meta.url).href
);
await main(process.argv);
