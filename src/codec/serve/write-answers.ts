import type { Schema, Signature } from '../../contract/signature.ts';
import { countersignError } from '../../errors/countersign-error.ts';
import type { Payload } from '../../payload/payload.ts';
import { rowCount } from '../../payload/rows.ts';
import type { DecodedRequest, EncodedAnswer } from '../codec.ts';
import { isLong, writePieces } from '../pieces.ts';
import { isStacked, writeRows } from './write-rows.ts';

/** The answer to a request of `/serve`: a list of outputs, one per row, in the order of the request. */
export function encodeAnswers(
  answers: readonly Payload[],
  request: DecodedRequest,
  signature: Signature | null,
): EncodedAnswer {
  const texts = rowTexts(answers, request, signature?.outputs ?? null);
  return { contentType: 'application/json', body: `[${texts.join(',')}]` };
}

/** The same of an answer that others would have to wait for; null where it is none, or has no rows of its own. */
export function encodeLongAnswers(
  answers: readonly Payload[],
  { parts, rows }: DecodedRequest,
  signature: Signature | null,
): Promise<EncodedAnswer> | null {
  const [answer, ...others] = answers;
  if (answer === undefined || others.length > 0 || !isLong(answer)) return null;
  const outputs = signature?.outputs ?? null;
  const count = rowCount(answer);
  const isWhole = parts[0]?.positions === null && count === (rows ?? count);
  if (!isWhole || (answer.kind === 'tensors' && !isStacked(answer, rows, outputs))) return null;
  return writePieces(answer, (piece) => writeRows(piece, rowCount(piece), outputs).join(',')).then(
    (texts) => ({
      contentType: 'application/json',
      body: `[${texts.join(',')}]`,
    }),
  );
}

/** The outputs, each as JSON. */
export function rowTexts(
  answers: readonly Payload[],
  request: DecodedRequest,
  outputs: Schema | null,
): readonly string[] {
  const texts = answers.map((answer, index) => {
    const rows = request.parts[index]?.positions?.length ?? request.rows;
    return writeRows(answer, rows, outputs);
  });
  return inOrder(texts, request);
}

/** Puts the rows of each part where the request had them. */
function inOrder(texts: readonly (readonly string[])[], request: DecodedRequest): readonly string[] {
  const [first] = texts;
  if (first !== undefined && request.parts[0]?.positions === null) return first;
  const ordered = new Array<string>(request.rows ?? 0);
  texts.forEach((rows, index) => {
    const positions = request.parts[index]?.positions ?? [];
    if (positions.length !== rows.length) throw wrongCount(rows.length, positions.length);
    positions.forEach((position, row) => (ordered[position] = rows[row] ?? 'null'));
  });
  return ordered;
}

/** The endpoint counts rows before it comes here, unless it was told not to look at outputs. */
function wrongCount(got: number, expected: number): Error {
  const cause = `${String(got)} outputs for ${String(expected)} rows cannot be put in the order of the request`;
  return countersignError('INTERNAL').with({ cause });
}
