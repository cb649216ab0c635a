import type { DecodedRequest } from '../codec/codec.ts';
import type { Servable } from '../engine/engine.ts';
import type { Column, Params, Payload } from '../payload/payload.ts';
import { concat, isJoinable, rowCount, split, takeRows } from '../payload/rows.ts';
import { samePayload } from '../payload/same.ts';
import { splitAnswer } from '../serving/split-answer.ts';
import { type Caller, callerOf } from '../util/caller.ts';

/** Whether requests of a version may share a predict, and why. */
export interface BatchingVerdict {
  readonly enabled: boolean;
  readonly reason: string;
}

/** More rows of an example than this prove no more. */
const probedRows = 8;

/**
 * Tries on the model's own example whether an answer depends on its neighbours or on nothing but chance: the same
 * twice, doubled, in reverse, row by row, and beside rows that differ. Any difference, or an answer that does not map
 * to rows, and the version is not batched.
 */
export async function probeBatching(
  servable: Servable,
  example: DecodedRequest,
  signal: AbortSignal,
): Promise<BatchingVerdict> {
  const [part, ...more] = example.parts;
  if (part === undefined || more.length > 0) return off('its example has rows of different shapes');
  const rows = rowCount(part.input);
  if (rows === null || rows === 0 || !isJoinable(part.input)) return off('its input does not come in rows');
  const input = rows > probedRows ? takeRows(part.input, range(probedRows)) : part.input;
  const ask = asker(servable, example.params, callerOf(signal));
  try {
    return (
      (await findDependence(input, ask)) ?? {
        enabled: true,
        reason: 'the example answers alike alone and in company',
      }
    );
  } catch (error) {
    signal.throwIfAborted();
    return off(`its example fails in company: ${error instanceof Error ? error.message : String(error)}`);
  }
}

type Ask = (input: Payload) => Promise<Payload>;

function asker(servable: Servable, params: Params, caller: Caller): Ask {
  return (input) => servable.predict({ input, params, requestId: 'batching-probe' }, caller);
}

async function findDependence(input: Payload, ask: Ask): Promise<BatchingVerdict | null> {
  const rows = rowCount(input) ?? 0;
  const answer = await ask(input);
  if (!samePayload(answer, await ask(input))) return off('it answers the same request differently');

  const doubled = splitAnswer(await ask(concat([input, input])), [rows, rows]);
  if (doubled === null) return off('its answers do not map to rows');
  if (!doubled.every((half) => samePayload(half, answer)))
    return off('its answers depend on the rows beside them');

  const single = splitAnswer(
    answer,
    range(rows).map(() => 1),
  );
  if (single === null) return off('its answers do not map to rows');
  const order = range(rows).reverse();
  const reversed =
    splitAnswer(
      await ask(takeRows(input, order)),
      order.map(() => 1),
    ) ?? [];
  if (!order.every((row, place) => sameAt(reversed, place, single, row)))
    return off('its answers depend on the order of rows');

  for (const [row, alone] of split(
    input,
    range(rows).map(() => 1),
  ).entries()) {
    const company = concat([alone, ...variationsOf(alone)]);
    const beside = await answerBeside(company, ask);
    if (!sameAt([await ask(alone)], 0, single, row)) return off('a row alone is answered differently');
    if (beside !== null && !sameAt([beside], 0, single, row))
      return off('its answers depend on the rows beside them');
  }
  return null;
}

/** The first row's answer in company; null when the model refuses the company, which was made up. */
async function answerBeside(company: Payload, ask: Ask): Promise<Payload | null> {
  const rows = rowCount(company) ?? 1;
  const answer = await ask(company).catch(() => null);
  return answer === null ? null : (splitAnswer(answer, [1, rows - 1])?.[0] ?? null);
}

function sameAt(a: readonly Payload[], place: number, b: readonly Payload[], other: number): boolean {
  const left = a[place];
  const right = b[other];
  return left !== undefined && right !== undefined && samePayload(left, right);
}

/** Rows unlike the given one: larger and smaller numbers, longer and shorter texts. */
function variationsOf(row: Payload): readonly Payload[] {
  if (row.kind !== 'table') return [];
  return [1, -1].map((direction) => ({
    ...row,
    columns: row.columns.map((column) => vary(column, direction)),
  }));
}

function vary(column: Column, direction: number): Column {
  const { vector } = column;
  switch (vector.dtype) {
    case 'float64':
      return {
        ...column,
        vector: { ...vector, data: vector.data.map((value) => value * (1 + direction / 2) + direction) },
      };
    case 'float32':
      return {
        ...column,
        vector: { ...vector, data: vector.data.map((value) => value * (1 + direction / 2) + direction) },
      };
    case 'str': {
      const data = vector.data.map((text) =>
        direction > 0 ? `${text ?? ''} ${text ?? ''} more` : (text ?? '').slice(0, 3),
      );
      return { ...column, vector: { ...vector, data } };
    }
    default:
      return column;
  }
}

function off(reason: string): BatchingVerdict {
  return { enabled: false, reason };
}

function range(length: number): number[] {
  return Array.from({ length }, (_, index) => index);
}
