import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { type Frame, FrameReader, packFrame } from './frame.ts';

/** The bytes cut into chunks of the given sizes, again and again. */
function* chunksOf(bytes: Buffer, sizes: readonly number[]): Generator<Buffer> {
  for (let offset = 0, i = 0; offset < bytes.byteLength; i += 1) {
    const size = sizes[i % sizes.length] ?? 1;
    yield bytes.subarray(offset, offset + size);
    offset += size;
  }
}

describe('frames', () => {
  test('frames are put together from chunks of any size', () => {
    const someFrames = fc.array(fc.tuple(fc.string(), fc.array(fc.uint8Array({ maxLength: 20 }))), {
      maxLength: 4,
    });
    const sizes = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 });
    fc.assert(
      fc.property(someFrames, sizes, (frames, cuts) => {
        const bytes = Buffer.concat(frames.flatMap(([text, blocks]) => packFrame({ t: text }, blocks)));
        const reader = new FrameReader();
        const read: Frame[] = [];
        for (const chunk of chunksOf(bytes, cuts)) read.push(...reader.push(chunk));
        expect(read.map(({ header, blocks }) => [header['t'], blocks])).toEqual(frames);
      }),
    );
  });

  test('every block starts where any number may be viewed in place', () => {
    const bytes = Buffer.concat(
      packFrame({ t: 'x' }, [Uint8Array.of(1), Uint8Array.of(2, 3), Uint8Array.of()]),
    );
    const [frame] = new FrameReader().push(bytes);
    expect(frame?.blocks.map((block) => block.byteOffset % 8)).toEqual([0, 0, 0]);
  });

  test('a header that is no JSON object breaks the connection, not the process', () => {
    const junk = Buffer.from('\x08\0\0\0\x08\0\0\0nonsense');
    expect(() => new FrameReader().push(junk)).toThrow(expect.objectContaining({ code: 'INTERNAL' }));
  });

  test('a frame that a 32-bit length cannot say is refused before anything is sent', () => {
    // Only its length is looked at: no such memory is taken.
    const huge = { byteLength: 2 ** 32 } as Uint8Array;
    expect(() => packFrame({}, [huge])).toThrow(expect.objectContaining({ code: 'BODY_TOO_LARGE' }));
  });
});
