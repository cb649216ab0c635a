import { describe, expect, it } from 'vitest';

import { memoryBytes, memoryOf } from '../../../bench/process-tree.ts';

const library = '00001000 fe:00 77                  /usr/lib/libm.so.6';

function mapping(rest: string, rss: number, anonymous = 0): string {
  return `7f0000000000-7f0000100000 r-xp ${rest}\nRss: ${String(rss)} kB\nPss: 1 kB\nAnonymous: ${String(anonymous)} kB\n`;
}

function rollup(anon: number, shmem = 0): string {
  return `0-1 ---p 00000000 00:00 0    [rollup]\nPss:   9999 kB\nPss_Anon:   ${String(anon)} kB\nPss_Shmem:  ${String(shmem)} kB\n`;
}

describe('memoryOf', () => {
  it('counts the pages of a file wholly, whoever else maps it', () => {
    expect(memoryOf([mapping(library, 100)], [rollup(0)])).toBe(100 * 1024);
  });

  it('counts a file that two processes of the tree map once', () => {
    const maps = [mapping(library, 100), mapping(library, 60)];
    expect(memoryOf(maps, [rollup(10), rollup(20)])).toBe((100 + 10 + 20) * 1024);
  });

  it('counts parts of one file each for itself', () => {
    const other = library.replace('00001000', '00009000');
    expect(memoryOf([mapping(library, 100) + mapping(other, 7)], [rollup(0)])).toBe(107 * 1024);
  });

  it('does not count a changed page, or shared memory, twice', () => {
    const shared = mapping('00000000 00:01 1027               /memfd:x (deleted)', 50);
    const maps = [mapping(library, 100, 40) + shared + mapping('00000000 00:00 0', 500)];
    expect(memoryOf(maps, [rollup(40, 50)])).toBe((60 + 40 + 50) * 1024);
  });
});

describe('memoryBytes', () => {
  it('says of a process about what the process says of itself', async () => {
    const [bytes, { rss }] = [await memoryBytes(process.pid), process.memoryUsage()];
    expect(bytes / rss).toBeGreaterThan(0.7);
    expect(bytes / rss).toBeLessThan(1.5);
  });
});
