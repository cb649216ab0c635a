import { describe, expect, it } from 'vitest';

import { settle } from '../../test/fakes/fake-clock.ts';
import { composed, type TestModel } from '../../test/support/composed.ts';
import { CountersignError } from '../errors/countersign-error.ts';
import { compose } from './compose.ts';
import { invalidRow } from './invalid-row.ts';
import { callerOf } from '../util/caller.ts';

const double = <const Name extends string>(name: Name) => ({ name, type: 'double' }) as const;
const text = <const Name extends string>(name: Name) => ({ name, type: 'string' }) as const;

/** Answers half of its `x`. */
const halver: TestModel = {
  inputs: [double('x')],
  outputs: [double('score')],
  answer: ({ x }) => ({ score: Number(x) / 2 }),
};

const namer: TestModel = {
  inputs: [double('x')],
  outputs: [text('label')],
  answer: ({ x }) => ({ label: `it is ${Number(x)}` }),
};

/** Ray Serve's conditional pipeline: a score above 0.5 sends the data on. */
const conditional = compose({
  members: { one: 'halver', two: 'namer' },
  inputs: 'one',
  outputs: [
    { name: 'used', type: 'array', items: { type: 'string' }, required: true },
    { name: 'score', type: 'double' },
  ],
  async predict(row, { one, two }) {
    const { score } = (await one(row)) as { score: number };
    if (score <= 0.5) return { used: ['one'], score };
    await two(row);
    return { used: ['one', 'two'], score };
  },
});

async function failureOf(promise: Promise<unknown>): Promise<CountersignError> {
  const thrown: unknown = await promise.then(
    () => null,
    (error: unknown) => error,
  );
  if (!(thrown instanceof CountersignError)) expect.unreachable(`not a CountersignError: ${String(thrown)}`);
  return thrown;
}

/** A function of one member, whatever it does. */
function around(
  predict: (...args: never[]) => unknown,
  more: object = {},
  member: unknown = 'halver',
): object {
  const outputs = [double('score')];
  return { g: { compose: { members: { one: member }, inputs: 'one', outputs, predict, ...more } } };
}

type One = (row: unknown, params?: object) => Promise<Readonly<Record<string, unknown>> | undefined>;
interface Ones {
  readonly one: One & { rows: (rows: readonly unknown[]) => Promise<readonly unknown[]> };
}

describe('a function over members', () => {
  it('sends a row on or not, as its code decides, and says which versions took part', async () => {
    const house = composed({ halver, namer }, { conditional });
    const low = await house.ask('conditional', { x: 0.4 });
    expect(low.answer).toEqual([{ used: ['one'], score: 0.2 }]);
    expect(low.turns).toMatchObject([{ name: 'one', version: '1' }]);
    const both = await house.ask('conditional', [{ x: 0.4 }, { x: 8 }]);
    expect(both.answer).toEqual([
      { used: ['one'], score: 0.2 },
      { used: ['one', 'two'], score: 4 },
    ]);
    expect(both.turns).toMatchObject([{ name: 'one' }, { name: 'two', version: '1' }]);
  });

  it('has the contract it declares, or that of the member it names', async () => {
    const { endpoint } = composed({ halver, namer }, { conditional });
    const { signature } = await endpoint('conditional').contract(new AbortController().signal);
    expect(signature?.inputs).toMatchObject({ columns: [{ name: 'x', type: { kind: 'double' } }] });
    expect(signature?.outputs).toMatchObject({ columns: [{ name: 'used' }, { name: 'score' }] });
  });

  it('costs a member one predict for a list of rows', async () => {
    const house = composed({ halver, namer }, { conditional });
    let predicts = 0;
    const plan = house.engine.plan({ model: 'halver', version: '1' });
    const before = plan.answer.bind(plan);
    plan.answer = (call) => {
      predicts++;
      return before(call);
    };
    await house.ask(
      'conditional',
      Array.from({ length: 40 }, () => ({ x: 0.5 })),
    );
    expect(predicts).toBe(1);
  });

  it('runs members together that it asks together: each waits until the other was reached', async () => {
    const reached = { a: Promise.withResolvers<unknown>(), b: Promise.withResolvers<unknown>() };
    const meet =
      (mine: 'a' | 'b', other: 'a' | 'b'): TestModel['answer'] =>
      async () => {
        reached[mine].resolve(null);
        await reached[other].promise;
        return { score: 1 };
      };
    const predict = async (row: unknown, { a, b }: Readonly<Record<string, One>>): Promise<unknown> => {
      const [first, second] = await Promise.all([a?.(row), b?.(row)]);
      return { score: Number(first?.['score']) + Number(second?.['score']) };
    };
    const house = composed(
      {
        a: { ...halver, answer: meet('a', 'b') ?? (() => null) },
        b: { ...halver, answer: meet('b', 'a') ?? (() => null) },
      },
      { g: { compose: { members: { a: 'a', b: 'b' }, inputs: 'a', outputs: [double('score')], predict } } },
    );
    expect((await house.ask('g', { x: 1 })).answer).toEqual([{ score: 2 }]);
  });

  it('takes and answers lists with batch: true, and refuses a list of another length', async () => {
    const whole = async (rows: readonly unknown[], { one }: Ones): Promise<unknown> => one.rows(rows);
    const good = composed({ halver }, around(whole, { batch: true }));
    expect((await good.ask('g', [{ x: 2 }, { x: 4 }])).answer).toEqual([{ score: 1 }, { score: 2 }]);
    const short = composed(
      { halver },
      around(() => [{ score: 1 }], { batch: true }),
    );
    const error = await failureOf(short.ask('g', [{ x: 2 }, { x: 4 }]));
    expect(error.code).toBe('MODEL_OUTPUT_MISMATCH');
    expect(error.message).toContain('expected 2 rows, got 1 rows');
  });

  it('answers an empty list without asking anybody', async () => {
    const house = composed({ halver, namer }, { conditional });
    expect(await house.ask('conditional', [])).toMatchObject({ answer: [], turns: [] });
    expect(house.engine.events).toEqual([]);
  });

  it('checks what the function answers, naming row and column', async () => {
    const house = composed(
      { halver },
      around((row: { x: number }) => ({ score: row.x > 1 ? 'much' : row.x })),
    );
    const error = await failureOf(house.ask('g', [{ x: 1 }, { x: 2 }]));
    expect(error.code).toBe('MODEL_OUTPUT_MISMATCH');
    expect(error.message).toContain('row 1, `score`: expected a number');
  });

  it('reads a request as any endpoint does: a wrong column is the caller’s mistake', async () => {
    const house = composed({ halver, namer }, { conditional });
    const error = await failureOf(house.ask('conditional', { y: 1 }));
    expect([error.code, error.facts.errors?.[0]?.pointer]).toEqual(['INVALID_INPUT', '/y']);
  });

  it('is a member of another like any model, and its own members can be told apart', async () => {
    const outer = around((row: unknown, { one }: Ones) => one(row), {}, 'conditional');
    const house = composed({ halver, namer }, { conditional, ...outer });
    const { answer, turns } = await house.ask('g', { x: 4 });
    expect(answer).toEqual([{ score: 2 }]);
    expect(turns.map(({ name }) => name)).toEqual(['one', 'one/one', 'one/two']);
  });

  it('passes params, its own by name and those of a member', async () => {
    const seen: unknown[] = [];
    const predict = async (row: unknown, { one }: Ones, context: { params: unknown }): Promise<unknown> => {
      seen.push(context.params);
      return one(row);
    };
    const params = [{ name: 'limit', type: 'long', default: 7, shape: null }];
    const house = composed({ halver }, around(predict, { params }));
    await house.ask('g', { inputs: { x: 1 }, params: { limit: 9 } });
    await house.ask('g', { x: 1 });
    expect(seen).toEqual([{ limit: 9 }, { limit: 7 }]);
  });
});

describe('longs', () => {
  const counter: TestModel = {
    inputs: [{ name: 'n', type: 'long' }],
    outputs: [{ name: 'n', type: 'long' }],
    answer: ({ n }) => ({ n: n ?? null }),
  };
  const graph = (longs: string): object => ({
    g: {
      compose: {
        members: { one: 'counter' },
        inputs: 'one',
        outputs: 'one',
        longs,
        predict: (row: unknown, { one }: Ones) => one(row),
      },
    },
  });

  it('are bigints by choice, and then nothing is lost', async () => {
    const house = composed({ counter }, graph('bigint'));
    expect((await house.ask('g', '{"n": 9007199254740993}')).text).toBe('[{"n":9007199254740993}]');
  });

  it('are numbers otherwise, and one that a number would change is refused', async () => {
    const house = composed({ counter }, graph('number'));
    expect((await house.ask('g', { n: 5 })).answer).toEqual([{ n: 5 }]);
    const error = await failureOf(house.ask('g', '{"n": 9007199254740993}'));
    expect(error.code).toBe('UNSAFE_LONG');
    expect(error.message).toContain('9007199254740993');
  });
});

describe('a member that fails', () => {
  const broken: TestModel = {
    ...halver,
    answer: () => {
      throw new CountersignError('MODEL_FAILED', 'it raised ValueError.');
    },
  };
  const pass = (row: unknown, { one }: Ones): Promise<unknown> => one(row);

  it('fails the call with its own code and status, saying which member it was', async () => {
    const house = composed({ broken }, around(pass, {}, 'broken'));
    const error = await failureOf(house.ask('g', { x: 1 }));
    expect(error.code).toBe('MODEL_FAILED');
    expect(error.message).toBe("Member 'one' (broken) of 'g': it raised ValueError.");
    expect(error.facts.details).toMatchObject({
      member: { graph: 'g', member: 'one', model: 'broken', version: '1' },
    });
    expect(house.observations).toMatchObject([{ graph: 'g', member: 'one', outcome: 'failed' }]);
  });

  it('is asked nothing that its contract does not take: that is the composed model’s mistake', async () => {
    const predict = (_row: unknown, { one }: Ones): Promise<unknown> => one({ x: 'much' });
    const error = await failureOf(composed({ halver }, around(predict)).ask('g', { x: 1 }));
    expect([error.code, error.status]).toEqual(['MEMBER_INPUT_MISMATCH', 500]);
    expect(error.message).toContain("Member 'one' (halver) of 'g': /0/x: expected a number");
  });

  it('is taken to have answered its default where onError says so', async () => {
    const member = { model: 'broken', onError: { default: { score: -1 } } };
    const house = composed({ broken }, around(pass, {}, member));
    expect((await house.ask('g', { x: 1 })).answer).toEqual([{ score: -1 }]);
    expect(house.observations).toMatchObject([{ outcome: 'replaced' }]);
    expect(house.logger.lines.filter(({ level }) => level === 'warn')).toHaveLength(1);
  });

  it('is undefined to a function that left it out', async () => {
    const predict = async (row: unknown, { one }: Ones): Promise<unknown> => {
      return (await one(row)) ?? { score: 0 };
    };
    const house = composed({ broken }, around(predict, {}, { model: 'broken', onError: 'omit' }));
    expect((await house.ask('g', { x: 1 })).answer).toEqual([{ score: 0 }]);
  });

  it('refuses a row by a rule of the function: that is the caller’s mistake', async () => {
    const predict = (row: { x: number }): unknown => {
      if (row.x < 0) throw invalidRow('x has to be positive here', '/x');
      return { score: row.x };
    };
    const error = await failureOf(composed({ halver }, around(predict)).ask('g', [{ x: 1 }, { x: -1 }]));
    expect([error.code, error.status]).toEqual(['INVALID_INPUT', 400]);
    expect(error.facts.errors).toEqual([{ pointer: '/x', message: 'x has to be positive here' }]);
  });

  it('says nothing that was thrown by the function itself, but its type', async () => {
    const predict = (): never => {
      throw new TypeError('secret /path');
    };
    const error = await failureOf(composed({ halver }, around(predict)).ask('g', { x: 1 }));
    expect([error.code, error.message]).toEqual(['GRAPH_FAILED', "The function of 'g' raised TypeError."]);
    expect(error.facts.cause).toBeInstanceOf(TypeError);
  });
});

describe('the deadline and the caller', () => {
  const pass = (row: unknown, { one }: Ones): Promise<unknown> => one(row);
  const stuck = (seen: AbortSignal[] = []): TestModel => ({
    ...halver,
    answer: () => {
      seen.push(new AbortController().signal);
      return new Promise<never>(() => undefined);
    },
  });

  it('covers all members: what is left of it is handed down, and the member that ran says so', async () => {
    const house = composed({ stuck: stuck() }, around(pass, {}, 'stuck'));
    const failing = failureOf(house.ask('g', { x: 1 }));
    await house.clock.advance(4_999);
    await house.clock.advance(2);
    const error = await failing;
    expect(error.code).toBe('DEADLINE_EXCEEDED');
    expect(error.message).toContain("Member 'one' (stuck) of 'g'");
    expect(house.clock.pending).toBe(0);
  });

  it('ends a function that waits for nothing of ours, a moment later', async () => {
    const house = composed(
      { halver },
      around(() => new Promise(() => undefined)),
    );
    const failing = failureOf(house.ask('g', { x: 1 }));
    await house.clock.advance(5_000);
    await house.clock.advance(100);
    expect((await failing).code).toBe('DEADLINE_EXCEEDED');
  });

  it('stops the members when the caller leaves', async () => {
    const house = composed({ stuck: stuck() }, around(pass, {}, 'stuck'));
    const caller = new AbortController();
    const failing = failureOf(house.ask('g', { x: 1 }, { caller: callerOf(caller.signal) }));
    await settle();
    caller.abort();
    expect((await failing).code).toBe('CALLER_LEFT');
    await settle();
    expect(house.observations).toMatchObject([{ outcome: 'failed' }]);
    expect(house.engine.misuses).toEqual([]);
  });

  it('stops the members that still run when one of them failed, and no failure goes unheard', async () => {
    const failing: TestModel = {
      ...halver,
      answer: () => {
        throw new CountersignError('MODEL_FAILED', 'it raised ValueError.');
      },
    };
    const predict = async (row: unknown, { a, b }: Readonly<Record<string, One>>): Promise<unknown> =>
      Promise.all([a?.(row), b?.(row)]);
    const members = { a: 'stuck', b: 'failing' };
    const house = composed(
      { stuck: stuck(), failing },
      { g: { compose: { members, inputs: 'a', outputs: [double('score')], predict } } },
    );
    const error = await failureOf(house.ask('g', { x: 1 }));
    expect(error.message).toContain("Member 'b'");
    await settle();
    expect(house.observations.map(({ member, outcome }) => [member, outcome])).toEqual([
      ['b', 'failed'],
      ['a', 'failed'],
    ]);
  });
});

describe('versions of members', () => {
  function twoVersions(member: unknown = 'halver'): ReturnType<typeof composed> {
    const predict = (row: unknown, { one }: Ones): Promise<unknown> => one(row);
    const house = composed({ halver }, around(predict, {}, member));
    const first = house.engine.plan({ model: 'halver', version: '1' });
    house.engine.plan({ model: 'halver', version: '2' }).answer = async (call) => {
      const answer = await first.answer(call);
      return answer.kind === 'value' && Array.isArray(answer.value)
        ? { kind: 'value', value: answer.value.map(() => ({ score: 100 })) }
        : answer;
    };
    return house;
  }

  async function addSecond(house: ReturnType<typeof composed>): Promise<void> {
    const { signature } = await house.registry.describe(
      { model: 'halver', version: '1' },
      new AbortController().signal,
    );
    house.registry.addVersion('halver', { signature });
    house.registry.setAlias('halver', 'candidate', '2');
  }

  it.each(['halver/2', 'halver@candidate', { model: 'halver/latest' }])('are named as %j', async (member) => {
    const house = twoVersions(member);
    await addSecond(house);
    const { answer, turns } = await house.ask('g', { x: 1 });
    expect(answer).toEqual([{ score: 100 }]);
    expect(turns).toMatchObject([{ name: 'one', version: '2' }]);
  });

  it.each(['one', 'halver'])(
    'can be chosen by the caller, by the name of the member or its model: %s',
    async (name) => {
      const house = twoVersions();
      await addSecond(house);
      expect((await house.ask('g', { x: 1 })).answer).toEqual([{ score: 0.5 }]);
      const memberVersions = new Map([[name, { kind: 'alias', alias: 'candidate' } as const]]);
      expect((await house.ask('g', { x: 1 }, { memberVersions })).turns).toMatchObject([{ version: '2' }]);
    },
  );

  it('are refused for a member that is not there, and for members of a model that is not composed', async () => {
    const house = twoVersions();
    const choose = (name: string) => ({ memberVersions: new Map([[name, { kind: 'latest' } as const]]) });
    const error = await failureOf(house.ask('g', { x: 1 }, choose('two')));
    expect([error.code, error.message.includes('its members: one')]).toEqual(['UNKNOWN_MEMBER', true]);
    expect((await failureOf(house.ask('g', { x: 1 }, choose('one/deep')))).code).toBe('UNKNOWN_MEMBER');
  });

  it('are one for the composed model itself', async () => {
    const { ask } = twoVersions();
    const asking = ask('g', { x: 1 }, { selector: { kind: 'version', version: '2' } });
    expect((await failureOf(asking)).code).toBe('VERSION_NOT_FOUND');
    const alias = ask('g', { x: 1 }, { selector: { kind: 'alias', alias: 'production' } });
    expect((await failureOf(alias)).code).toBe('ALIAS_NOT_FOUND');
    expect((await ask('g', { x: 1 }, { selector: { kind: 'version', version: '1' } })).answer).toEqual([
      { score: 0.5 },
    ]);
  });
});

describe('a composed model that cannot be', () => {
  const alone = new AbortController().signal;

  it('is refused when a member is not there, naming the edge', async () => {
    const house = composed(
      { halver },
      around(() => null, {}, 'ghost'),
    );
    const error = await failureOf(house.endpoint('g').prepare(alone));
    expect(error.code).toBe('INVALID_GRAPH');
    expect(error.message).toContain('graphs.g -> one');
    expect(error.message).toContain("no model 'ghost'");
  });

  it('is asked again when the registry is back: a registry that is away is no mistake of the config', async () => {
    const house = composed(
      { halver },
      around((row: unknown, { one }: Ones) => one(row)),
    );
    house.registry.unreachable = true;
    expect((await failureOf(house.ask('g', { x: 1 }))).code).toBe('REGISTRY_UNREACHABLE');
    house.registry.unreachable = false;
    await house.clock.advance(10_000);
    expect((await house.ask('g', { x: 1 })).answer).toEqual([{ score: 0.5 }]);
  });

  it('does not stream', async () => {
    const house = composed(
      { halver },
      around(() => null),
    );
    expect((await failureOf(house.endpoint('g').stream())).code).toBe('STREAMING_UNSUPPORTED');
  });
});
