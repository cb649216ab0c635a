import { createEnvironments } from '../../src/environment/environments.ts';
import { silentLogger } from '../../src/telemetry/logger.ts';
import { systemClock } from '../../src/util/clock.ts';
import { onnxVersion } from './onnx-specimens.ts';

/** Started by a test: prepares one isolated environment; prints what it hears, then the interpreter. */
const [directory = '', cacheDir = ''] = process.argv.slice(2);
const environments = createEnvironments({
  manager: 'uv',
  python: null,
  cacheDir,
  env: process.env,
  clock: systemClock,
  logger: silentLogger,
});
const say = (line: string): void => void process.stdout.write(`${line}\n`);
const metadata = onnxVersion('m', {});
const { python } = await environments.prepare(metadata, directory, new AbortController().signal, say);
say(`python=${python}`);
