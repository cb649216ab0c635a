import { describe, expect, test } from 'vitest';

import { FakeClock } from '../../test/fakes/fake-clock.ts';
import { GatheredLines } from './gathered-lines.ts';

function gather(): { lines: GatheredLines; clock: FakeClock; written: string[] } {
  const clock = new FakeClock();
  const written: string[] = [];
  return { lines: new GatheredLines({ write: (text) => written.push(text) }, clock), clock, written };
}

describe('gathered lines', () => {
  test('are written together, in order, after a moment', async () => {
    const { lines, clock, written } = gather();
    lines.write('a\n');
    lines.write('b\n');
    expect(written).toEqual([]);
    await clock.advance(20);
    lines.write('c\n');
    await clock.advance(20);
    expect(written).toEqual(['a\nb\n', 'c\n']);
  });

  test('are written at once when they are many', () => {
    const { lines, written } = gather();
    const line = `${'x'.repeat(1000)}\n`;
    for (let count = 0; count < 17; count++) lines.write(line);
    expect(written).toEqual([line.repeat(17)]);
  });

  test('are all written by a flush, once', async () => {
    const { lines, clock, written } = gather();
    lines.write('a\n');
    lines.flush();
    lines.flush();
    await clock.advance(20);
    expect(written).toEqual(['a\n']);
  });
});
