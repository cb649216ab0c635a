#!/usr/bin/env node
// Plain JavaScript that any Node with modules can read, so that an old one gets a sentence instead of a syntax error.
import { existsSync } from 'node:fs';
import module from 'node:module';
import v8 from 'node:v8';

const major = Number(process.versions.node.split('.')[0]);
if (major < 24) {
  process.stderr.write(
    `countersign: it needs Node.js 24 or newer; this is ${process.versions.node} (${process.execPath}).\n` +
      '  Install a newer one, and put it first on PATH.\n',
  );
  process.exitCode = 1;
} else {
  // A server's garbage is of requests: it dies young, all at once. V8 is kept from four guesses that fit other programs,
  // which cost CPU time and memory under load (docs/performance.md says what was seen, and how):
  // objects of requests in the old generation, objects that code of the middle compiler keeps alive for long,
  // several threads for minor collections that leave next to nothing, and a hundred MB of bodies nobody needs any more
  // until they are collected (four times what is said here, at most).
  v8.setFlagsFromString('--no-allocation-site-pretenuring');
  v8.setFlagsFromString('--no-maglev');
  v8.setFlagsFromString('--no-parallel-scavenge');
  v8.setFlagsFromString('--scavenger-max-new-space-capacity-mb=8');
  boundYoungGeneration();
  // Keeps the compiled code in the system's temporary folder, which saves a third of the time that loading it takes.
  module.enableCompileCache();
  // A checkout runs its sources as they stand; the published package has only the built files.
  const source = new URL('../src/cli/main.ts', import.meta.url);
  const entry = existsSync(source) ? source : new URL('../dist/cli/main.js', import.meta.url);
  import(entry.href).then(({ main }) => main(process.argv));
}

/**
 * Under load V8 lets the youngest part of the heap grow to 128 MB, half of which stays in memory. A quarter of it costs
 * some more minor collections. Said again and again: V8 forgets it whenever a thread is made, and where it made that part
 * small while nothing was asked, it has to grow again.
 */
function boundYoungGeneration() {
  const enough = 32 * 1024 * 1024;
  const growing = 2; // V8's default
  const look = () => {
    const young = v8.getHeapSpaceStatistics().find(({ space_name: name }) => name === 'new_space');
    const factor = young?.space_size >= enough ? 1 : growing;
    v8.setFlagsFromString(`--semi-space-growth-factor=${factor}`);
  };
  setInterval(look, 100).unref();
}
