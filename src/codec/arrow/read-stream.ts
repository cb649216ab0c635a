import type { Batch, DataType as ArrowType, Field } from '@uwdata/flechette';
import { CountersignError } from '../../errors/countersign-error.ts';
import { takeCells } from './budget.ts';
import { brokenArrow } from './broken.ts';
import { checkStream } from './check-stream.ts';
import { type ArrowLibrary, owned } from './library.ts';

/** Cells of one type, as the library lays them out. */
export type ArrowBatch = Batch<unknown>;

/** The columns of a stream, nothing of them read yet. */
export interface ArrowTable {
  /** Of the body. */
  readonly bytes: number;
  readonly rows: number;
  readonly columns: readonly ArrowColumn[];
}

export interface ArrowColumn {
  readonly name: string;
  readonly type: ArrowType;
  /** What the field says beside its type: the name of an extension among it. */
  readonly metadata: ReadonlyMap<string, string>;
  /** One after the other. */
  readonly batches: readonly ArrowBatch[];
}

/** Reads the messages of a stream. Errors: INVALID_BODY. */
export function readStream(body: Uint8Array, library: ArrowLibrary): ArrowTable {
  const bytes = owned(body);
  checkStream(bytes);
  return readArrow(() => {
    const { schema, children } = library.tableFromIPC(bytes, { useBigInt: true, useBigIntTimestamp: true });
    const columns = children.map(({ data }, index) => toColumn(schema.fields[index], data));
    const rows = columns[0]?.batches.reduce((sum, batch) => sum + batch.length, 0) ?? 0;
    takeCells(rows);
    for (const { name, batches } of columns) {
      if (batches.reduce((sum, batch) => sum + batch.length, 0) !== rows)
        throw brokenArrow(`the Arrow column \`${name}\` is not as long as the first`);
    }
    return { bytes: bytes.length, rows, columns };
  });
}

function toColumn(field: Field | undefined, batches: readonly ArrowBatch[]): ArrowColumn {
  if (field === undefined) throw new RangeError('a column without a field');
  const { name, type, metadata } = field;
  return { name, type, metadata: new Map(entriesOf(metadata)), batches };
}

/** Null where a field has none, whatever the library's types say. */
function entriesOf(metadata: Field['metadata'] | null): Field['metadata'] | [] {
  return metadata ?? [];
}

/** What the library throws says nothing to a caller. */
export function readArrow<Result>(read: () => Result): Result {
  try {
    return read();
  } catch (thrown) {
    if (thrown instanceof CountersignError) throw thrown;
    const codec = thrown instanceof Error && thrown.message.startsWith('Missing compression codec');
    throw brokenArrow(
      codec
        ? 'its Arrow buffers are packed with LZ4; send them as they are, or with ZSTD'
        : 'its Arrow stream is broken',
      thrown,
    );
  }
}
