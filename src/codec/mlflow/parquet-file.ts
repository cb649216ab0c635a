import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from 'node:zlib';

import {
  type Compressors,
  type FileMetaData,
  parquetMetadata,
  type ParquetParsers,
  parquetRead,
  type SchemaElement,
  snappyUncompress,
} from 'hyparquet';

import { Timestamp } from '../../payload/payload.ts';
import { CountersignError } from '../../errors/countersign-error.ts';
import { malformed } from './fail.ts';

export interface ParquetColumns {
  readonly rows: number;
  readonly columns: readonly ParquetColumn[];
}

/** Cells as the file has them: times as Timestamp, bytes as Uint8Array, 64-bit integers as bigint. */
interface ParquetColumn {
  readonly name: string;
  readonly cells: readonly unknown[];
}

/** No more cells than the largest JSON body could name: a few bytes of Parquet can stand for any number of them. */
const mostCells = 20_000_000;
/** What all pages of a body may come to. */
const mostPageBytes = 512 * 1024 * 1024;

/** The columns of these names that the file has, in its order; null: all of them. Errors: INVALID_BODY. */
export async function readParquetColumns(
  body: Uint8Array,
  names: readonly string[] | null,
): Promise<ParquetColumns> {
  try {
    const metadata = parquetMetadata(body, { geoparquet: false });
    const found = fileColumns(metadata).filter(({ name }) => names?.includes(name) !== false);
    check(metadata, found);
    return await read(body, metadata, found);
  } catch (thrown) {
    if (thrown instanceof CountersignError) throw thrown;
    throw malformed('it is no Parquet file that can be read').with({ cause: thrown });
  }
}

async function read(
  body: Uint8Array,
  metadata: FileMetaData,
  found: readonly FileColumn[],
): Promise<ParquetColumns> {
  const rows = Number(metadata.num_rows);
  const cells = new Map(found.map(({ name }) => [name, new Array<unknown>(rows).fill(null)]));
  const { buffer, byteOffset, byteLength } = body;
  await parquetRead({
    file: {
      byteLength,
      slice: (start, end = byteLength) => copied(new Uint8Array(buffer, byteOffset + start, end - start)),
    },
    metadata,
    columns: [...cells.keys()],
    utf8: false,
    geoparquet: false,
    parsers,
    compressors: limitedCompressors(),
    onChunk({ columnName, columnData, rowStart }) {
      const into = cells.get(columnName);
      for (let index = 0; into !== undefined && index < columnData.length; index++)
        into[rowStart + index] = columnData[index] ?? null;
    },
  });
  return { rows, columns: found.map(({ name }) => ({ name, cells: cells.get(name) ?? [] })) };
}

function copied(bytes: Uint8Array): ArrayBuffer {
  const copy = new ArrayBuffer(bytes.byteLength);
  new Uint8Array(copy).set(bytes);
  return copy;
}

/** A column, and the elements of its schema: itself, and those within it. */
interface FileColumn {
  readonly name: string;
  readonly elements: readonly SchemaElement[];
}

/** The schema is a tree, written down depth first. */
function fileColumns({ schema: [root, ...elements] }: FileMetaData): readonly FileColumn[] {
  const columns: FileColumn[] = [];
  let at = 0;
  while (columns.length < (root?.num_children ?? 0)) {
    const start = at;
    for (let open = 1; open > 0; open--) open += elements[at++]?.num_children ?? 0;
    const [first] = elements.slice(start, at);
    if (first === undefined) throw malformed('its Parquet schema is broken');
    columns.push({ name: first.name, elements: elements.slice(start, at) });
  }
  return columns;
}

/** Before anything is unpacked: what cannot be read without loss, and what would be too much. */
function check(metadata: FileMetaData, found: readonly FileColumn[]): void {
  if (Number(metadata.num_rows) * Math.max(1, found.length) > mostCells)
    throw malformed(`its Parquet columns have more than ${String(mostCells)} cells`);
  for (const { name, elements } of found) {
    const kinds = elements.map(
      ({ converted_type, logical_type }) => logical_type?.type ?? converted_type ?? '',
    );
    const lossy = kinds.find((kind) => /^(?:DECIMAL|TIME|TIME_.*|INTERVAL|BSON|VARIANT)$/.test(kind));
    if (lossy !== undefined)
      throw malformed(
        `the Parquet column \`${name}\` is of type ${lossy}, which cannot be read without loss`,
      );
  }
  const codecs = metadata.row_groups.flatMap(({ columns }) =>
    columns.map(({ meta_data }) => meta_data?.codec),
  );
  const odd = codecs.find((codec) => codec !== undefined && !readable.has(codec));
  if (odd !== undefined)
    throw malformed(`Parquet compressed with ${odd} is not read; use snappy, gzip, brotli or zstd`);
}

const readable: ReadonlySet<string> = new Set(['UNCOMPRESSED', 'SNAPPY', 'GZIP', 'BROTLI', 'ZSTD']);

function limitedCompressors(): Compressors {
  let left = mostPageBytes;
  const limited =
    (unpack: (input: Uint8Array, most: number) => Uint8Array) => (input: Uint8Array, length: number) => {
      left -= length;
      if (left < 0) throw malformed('its Parquet pages are too large once unpacked');
      return unpack(input, length);
    };
  return {
    SNAPPY: limited((input, length) => {
      const output = new Uint8Array(length);
      snappyUncompress(input, output);
      return output;
    }),
    GZIP: limited((input, maxOutputLength) => gunzipSync(input, { maxOutputLength })),
    BROTLI: limited((input, maxOutputLength) => brotliDecompressSync(input, { maxOutputLength })),
    ZSTD: limited((input, maxOutputLength) => zstdDecompressSync(input, { maxOutputLength })),
  };
}

const utf8 = new TextDecoder('utf-8', { fatal: true });
const text = (bytes: Uint8Array | undefined): unknown =>
  bytes === undefined ? undefined : utf8.decode(bytes);
const time =
  (nanoseconds: bigint) =>
  (count: bigint | number | undefined): unknown =>
    count === undefined ? undefined : new Timestamp(BigInt(count) * nanoseconds);

/** Everything in full precision, and nothing of the library's own choosing. */
const parsers: Partial<ParquetParsers> = {
  timestampFromMilliseconds: time(1_000_000n),
  timestampFromMicroseconds: time(1_000n),
  timestampFromNanoseconds: time(1n),
  dateFromDays: time(86_400_000_000_000n),
  stringFromBytes: text,
  jsonFromBytes: text,
};
