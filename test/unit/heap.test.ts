import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { promisify } from 'node:util';

import { describe, expect, it } from 'vitest';

const root = resolve(import.meta.dirname, '../..');
const mebibyte = 1024 * 1024;

describe("the command's heap under load", () => {
  it('has a young generation that grows, but not as far as V8 would let it, and keeps few bodies', async () => {
    const garbage = resolve(root, 'test/support/programs/heap-under-load.ts');
    const command = [resolve(root, 'bin/countersign.js'), '--version'];
    const { stdout } = await promisify(execFile)(process.execPath, ['--import', garbage, ...command]);
    const most = JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Record<'young' | 'bodies', number>;
    // Left to itself V8 keeps 128 and some 105 MiB here; with a young generation held small from the start, 16.
    expect(most.young).toBeGreaterThan(24 * mebibyte);
    expect(most.young).toBeLessThanOrEqual(64 * mebibyte);
    expect(most.bodies).toBeLessThan(64 * mebibyte);
  });
});
