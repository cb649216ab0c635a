import { crc32 } from 'node:zlib';

export interface ZipEntry {
  /** With `/` between folders. */
  readonly name: string;
  readonly data: Uint8Array;
}

const utf8Names = 0x0800;
const version = 20;
/** 1980-01-01, the beginning of zip's time: the same files make the same archive. */
const date = 0x21;

/**
 * A zip archive without compression (APPNOTE.TXT 4.3): models hardly compress, and Ray's head keeps it in memory
 * either way. Same entries, same bytes. Not for 4 GiB or more, nor for more than 65 535 entries.
 */
export function zip(entries: readonly ZipEntry[]): Buffer {
  const files: Uint8Array[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const { name, data } of entries) {
    const encoded = Buffer.from(name);
    const facts = shared(encoded, data);
    const local = Buffer.concat([uint32(0x04034b50), facts, encoded]);
    directory.push(
      Buffer.concat([uint32(0x02014b50), uint16(version), facts, Buffer.alloc(10), uint32(offset), encoded]),
    );
    files.push(local, data);
    offset += local.byteLength + data.byteLength;
  }
  const size = directory.reduce((sum, entry) => sum + entry.byteLength, 0);
  const count = uint16(entries.length);
  const end = [uint32(0x06054b50), uint32(0), count, count, uint32(size), uint32(offset), uint16(0)];
  return Buffer.concat([...files, ...directory, ...end]);
}

/** What stands in the header of a file and in the directory alike. */
function shared(name: Uint8Array, data: Uint8Array): Buffer {
  const size = uint32(data.byteLength);
  const [stored, time] = [uint16(0), uint16(0)];
  const before = [uint16(version), uint16(utf8Names), stored, time, uint16(date), uint32(crc32(data))];
  return Buffer.concat([...before, size, size, uint16(name.byteLength), uint16(0)]);
}

function uint16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16LE(value);
  return bytes;
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}
