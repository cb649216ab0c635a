import { describe, expect, it } from 'vitest';

import { FakeEngine } from '../../test/fakes/fake-engine.ts';
import type { DecodedRequest } from '../codec/codec.ts';
import type { PredictCall } from '../engine/engine.ts';
import { noParams, type Payload } from '../payload/payload.ts';
import { type BatchingVerdict, probeBatching } from './probe-batching.ts';

function table(...values: readonly number[]): Payload {
  const vector = { dtype: 'float64', data: Float64Array.from(values) } as const;
  return { kind: 'table', rows: values.length, columns: [{ name: 'x', vector, nulls: null }] };
}

function numbers({ input }: PredictCall): readonly number[] {
  const vector = input.kind === 'table' ? input.columns[0]?.vector : undefined;
  return vector?.dtype === 'float64' ? [...vector.data] : [];
}

async function verdictOn(
  answer: (values: readonly number[]) => readonly number[] | number,
  example: Payload = table(1, 2, 3),
): Promise<BatchingVerdict> {
  const engine = new FakeEngine();
  const ref = { model: 'm', version: '1' };
  engine.plan(ref).answer = (call) => {
    const said = answer(numbers(call));
    return typeof said === 'number' ? { kind: 'value', value: said } : table(...said);
  };
  const { signal } = new AbortController();
  const servable = await engine.loaderFor(ref).load(signal, () => undefined);
  const asked: DecodedRequest = {
    parts: [{ input: example, positions: null }],
    params: noParams,
    rows: 3,
    memo: null,
  };
  return probeBatching(servable, asked, signal);
}

describe('the batching probe', () => {
  it('lets a model batch whose rows are independent', async () => {
    expect(await verdictOn((values) => values.map((value) => value * 2))).toMatchObject({ enabled: true });
  });

  it('forgives the last bits of a float', async () => {
    let call = 0;
    const verdict = await verdictOn((values) => values.map((value) => value * (1 + ++call * 1e-9)));
    expect(verdict.enabled).toBe(true);
  });

  it.each<[string, (values: readonly number[]) => readonly number[] | number, string]>([
    [
      'centres its rows on their mean',
      (values) => {
        const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
        return values.map((value) => value - mean);
      },
      'a row alone',
    ],
    [
      'ranks its rows',
      (values) => values.map((value) => values.filter((other) => other < value).length),
      'beside them',
    ],
    ['adds the place of the row', (values) => values.map((value, place) => value + place), 'beside them'],
    ['answers by chance', (values) => values.map(() => Math.random()), 'differently'],
    [
      'answers one sum for all rows',
      (values) => values.reduce((sum, value) => sum + value, 0),
      'do not map to rows',
    ],
    ['drops rows', (values) => values.slice(1), 'do not map to rows'],
  ])('keeps a model alone that %s', async (_name, answer, reason) => {
    const verdict = await verdictOn(answer);
    expect(verdict.enabled).toBe(false);
    expect(verdict.reason).toContain(reason);
  });

  it('catches a model of a one-row example that depends on its neighbours', async () => {
    const verdict = await verdictOn((values) => values.map(() => Math.max(...values)), table(1));
    expect(verdict.enabled).toBe(false);
  });

  it('says why when the model fails in company', async () => {
    const verdict = await verdictOn((values) => {
      if (values.length > 3) throw new RangeError('three at most');
      return values;
    });
    expect(verdict).toEqual({ enabled: false, reason: 'its example fails in company: three at most' });
  });

  it('keeps plain values alone', async () => {
    const verdict = await verdictOn(() => 1, { kind: 'value', value: 'text' });
    expect(verdict).toMatchObject({ enabled: false, reason: 'its input does not come in rows' });
  });
});
