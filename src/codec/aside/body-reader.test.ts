import * as fc from 'fast-check';
import { afterAll, afterEach, describe, expect, test } from 'vitest';

import { FakeClock } from '../../../test/fakes/fake-clock.ts';
import {
  namedColumns,
  rowText,
  signatureOf,
  stackedTensors,
  unnamedColumns,
} from '../../../test/support/typed-json.ts';
import type { Signature } from '../../contract/signature.ts';
import { CountersignError } from '../../errors/countersign-error.ts';
import type { Codec, EncodedRequest } from '../codec.ts';
import { createMlflowCodec } from '../mlflow.ts';
import { createServeArrowCodec } from '../serve-arrow.ts';
import { BodyReader } from './body-reader.ts';

const options = { unknownFields: 'reject', clock: new FakeClock() } as const;
const serve = createServeArrowCodec(options);
const mlflow = createMlflowCodec();
const every = new BodyReader({ ...options, fromBytes: 0 });
afterAll(() => every.close());

function request(body: string, contentType = 'application/json'): EncodedRequest {
  return { body: Buffer.from(body), contentType, query: new URLSearchParams() };
}

/** What a model that answers its own input answers; or what is wrong with the request. */
async function echo(codec: Codec, body: EncodedRequest, signature: Signature | null): Promise<unknown> {
  try {
    const decoded = await codec.decode(body, signature);
    const answers = decoded.parts.map(({ input }) => input);
    return [codec.encode(answers, decoded, signature), decoded.params, decoded.rows];
  } catch (thrown) {
    const { code, message, facts } = CountersignError.from(thrown);
    return { code, message, facts };
  }
}

const doubles = (...names: readonly string[]): Signature => {
  const columns = names.map((name) => ({ name, type: { kind: 'double' }, required: true }) as const);
  const schema = { kind: 'columns', named: true, columns } as const;
  return signatureOf({ inputs: schema, outputs: schema });
};

describe('a body that is read by the thread', () => {
  test('is what it would be here, for columns of every type and tensors of every dtype, right or wrong', async () => {
    const tables = fc
      .oneof(namedColumns, unnamedColumns)
      .chain((schema) => fc.tuple(fc.constant(schema), fc.array(rowText(schema), { maxLength: 4 })));
    const tensors = stackedTensors.map(({ schema, rows }) => [schema, rows] as const);
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(tables, tensors),
        fc.option(fc.json(), { freq: 3 }),
        async ([schema, rows], wrong) => {
          const body = request(`[${[...rows, ...(wrong === null ? [] : [wrong])].join(',')}]`);
          const signature = signatureOf({ inputs: schema, outputs: schema });
          expect(await echo(every.wrap(serve), body, signature)).toEqual(await echo(serve, body, signature));
        },
      ),
      { numRuns: 300 },
    );
  });

  test.each([
    ['JSON', request('{"dataframe_split": {"columns": ["y", "x"], "data": [[1, 2.5], [3, NaN]]}}')],
    ['records', request('{"dataframe_records": [{"x": 1, "y": 2}]}')],
    ['CSV', request('x,y\n1.5,2\n3,4\n', 'text/csv')],
    ['what is no JSON', request('{"dataframe_split": ')],
    ['a column too few', request('{"dataframe_split": {"columns": ["x"], "data": [[1]]}}')],
    ['another type', request('x', 'text/plain')],
  ])('is what it would be here, of /invocations: %s', async (_, body) => {
    const signature = doubles('x', 'y');
    expect(await echo(every.wrap(mlflow), body, signature)).toEqual(await echo(mlflow, body, signature));
  });

  test.each([
    [
      'numbers and text',
      '{"dataframe_split": {"columns": ["a", "b", 3], "data": [[1, 2.5, "x"], [3, null, null]]}}',
    ],
    ['an index of its own', '{"dataframe_split": {"index": [7, 8], "columns": ["a"], "data": [[1], [2]]}}'],
    ['an array', '{"inputs": [[1, 2], [3, 4]]}'],
    [
      'nested cells, which cannot leave the thread',
      '{"dataframe_records": [{"a": {"__proto__": 1}, "b": [1, 2.0]}]}',
    ],
    ['a prompt', '{"messages": [{"role": "user", "content": "hello"}]}'],
    ['integers that only Python holds', '{"inputs": [123456789012345678901234567890, 1.0]}'],
    ['nothing', '{}'],
  ])('is what it would be here, of /invocations without a signature: %s', async (_, text) => {
    const body = request(text);
    expect(await echo(every.wrap(mlflow), body, null)).toEqual(await echo(mlflow, body, null));
  });

  test('leaves turns of the event loop to others', async () => {
    const body = request(JSON.stringify(Array.from({ length: 100_000 }, (_, x) => ({ x: x + 0.5 }))));
    expect(body.body.byteLength).toBeGreaterThan(1024 * 1024);
    const reader = new BodyReader(options);
    const turns = async (codec: Codec): Promise<number> => {
      let [count, done] = [0, false];
      const decoding = Promise.resolve()
        .then(() => codec.decode(body, doubles('x')))
        .finally(() => (done = true));
      while (!done) {
        await new Promise((resolve) => setImmediate(resolve));
        count += 1;
      }
      expect((await decoding).parts[0]?.input).toMatchObject({ rows: 100_000 });
      return count;
    };
    expect(await turns(serve)).toBe(1);
    expect(await turns(reader.wrap(serve))).toBeGreaterThan(100);
    await reader.close();
  });
});

describe('the thread', () => {
  const readers: BodyReader[] = [];
  const made = (fromBytes: number, clock = new FakeClock()): { codec: Codec; reader: BodyReader } => {
    const reader = new BodyReader({ ...options, clock, fromBytes });
    readers.push(reader);
    return { codec: reader.wrap(serve), reader };
  };
  afterEach(async () => {
    await Promise.all(readers.splice(0).map((reader) => reader.close()));
  });

  test('is not asked for small bodies, nor for nested cells: those are there at once', () => {
    const { codec } = made(10);
    expect(codec.decode(request('{"x": 1}'), doubles('x'))).not.toBeInstanceOf(Promise);
    const schema = {
      kind: 'columns',
      named: true,
      columns: [{ name: 'x', type: { kind: 'any' }, required: true }],
    } as const;
    const nested = signatureOf({ inputs: schema });
    expect(codec.decode(request('[{"x": [1, 2, 3]}]'), nested)).not.toBeInstanceOf(Promise);
    expect(codec.decode(request('[{"x": 1.25}]'), doubles('x'))).toBeInstanceOf(Promise);
  });

  test('that is lost loses no body, and another one takes its place', async () => {
    const { codec, reader } = made(0);
    const asked = [1, 2, 3].map(async (x) => codec.decode(request(`{"x": ${String(x)}}`), doubles('x')));
    await reader.close();
    const read = await Promise.all(asked);
    expect(read.map(({ rows }) => rows)).toEqual([1, 1, 1]);
    expect((await codec.decode(request('{"x": 4}'), doubles('x'))).rows).toBe(1);
  });

  test('ends when nobody needs it, and starts again', async () => {
    const clock = new FakeClock();
    const { codec } = made(0, clock);
    await codec.decode(request('{"x": 1}'), doubles('x'));
    await clock.advance(60_000);
    expect((await codec.decode(request('{"x": 2}'), doubles('x'))).rows).toBe(1);
  });
});
