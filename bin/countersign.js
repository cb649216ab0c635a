#!/usr/bin/env node
// Plain JavaScript that any Node with modules can read, so that an old one gets a sentence instead of a syntax error.
import { existsSync } from 'node:fs';
import module from 'node:module';

const major = Number(process.versions.node.split('.')[0]);
if (major < 24) {
  process.stderr.write(
    `countersign: it needs Node.js 24 or newer; this is ${process.versions.node} (${process.execPath}).\n` +
      '  Install a newer one, and put it first on PATH.\n',
  );
  process.exitCode = 1;
} else {
  // Keeps the compiled code in the system's temporary folder, which saves a third of the time that loading it takes.
  module.enableCompileCache();
  // A checkout runs its sources as they stand; the published package has only the built files.
  const source = new URL('../src/cli/main.ts', import.meta.url);
  const entry = existsSync(source) ? source : new URL('../dist/cli/main.js', import.meta.url);
  import(entry.href).then(({ main }) => main(process.argv));
}
