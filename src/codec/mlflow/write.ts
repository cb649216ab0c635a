import type { Payload, Table, Tensors } from '../../payload/payload.ts';
import { formatDatetime } from '../../payload/datetime.ts';
import { encodeBase64 } from '../values/base64.ts';
import type { JsonStyle } from '../values/style.ts';
import { cellWriter } from '../values/write-cell.ts';
import { writeNested } from '../values/write-nested.ts';
import { writeTensor } from '../values/write-tensor.ts';

/**
 * A prediction as MLflow's server writes it: a frame as records, a series as records under its name or "0", an array
 * as nested lists, a dict of arrays as an object. Where it would write NaN or an infinity, which is no JSON: null.
 */
export function writePrediction(answer: Payload): string {
  switch (answer.kind) {
    case 'table':
      return writeTable(answer);
    case 'tensors':
      return writeTensors(answer);
    case 'value':
      return writeNested(answer.value, { kind: 'any' }, style);
  }
}

/** Whether it is written as a list of its rows. */
export function isList(answer: Payload): boolean {
  if (answer.kind !== 'tensors') return answer.kind === 'table' || Array.isArray(answer.value);
  return answer.tensors.length === 1 && answer.tensors[0]?.name === null;
}

function writeTable(table: Table): string {
  const columns = table.columns.map(({ name, vector, nulls }, index) => ({
    prefix: `${JSON.stringify(name ?? String(index))}:`,
    write: cellWriter(vector, nulls, { kind: 'any' }, style),
  }));
  const records = Array.from({ length: table.rows }, (_, row) => {
    return `{${columns.map(({ prefix, write }) => prefix + write(row)).join(',')}}`;
  });
  return `[${records.join(',')}]`;
}

function writeTensors({ tensors }: Tensors): string {
  const [only] = tensors;
  if (only?.name === null && tensors.length === 1) return writeTensor(only, arrayStyle);
  const members = tensors.map(
    (tensor) => `${JSON.stringify(tensor.name ?? '')}:${writeTensor(tensor, arrayStyle)}`,
  );
  return `{${members.join(',')}}`;
}

const nothing = (): string => 'null';

const style: JsonStyle = {
  shortFloats: false,
  nonFinite: nothing,
  nestedNonFinite: nothing,
  datetime: (nanoseconds) => `"${isoformat(nanoseconds)}"`,
  notATime: '"NaT"',
  bytes: (bytes) => JSON.stringify(encodeLines(bytes)),
};

/** An array's `tolist` gives a datetime64[ns] as the integer it is. */
const arrayStyle: JsonStyle = { ...style, datetime: String, notATime: String(-(2n ** 63n)) };

/** As pandas' `Timestamp.isoformat`: no zone, a fraction of 6 digits, or of 9. */
function isoformat(nanoseconds: bigint): string {
  const [seconds = '', fraction] = formatDatetime(nanoseconds).slice(0, -1).split('.');
  if (fraction === undefined) return seconds;
  return `${seconds}.${fraction.padEnd(fraction.length > 6 ? 9 : 6, '0')}`;
}

/** As Python's `base64.encodebytes`: a line break after every 76 characters and at the end. */
function encodeLines(bytes: Uint8Array): string {
  return encodeBase64(bytes).replace(/.{1,76}/g, '$&\n');
}
