import { execFileSync } from 'node:child_process';
import { createOnnxEngine } from '../../src/engine/onnx/engine.ts';
import { noParams } from '../../src/payload/payload.ts';
import { silentLogger } from '../../src/telemetry/logger.ts';
import { systemClock } from '../../src/util/clock.ts';
import { columnsOf, int64, onnxArtifact, onnxVersion, table } from './onnx-specimens.ts';
import { callerOf } from '../../src/util/caller.ts';

/** Started by a test, which kills it: runs a model that does not end in a process, and prints that one's pid. */
const engine = createOnnxEngine({
  workers: 1,
  isolation: 'process',
  clock: systemClock,
  logger: silentLogger,
});
const metadata = onnxVersion('slow', { inputs: columnsOf({ n: 'long' }) });
const servable = await engine
  .loader(metadata, onnxArtifact)
  .load(new AbortController().signal, () => undefined);
const input = table({ n: int64(1_000_000) });
const endless = servable.predict(
  { input, params: noParams, requestId: 'endless' },
  callerOf(new AbortController().signal),
);
const pids = execFileSync('pgrep', ['-P', String(process.pid), '-f', 'process-entry'], { encoding: 'utf8' });
process.stdout.write(`${pids.trim()}\n`);
await endless;
