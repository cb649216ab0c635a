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
import { resealed } from '../../../test/support/resealed.ts';
import { conformOutput } from '../../contract/conform.ts';
import type { DataType, Signature } from '../../contract/signature.ts';
import { CountersignError } from '../../errors/countersign-error.ts';
import { rowCount } from '../../payload/rows.ts';
import type { Column, Payload } from '../../payload/payload.ts';
import type { Codec, DecodedRequest, EncodedRequest } from '../codec.ts';
import { createMlflowCodec } from '../mlflow.ts';
import { createServeArrowCodec } from '../serve-arrow.ts';
import { CodecThread } from './codec-thread.ts';

const options = { unknownFields: 'reject', clock: new FakeClock() } as const;
const serve = createServeArrowCodec(options);
const mlflow = createMlflowCodec();
const every = new CodecThread({ ...options, fromBytes: 0 });
afterAll(() => every.close());

function request(body: string, contentType = 'application/json'): EncodedRequest {
  return { body: Buffer.from(body), contentType, query: new URLSearchParams() };
}

const tables = fc
  .oneof(namedColumns, unnamedColumns)
  .chain((schema) => fc.tuple(fc.constant(schema), fc.array(rowText(schema), { maxLength: 4 })));
const tensors = stackedTensors.map(({ schema, rows }) => [schema, rows] as const);
/** Columns of every type or tensors of every dtype, and rows of them. */
const schemaAndRows = fc.oneof(tables, tensors);

/** With no data in null cells, where it means nothing. */
function withoutNullCells(payload: Payload): Payload {
  if (payload.kind !== 'table') return payload;
  const columns = payload.columns.map(({ name, vector, nulls }) => {
    const cells = Array.from(vector.data as ArrayLike<unknown>, (cell, index) =>
      nulls?.[index] === 1 ? null : cell,
    );
    return { name, nulls, vector: { dtype: vector.dtype, data: cells } } as unknown as Column;
  });
  return { ...payload, columns };
}

/** What a model that answers its own input answers; or what is wrong with the request. */
async function echo(codec: Codec, body: EncodedRequest, signature: Signature | null): Promise<unknown> {
  try {
    const decoded = await codec.decode(body, signature);
    const answers = decoded.parts.map(({ input }) => input);
    const { params, rows, memo } = decoded;
    return [codec.encode(answers, decoded, signature), answers.map(withoutNullCells), params, rows, memo];
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
    await fc.assert(
      fc.asyncProperty(schemaAndRows, fc.option(fc.json(), { freq: 3 }), async ([schema, rows], wrong) => {
        const body = request(`[${[...rows, ...(wrong === null ? [] : [wrong])].join(',')}]`);
        const signature = signatureOf({ inputs: schema, outputs: schema });
        expect(await echo(every.wrap(serve), body, signature)).toEqual(await echo(serve, body, signature));
      }),
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
    ['nested cells', '{"dataframe_records": [{"a": {"__proto__": 1}, "b": [1, 2.0]}]}'],
    ['a prompt', '{"messages": [{"role": "user", "content": "hello"}]}'],
    ['integers that only Python holds', '{"inputs": [123456789012345678901234567890, 1.0]}'],
    ['nothing', '{}'],
  ])('is what it would be here, of /invocations without a signature: %s', async (_, text) => {
    const body = request(text);
    expect(await echo(every.wrap(mlflow), body, null)).toEqual(await echo(mlflow, body, null));
  });

  test('keeps longs bigints and integers numbers, however deep, in params too', async () => {
    const long: DataType = { kind: 'long' };
    const properties = [
      { name: 'long', type: long, required: true },
      { name: 'integers', type: { kind: 'array', items: { kind: 'integer' } }, required: false },
    ] as const;
    const type: DataType = { kind: 'map', values: { kind: 'array', items: { kind: 'object', properties } } };
    const inputs = { kind: 'columns', named: true, columns: [{ name: 'x', type, required: true }] } as const;
    const params = [{ name: 'longs', type: long, array: true, default: [1] }];
    const signature = { ...signatureOf({ inputs }), params };
    const body = request(
      '{"inputs": [{"x": {"a": [{"long": 1, "integers": [2]}, {"long": -3}]}}], "params": {"longs": [4, 5]}}',
    );
    const { parts, params: read } = await every.wrap(serve).decode(body, signature);
    expect(parts[0]?.input).toEqual({
      kind: 'table',
      rows: 1,
      columns: [
        {
          name: 'x',
          nulls: null,
          vector: { dtype: 'object', data: [{ a: [{ long: 1n, integers: [2] }, { long: -3n }] }] },
        },
      ],
    });
    expect(read).toEqual(new Map([['longs', [4n, 5n]]]));
  });

  test.each([
    ['nothing', null],
    ['columns of any type', [{ name: 'x', type: { kind: 'any' }, required: true }]],
    ['bytes', [{ name: 'x', type: { kind: 'binary' }, required: true }]],
  ] as const)('is what it would be here, of /serve under a signature of %s', async (_, columns) => {
    const inputs = columns === null ? null : ({ kind: 'columns', named: true, columns } as const);
    const signature = columns === null ? null : signatureOf({ inputs, outputs: inputs });
    for (const text of [
      '[{"x": "AAEC"}, {"x": ""}]',
      '{"x": {"__proto__": [1, "a", null, {"$": 1e300}]}}',
      '7',
      '[]',
    ]) {
      const body = request(text);
      expect(await echo(every.wrap(serve), body, signature)).toEqual(await echo(serve, body, signature));
    }
  });

  const any = {
    kind: 'columns',
    named: true,
    columns: [{ name: 'x', type: { kind: 'any' }, required: true }],
  } as const;

  test.each([
    ['of numbers', doubles('x'), (x: number) => x + 0.5],
    ['of nested cells', signatureOf({ inputs: any }), (x: number) => [x, { y: 'z' }]],
    ['without a signature', null, (x: number) => x],
  ])('%s leaves turns of the event loop to others', async (_, signature, cell) => {
    const body = request(JSON.stringify(Array.from({ length: 100_000 }, (_, x) => ({ x: cell(x) }))));
    expect(body.body.byteLength).toBeGreaterThan(1024 * 1024);
    const reader = new CodecThread(options);
    const turns = async (codec: Codec): Promise<number> => {
      let [count, done] = [0, false];
      const decoding = Promise.resolve()
        .then(() => codec.decode(body, signature))
        .finally(() => (done = true));
      while (!done) {
        await new Promise((resolve) => setImmediate(resolve));
        count += 1;
      }
      const { input } = (await decoding).parts[0] ?? expect.fail();
      expect(rowCount(input)).toBe(100_000);
      return count;
    };
    expect(await turns(serve)).toBe(1);
    expect(await turns(reader.wrap(serve))).toBeGreaterThan(100);
    await reader.close();
  });
});

describe('an answer that is written by the thread', () => {
  const unwrapped = { unwrapped: false };

  /** What the thread is to make of it, made here. */
  const finished = (
    codec: Codec,
    answer: Payload,
    request: DecodedRequest,
    signature: Signature | null,
    conform: boolean,
  ): unknown => {
    const rows = request.parts[0]?.positions?.length ?? request.rows;
    const conformed = conform ? conformOutput(answer, signature, rows) : null;
    const { body, ...rest } = codec.encode(
      [conformed?.ok === true ? conformed.payload : answer],
      request,
      signature,
    );
    return { ...rest, body: String(body), misfit: conformed?.ok === false ? conformed.what : null };
  };

  const told = (thrown: unknown): unknown => {
    const { code, message } = CountersignError.from(thrown);
    return { code, message };
  };

  async function compare(
    codec: Codec,
    answer: Payload,
    request: DecodedRequest,
    signature: Signature | null,
    conform: boolean,
  ): Promise<void> {
    const there = await Promise.resolve(
      every.wrap(codec).finish?.([resealed(answer)], request, signature, conform),
    ).then((made) => {
      if (made === null || made === undefined) return made;
      const { body, ...rest } = made.answer;
      expect(body).toBeInstanceOf(Uint8Array);
      return { ...rest, body: Buffer.from(body as Uint8Array).toString(), misfit: made.misfit };
    }, told);
    let here: unknown;
    try {
      here = finished(codec, answer, request, signature, conform);
    } catch (thrown) {
      here = told(thrown);
    }
    expect(there).toEqual(here);
  }

  test('is what it would be here, as the signature has it and as it is, of both protocols', async () => {
    await fc.assert(
      fc.asyncProperty(schemaAndRows, fc.boolean(), async ([schema, rows], conform) => {
        const signature = signatureOf({ inputs: schema, outputs: schema });
        const asked = await serve.decode(request(`[${rows.join(',')}]`), signature);
        const [part, ...others] = asked.parts;
        if (part === undefined || others.length > 0) return;
        await compare(serve, part.input, asked, signature, conform);
        await compare(mlflow, part.input, { ...asked, memo: unwrapped }, signature, conform);
      }),
      { numRuns: 200 },
    );
  });

  const outputs = (kind: 'double' | 'any'): Signature => {
    const columns = [{ name: 'x', type: { kind }, required: true }] as const;
    return signatureOf({ outputs: { kind: 'columns', named: true, columns } });
  };
  const asked: DecodedRequest = {
    parts: [{ input: { kind: 'value', value: null }, positions: null }],
    ...{ params: new Map(), rows: 2, memo: null },
  };
  const texts: Payload = {
    kind: 'table',
    rows: 2,
    columns: [{ name: 'x', vector: { dtype: 'str', data: ['a', null] }, nulls: Uint8Array.of(0, 1) }],
  };

  test.each([
    ['text where doubles should be', texts, outputs('double')],
    ['fewer rows than were asked for', { kind: 'value', value: ['a'] }, outputs('any')],
    ['a value without a signature', { kind: 'value', value: [{ a: 1n }, null] }, null],
  ] as const)('is what it would be here: %s', async (_, answer, signature) => {
    for (const conform of [true, false]) {
      await compare(serve, answer, asked, signature, conform);
      await compare(mlflow, answer, { ...asked, memo: unwrapped }, signature, conform);
    }
  });

  test('is none that is short, or none of cells that nobody has looked at, or for Arrow', () => {
    const long = Array.from({ length: 30_000 }, (_, x) => [x, 'text']);
    const answer: Payload = { kind: 'value', value: long };
    const thread = new CodecThread(options);
    const finish = (given: Payload, memo: unknown): unknown =>
      thread.wrap(mlflow).finish?.([given], { ...asked, memo }, null, false);
    expect(finish(answer, unwrapped)).toBeNull();
    expect(finish(resealed(texts), unwrapped)).toBeNull();
    expect(finish(resealed(answer), { ...unwrapped, arrow: { some: 'library' } })).toBeNull();
    expect(finish(resealed(answer), unwrapped)).toBeInstanceOf(Promise);
    return thread.close();
  });

  test('leaves turns of the event loop to others', async () => {
    const rows = Array.from({ length: 100_000 }, (_, x) => ({ a: [x, { y: 'z' }] }));
    const answer = resealed({ kind: 'value', value: rows });
    const thread = new CodecThread(options);
    const writing = thread.wrap(serve).finish?.([answer], { ...asked, rows: 100_000 }, null, true);
    let [turns, done] = [0, false];
    const written = Promise.resolve(writing).finally(() => (done = true));
    while (!done) {
      await new Promise((resolve) => setImmediate(resolve));
      turns += 1;
    }
    expect((await written)?.answer.body.length).toBeGreaterThan(2_000_000);
    expect(turns).toBeGreaterThan(100);
    await thread.close();
  });
});

describe('the thread', () => {
  const readers: CodecThread[] = [];
  const made = (fromBytes: number, clock = new FakeClock()): { codec: Codec; reader: CodecThread } => {
    const reader = new CodecThread({ ...options, clock, fromBytes });
    readers.push(reader);
    return { codec: reader.wrap(serve), reader };
  };
  afterEach(async () => {
    await Promise.all(readers.splice(0).map((reader) => reader.close()));
  });

  test('is not asked for small bodies: those are there at once', () => {
    const { codec } = made(10);
    expect(codec.decode(request('{"x": 1}'), doubles('x'))).not.toBeInstanceOf(Promise);
    expect(codec.decode(request('[{"x": 1.25}]'), doubles('x'))).toBeInstanceOf(Promise);
    expect(codec.decode(request('{}'), null)).not.toBeInstanceOf(Promise);
    expect(codec.decode(request('[1]'), null)).toBeInstanceOf(Promise);
  });

  test('that is lost loses no body and no answer, and another one takes its place', async () => {
    const { codec, reader } = made(0);
    const asked = [1, 2, 3].map(async (x) => codec.decode(request(`{"x": ${String(x)}}`), doubles('x')));
    const answer = resealed({ kind: 'value', value: [1] });
    const asking = { parts: [{ input: answer, positions: null }], params: new Map(), rows: 1, memo: null };
    const writing = codec.finish?.([answer], asking, null, false);
    await reader.close();
    const read = await Promise.all(asked);
    expect(read.map(({ rows }) => rows)).toEqual([1, 1, 1]);
    // The endpoint writes it then.
    expect(await writing).toBeNull();
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
