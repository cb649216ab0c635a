import { readFile } from 'node:fs/promises';

/**
 * Bytes that only this process holds, which is what its end would free. Null where the kernel does not say.
 * @see https://docs.kernel.org/filesystems/proc.html (smaps_rollup)
 */
export async function privateBytes(pid: number): Promise<number | null> {
  const rollup = await readFile(`/proc/${String(pid)}/smaps_rollup`, 'utf8').catch(() => '');
  const fields = [...rollup.matchAll(/^Private_\w+:\s+(\d+) kB$/gm)];
  return fields.length === 0 ? null : fields.reduce((sum, [, kilobytes]) => sum + Number(kilobytes) * 1024, 0);
}
