import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import type { Engine, Servable } from '../../src/engine/engine.ts';
import { Connection } from '../../src/engine/python/connection.ts';
import { createPythonEngine } from '../../src/engine/python/engine.ts';
import { Hub } from '../../src/engine/python/hub.ts';
import { type Nested, noParams, type Params, type Payload, Timestamp } from '../../src/payload/payload.ts';
import { sealedBytes } from '../../src/payload/sealed.ts';
import { silentLogger } from '../../src/telemetry/logger.ts';
import { systemClock } from '../../src/util/clock.ts';
import { payload } from '../support/arbitrary-payloads.ts';
import { float64, int32, int64, table, tensors, text } from '../support/onnx-specimens.ts';
import { pythonEnv } from '../support/python-env.ts';
import { hostDirectory, oneEnvironment, pythonVersion } from '../support/python-models.ts';
import { resealed } from '../support/resealed.ts';
import { callerOf } from '../../src/util/caller.ts';

const never = new AbortController().signal;
const root = await mkdtemp(join(tmpdir(), 'countersign-types-'));

afterAll(async () => {
  await rm(root, { recursive: true, force: true });
});

test('every payload comes back from Python as it was sent', async () => {
  const hub = await Hub.open(root, silentLogger);
  const { promise: greeted, resolve } = Promise.withResolvers<Socket>();
  hub.expect('echo', (socket) => {
    resolve(socket);
  });
  const script = join(import.meta.dirname, '../support/echo_host.py');
  const echo = spawn(await pythonEnv('models'), [script, hostDirectory, hub.path, 'echo'], {
    stdio: 'inherit',
  });
  try {
    const connection = new Connection(await greeted, () => undefined);
    const ask = (input: Payload) =>
      connection.ask({ type: 'predict', input, params: noParams, requestId: 'r' });
    await fc.assert(
      fc.asyncProperty(payload, async (sent) => {
        const answer = { type: 'answer', payload: asAnswered(sent) };
        expect(await ask(sent)).toMatchObject(answer);
        expect(await ask(resealed(sent))).toMatchObject(answer);
      }),
      { numRuns: 500 },
    );
    const cells = Array.from({ length: 10_000 }, (_, x) => (x % 7 === 0 ? null : [x, { a: 'text' }]));
    const long = table({ number: float64(...cells.keys()), cell: { dtype: 'object', data: cells } });
    const answer = await ask(long);
    expect(answer).toMatchObject({ type: 'answer', payload: { rows: cells.length } });
    const answered = answer?.type === 'answer' ? answer.payload : expect.fail();
    expect(sealedBytes(answered)).toBeGreaterThan(100_000);
    const nulls = Uint8Array.from(cells, (cell) => (cell === null ? 1 : 0));
    const [, column] = answered.kind === 'table' ? answered.columns : [];
    expect(column).toEqual({ name: 'cell', vector: { dtype: 'object', data: cells }, nulls });
    connection.end();
    await once(echo, 'exit');
  } finally {
    echo.kill('SIGKILL');
    await hub.close();
  }
});

/** A cell as the model saw it: the name of its Python type, and its text. */
type Shown = readonly [string, unknown];

describe.each(['models', 'mlflow2'])('what a model sees, environment %s', (environment) => {
  let engine: Engine;
  const loaded: Servable[] = [];

  const ask = async (name: string, input: Payload, params: Params = noParams): Promise<Nested> => {
    const { metadata, artifact } = await pythonVersion(name);
    const servable = await engine.loader(metadata, artifact).load(never, () => undefined);
    loaded.push(servable);
    const answer = await servable.predict({ input, params, requestId: 'r' }, callerOf(never));
    return answer.kind === 'value' ? answer.value : expect.fail(answer.kind);
  };

  beforeAll(async () => {
    engine = createPythonEngine({
      environments: await oneEnvironment(environment),
      workers: 1,
      hostDirectory,
      runtimeDir: root,
      clock: systemClock,
      logger: silentLogger,
    });
  });
  afterAll(async () => {
    await Promise.all(loaded.map((servable) => servable.unload()));
    await engine.close();
  });

  const when = new Timestamp(1_704_164_645_123_456_789n);
  const objects = (...data: Nested[]) => ({ dtype: 'object', data }) as const;
  const everyType = {
    boolean: { dtype: 'bool', data: Uint8Array.of(1, 0) } as const,
    integer: int32(-(2 ** 31), 5),
    long: { dtype: 'int64', data: BigInt64Array.of(9007199254740993n, -(2n ** 63n)) } as const,
    float: { dtype: 'float32', data: Float32Array.of(0.1, NaN) } as const,
    double: float64(0.1, -Infinity),
    string: text('Zürich 😀', ''),
    binary: { dtype: 'bytes', data: [Uint8Array.of(0, 255, 0), Uint8Array.of()] } as const,
    datetime: { dtype: 'datetime64', data: BigInt64Array.of(when.nanoseconds, 0n) } as const,
    integers: objects([1, 2], [3]),
    floats: objects([0.5, 2], [1]),
    datetimes: objects([when], [when]),
    object: objects(
      { i: 1, l: 5n, f: 0.5, d: 2, b: Uint8Array.of(1, 0), t: when, o: null },
      { i: 2, l: 2n ** 60n, f: 1, d: 2.5, b: Uint8Array.of(), t: when },
    ),
    map: objects({ a: [1, 2.5] }, { b: [3] }),
    any: objects([1, 'x', null, { k: true }], 'free'),
  };
  const columnsOf = (answer: Nested, part = 'input'): Record<string, { dtype: string; cells: Shown[] }> =>
    Object.fromEntries(
      ((answer as Record<string, unknown>)[part] as [string, string, Shown[]][]).map(
        ([name, dtype, cells]) => [name, { dtype, cells }],
      ),
    );

  test('every column type passes enforcement and arrives unchanged', async () => {
    const columns = columnsOf(await ask('describe_types', table(everyType)));
    const cells = Object.fromEntries(Object.entries(columns).map(([name, column]) => [name, column.cells]));
    const scalars = ['boolean', 'integer', 'long', 'float', 'double', 'datetime'].map(
      (name) => columns[name]?.dtype,
    );
    expect(scalars).toEqual(['bool', 'int32', 'int64', 'float32', 'float64', 'datetime64[ns]']);
    expect(cells).toMatchObject({
      boolean: [
        ['bool', 'True'],
        ['bool', 'False'],
      ],
      integer: [
        ['int', '-2147483648'],
        ['int', '5'],
      ],
      long: [
        ['int', '9007199254740993'],
        ['int', '-9223372036854775808'],
      ],
      float: [
        ['float', '0.10000000149011612'],
        ['float', 'nan'],
      ],
      double: [
        ['float', '0.1'],
        ['float', '-inf'],
      ],
      string: [
        ['str', 'Zürich 😀'],
        ['str', ''],
      ],
      binary: [
        ['bytes', String.raw`b'\x00\xff\x00'`],
        ['bytes', "b''"],
      ],
      datetime: [
        ['Timestamp', '2024-01-02 03:04:05.123456789'],
        ['Timestamp', '1970-01-01 00:00:00'],
      ],
      integers: [
        [
          'list',
          [
            ['int', '1'],
            ['int', '2'],
          ],
        ],
        ['list', [['int', '3']]],
      ],
      floats: [
        [
          'list',
          [
            ['float', '0.5'],
            ['float', '2.0'],
          ],
        ],
        ['list', [['float', '1.0']]],
      ],
      datetimes: [
        ['ndarray:datetime64[ns]', expect.anything()],
        ['ndarray:datetime64[ns]', expect.anything()],
      ],
      object: [
        {
          i: ['int32', '1'],
          l: ['int64', '5'],
          f: ['float32', '0.5'],
          d: ['float64', '2.0'],
          b: ['bytes', String.raw`b'\x01\x00'`],
          t: ['Timestamp', '2024-01-02 03:04:05.123456789'],
          o: ['NoneType', 'None'],
        },
        { i: ['int32', '2'], l: ['int64', '1152921504606846976'] },
      ],
      map: [
        {
          a: [
            'list',
            [
              ['float', '1.0'],
              ['float', '2.5'],
            ],
          ],
        },
        { b: ['list', [['float', '3.0']]] },
      ],
      any: [
        ['list', [['int', '1'], ['str', 'x'], ['NoneType', 'None'], { k: ['bool', 'True'] }]],
        ['str', 'free'],
      ],
    });
  });

  test('optional columns that are absent stay absent', async () => {
    const required = Object.fromEntries(
      Object.entries(everyType).filter(([name]) => name !== 'boolean' && name !== 'string'),
    );
    const columns = columnsOf(await ask('describe_types', table(required)));
    expect(Object.keys(columns)).not.toContain('boolean');
    expect(Object.keys(columns)).toContain('any');
  });

  test('a null of an optional column arrives as pandas has it', async () => {
    const input = table(everyType);
    if (input.kind !== 'table') return expect.fail();
    const columns = input.columns.map((column) =>
      column.name === 'string' || column.name === 'boolean'
        ? { ...column, nulls: Uint8Array.of(0, 1) }
        : column,
    );
    const seen = columnsOf(await ask('describe_types', { ...input, columns }));
    expect(seen['string']?.cells[0]).toEqual(['str', 'Zürich 😀']);
    expect([
      ['NoneType', 'None'],
      ['float', 'nan'],
    ]).toContainEqual(seen['string']?.cells[1]);
    expect(seen['boolean']?.cells).toEqual([
      ['bool', 'True'],
      ['NoneType', 'None'],
    ]);
  });

  test('params arrive in the types of the signature', async () => {
    const params: Params = new Map<string, Nested>([
      ['n', 7],
      ['d', 2],
      ['t', new Timestamp(1_704_164_645_123_456_000n)],
      ['list', [1, 2.5]],
      ['o', { l: 5n, d: 3 }],
    ]);
    const answer = (await ask('describe_types', table(everyType), params)) as Record<string, unknown>;
    expect(answer['params']).toEqual({
      n: ['int', '7'],
      d: ['float', '2.0'],
      t: ['datetime', '2024-01-02 03:04:05.123456'],
      list: [
        'list',
        [
          ['float', '1.0'],
          ['float', '2.5'],
        ],
      ],
      o: { l: ['int', '5'], d: ['float', '3.0'] },
    });
  });

  test('unnamed columns are numbered', async () => {
    const columns = [int64(1), text('x')].map((vector) => ({ name: null, vector, nulls: null }));
    expect(columnsOf(await ask('describe_unnamed', { kind: 'table', rows: 1, columns }))).toMatchObject({
      0: { dtype: 'int64', cells: [['int', '1']] },
      1: { cells: [['str', 'x']] },
    });
  });

  test('named tensors are a dict of arrays', async () => {
    const input = tensors(
      { name: 'a', shape: [1, 2], vector: float64(1, 2.5) },
      { name: 's', shape: [1], vector: text('ü') },
      { name: 'b', shape: [1, 1], vector: { dtype: 'bool', data: Uint8Array.of(1) } },
    );
    const answer = (await ask('describe_tensors', input)) as Record<string, unknown>;
    expect(answer['input']).toEqual({
      a: [
        'ndarray:float64',
        [
          [
            'list',
            [
              ['float', '1.0'],
              ['float', '2.5'],
            ],
          ],
        ],
      ],
      s: ['ndarray:<U1', [['str', 'ü']]],
      b: ['ndarray:bool', [['list', [['bool', 'True']]]]],
    });
  });

  test.each<[string, Nested, unknown]>([
    [
      'a list is an array',
      [1, 2],
      [
        'ndarray:int64',
        [
          ['int', '1'],
          ['int', '2'],
        ],
      ],
    ],
    ['a dict is one of arrays', { a: [1.5] }, { a: ['ndarray:float64', [['float', '1.5']]] }],
    [
      'a chat request stays as it is',
      { messages: [{ role: 'user' }] },
      { messages: ['list', [{ role: ['str', 'user'] }]] },
    ],
  ])('without a signature, %s', async (_, value, seen) => {
    const answer = (await ask('describe_anything', { kind: 'value', value })) as Record<string, unknown>;
    expect(answer['input']).toEqual(seen);
  });

  test('without a signature, the types of a table are what pandas infers', async () => {
    const columns = columnsOf(
      await ask('describe_anything', table({ a: objects(1, null), b: objects('x', 2), c: objects(1, 2) })),
    );
    expect(Object.values(columns).map(({ dtype }) => dtype)).toEqual(['float64', 'object', 'int64']);
  });

  test.runIf(environment === 'models')('a model with type hints gets its own classes', async () => {
    const rows = objects({ name: 'a', price: 2, when: '2024-01-02T03:04:05' }, { name: 'b' });
    const input: Payload = { kind: 'table', rows: 2, columns: [{ name: null, vector: rows, nulls: null }] };
    expect(await ask('hints', input)).toEqual([
      { kind: 'Item', name: 'a', price: ['float', '2.0'], when: ['datetime', '2024-01-02 03:04:05'] },
      { kind: 'Item', name: 'b', price: ['float', '1.5'], when: ['NoneType', 'None'] },
    ]);
  });
});

/** Labels of rows, and how the cells of array columns reach a model, are told on the way to it only. */
function asAnswered(sent: Payload): Payload {
  if (sent.kind !== 'table') return sent;
  const { kind, rows, columns, series } = sent;
  return { kind, rows, columns, ...(series === true ? { series } : {}) };
}
