import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import type * as Flechette from '@uwdata/flechette';
import { takeBytes } from './budget.ts';

/** Reads and writes the messages of Arrow; what their buffers hold is read here. */
export type ArrowLibrary = typeof Flechette;

let loading: Promise<ArrowLibrary> | null = null;

/** Loaded on first use: most servers never see a body of Arrow. */
export function loadArrow(): Promise<ArrowLibrary> {
  loading ??= import('@uwdata/flechette').then((library) => {
    library.setCompressionCodec(library.CompressionType.ZSTD, {
      decode(bytes, length) {
        takeBytes(length);
        return owned(zstdDecompressSync(bytes, { maxOutputLength: Math.max(1, length) }));
      },
      encode: zstdCompressSync,
    });
    return library;
  });
  return loading;
}

/** The same bytes from the start of a buffer of their own, where cells of every size are aligned. */
export function owned(bytes: Uint8Array): Uint8Array {
  return bytes.byteLength === bytes.buffer.byteLength ? bytes : Uint8Array.from(bytes);
}
