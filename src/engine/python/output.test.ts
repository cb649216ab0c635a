import { PassThrough } from 'node:stream';
import { finished } from 'node:stream/promises';
import { expect, test } from 'vitest';

import { RecordingLogger } from '../../../test/fakes/recording-logger.ts';
import { Output } from './output.ts';

async function printed(output: Output, ...chunks: readonly (string | Buffer)[]): Promise<void> {
  const stream = new PassThrough();
  output.read(stream);
  for (const chunk of chunks) stream.write(chunk);
  stream.end();
  await finished(stream);
  await new Promise((resolve) => setImmediate(resolve));
}

const linesOf = (logger: RecordingLogger): unknown[] => logger.lines.map(({ data }) => data['line']);

test('lines are logged whole, however they arrive, the last one without its newline too', async () => {
  const logger = new RecordingLogger();
  const [head, tail] = [Buffer.from('Zür').subarray(0, 2), Buffer.from('Zür').subarray(2)];
  await printed(new Output(logger), 'one\ntw', 'o\r\n\n', head, tail, 'ich');
  expect(linesOf(logger)).toEqual(['one', 'two', 'Zürich']);
});

test('lines carry the request that runs', async () => {
  const logger = new RecordingLogger();
  const output = new Output(logger);
  output.requestId = 'r-7';
  await printed(output, 'hello\n');
  expect(logger.lines[0]?.data).toEqual({ requestId: 'r-7', line: 'hello' });
});

test('only the last lines are kept, and a line without end is cut', async () => {
  const logger = new RecordingLogger();
  const output = new Output(logger);
  await printed(output, 'x'.repeat(40_000), '\n', ...Array.from({ length: 30 }, (_, i) => `line ${String(i)}\n`));
  expect(output.lastLines).toEqual(Array.from({ length: 20 }, (_, i) => `line ${String(i + 10)}`));
  const longest = Math.max(...linesOf(logger).map((line) => String(line).length));
  expect(longest).toBeLessThan(20_000);
});
