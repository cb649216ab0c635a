import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { composed, type TestModel } from '../../test/support/composed.ts';
import { CountersignError } from '../errors/countersign-error.ts';
import { compose } from './compose.ts';
import { passes } from './criterion.ts';
import { condition, type ConditionOptions } from './forms.ts';

const alone = new AbortController().signal;
const said = (value: unknown): string => (typeof value === 'string' ? value : 'no text');

const answerer: TestModel = {
  inputs: [{ name: 'question', type: 'string' }],
  outputs: [
    { name: 'answer', type: 'string' },
    { name: 'score', type: 'double' },
    { name: 'count', type: 'long' },
  ],
  // As sure as the question is long.
  answer: ({ question }) => ({ answer: `${said(question)}!`, score: said(question).length / 10, count: 1n }),
};
const translator: TestModel = {
  inputs: [{ name: 'prompt', type: 'string' }],
  outputs: [{ name: 'text', type: 'string' }],
  answer: ({ prompt }) => ({ text: `${said(prompt)} auf Deutsch` }),
};
const shouter: TestModel = {
  inputs: [{ type: 'string' }],
  outputs: [{ type: 'string' }],
  answer: (row) => said(row['0']).toUpperCase(),
};
const models = { answerer, translator, shouter };

/** Ray Serve's documented conditional. */
const documented: ConditionOptions = {
  ask: { name: 'model_one', model: 'answerer' },
  when: { field: 'score', above: 0.5 },
  then: {
    ask: { name: 'model_two', model: 'translator', input: { prompt: 'answer' } },
    output: {
      models_used: { value: ['model_one', 'model_two'] },
      score: { from: 'model_one', field: 'score' },
      text: 'text',
    },
  },
  else: { output: { models_used: { value: ['model_one'] }, score: 'score', text: 'answer' } },
};

async function refused(given: object): Promise<string> {
  try {
    await composed(models, { g: { condition: given } })
      .endpoint('g')
      .prepare(alone);
  } catch (thrown) {
    const error = CountersignError.from(thrown);
    expect(error.code).toBe('INVALID_GRAPH');
    return error.message;
  }
  return expect.fail('it was not refused');
}

describe('a condition', () => {
  it('sends a row on where the test holds, each model asked once for all the rows that go its way', async () => {
    const house = composed(models, { g: condition(documented) });
    const { answer, turns } = await house.ask('g', [
      { question: 'short' },
      { question: 'longer' },
      { question: 'the longest' },
    ]);
    expect(answer).toEqual([
      { models_used: ['model_one'], score: 0.5, text: 'short!' },
      { models_used: ['model_one', 'model_two'], score: 0.6, text: 'longer! auf Deutsch' },
      { models_used: ['model_one', 'model_two'], score: 1.1, text: 'the longest! auf Deutsch' },
    ]);
    expect(turns.map(({ name }) => name)).toEqual(['model_one', 'model_two']);
    expect(house.observations.map(({ member }) => member)).toEqual(['model_one', 'model_two']);
  });

  it('answers, under the same contract, what the same written as a function answers', async () => {
    const code = compose({
      members: { model_one: 'answerer', model_two: 'translator' },
      inputs: 'model_one',
      outputs: [
        { name: 'models_used', type: 'array', items: { type: 'string' }, required: true },
        { name: 'score', type: 'double' },
        { name: 'text', type: 'string' },
      ],
      async predict(row, { model_one, model_two }) {
        const { answer, score } = (await model_one(row)) as { answer: string; score: number };
        if (score <= 0.5) return { models_used: ['model_one'], score, text: answer };
        const { text } = (await model_two({ prompt: answer })) as { text: string };
        return { models_used: ['model_one', 'model_two'], score, text };
      },
    });
    const house = composed(models, { form: condition(documented), code });
    const rows = ['', 'a', 'short', 'longer', 'the longest'].map((question) => ({ question }));
    const [form, written] = [await house.ask('form', rows), await house.ask('code', rows)];
    expect(form.text).toBe(written.text);
    const contracts = await Promise.all(['form', 'code'].map((name) => house.endpoint(name).contract(alone)));
    expect(contracts[0]?.signature).toEqual(contracts[1]?.signature);
  });

  it('asks nobody whom no row goes to', async () => {
    const { turns } = await composed(models, { g: condition(documented) }).ask('g', { question: 'a' });
    expect(turns.map(({ name }) => name)).toEqual(['model_one']);
  });

  it('looks at the request where no model is asked first', async () => {
    const graph = condition({
      when: { field: 'language', oneOf: ['de', 'at'] },
      then: { ask: { model: 'translator', input: { prompt: 'text' } } },
      else: { output: { text: 'text' } },
    });
    const house = composed(models, { g: graph });
    const { signature } = await house.endpoint('g').contract(alone);
    expect(signature?.inputs).toMatchObject({
      columns: [
        { name: 'text', type: { kind: 'string' } },
        { name: 'language', type: { kind: 'string' } },
      ],
    });
    const { answer } = await house.ask('g', [
      { text: 'hi', language: 'at' },
      { text: 'hi', language: 'fr' },
    ]);
    expect(answer).toEqual([{ text: 'hi auf Deutsch' }, { text: 'hi' }]);
  });

  it('answers what one way alone answers as an optional field, and numbers of two kinds as the wider', async () => {
    const graph = condition({
      ask: 'answerer',
      when: { field: 'score', atLeast: 0.5 },
      then: { output: { figure: 'score', note: { value: 'sure' } } },
      else: { output: { figure: 'count' } },
    });
    const house = composed(models, { g: graph });
    const { signature } = await house.endpoint('g').contract(alone);
    expect(signature?.outputs).toMatchObject({
      columns: [
        { name: 'figure', type: { kind: 'double' }, required: true },
        { name: 'note', type: { kind: 'string' }, required: false },
      ],
    });
    const { answer } = await house.ask('g', [{ question: 'a' }, { question: 'longer' }]);
    expect(answer).toEqual([
      { figure: 1, note: null },
      { figure: 0.6, note: 'sure' },
    ]);
  });

  it('passes bare values along, and answers the first model where a way asks nobody', async () => {
    const graph = condition({
      ask: 'shouter',
      when: { equals: 'STOP' },
      else: { ask: { name: 'again', model: 'shouter' } },
    });
    const { answer, turns } = await composed(models, { g: graph }).ask('g', ['stop', 'go']);
    expect(answer).toEqual(['STOP', 'GO']);
    expect(turns).toHaveLength(2);
  });

  it('goes on with the default of a model that failed', async () => {
    const failing: TestModel = {
      ...answerer,
      answer: () => {
        throw new CountersignError('MODEL_FAILED', 'it raised ValueError.');
      },
    };
    const ask = {
      model: 'failing',
      onError: { default: { answer: 'nothing', score: 1, count: 0 } },
    } as const;
    const graph = condition({
      ask,
      when: { field: 'score', above: 0.5 },
      then: { ask: { model: 'translator', input: { prompt: 'answer' } } },
      else: { output: { text: 'answer' } },
    });
    const { answer } = await composed({ ...models, failing }, { g: graph }).ask('g', { question: 'a' });
    expect(answer).toEqual([{ text: 'nothing auf Deutsch' }]);
  });

  it.each([
    [
      { ...documented, when: { field: 'scroe', above: 0.5 } },
      "graphs.g.when: 'model_one' answers no `scroe`",
    ],
    [{ ...documented, when: { field: 'answer', above: 0.5 } }, 'model_one.answer: string is never > 0.5'],
    [{ ...documented, when: { field: 'score', equals: 'x' } }, 'model_one.score: double is never = "x"'],
    [{ ...documented, when: { field: 'score' } }, 'expected one of above, below'],
    [{ ...documented, when: { field: 'score', above: 1, below: 2 } }, 'expected one of above, below'],
    [{ ...documented, when: { field: 'score', above: '1' } }, 'graphs.g.when.above: expected a number'],
    [
      { ...documented, when: { from: 'model_two', field: 'x', above: 1 } },
      "there is no 'model_two' before it",
    ],
    [{ ...documented, then: { ask: 'translator' } }, 'model_one.prompt -> translator.prompt'],
    [{ ...documented, else: { output: { text: 'score' } } }, '`text` is string one way and double the other'],
    [
      { ...documented, else: { output: { text: { from: 'model_two', field: 'text' } } } },
      "graphs.g.else.output: there is no 'model_two' before it",
    ],
    [
      { when: { field: 'x', above: 1 }, then: 'translator' },
      'graphs.g.else: it asks no model, and answers nothing',
    ],
    [{ when: { above: 1 }, then: 'shouter' }, 'name a `field` of the request'],
    [{ ...documented, esle: {} }, 'it has no `esle`; did you mean `else`?'],
    [
      { ask: 'shouter', when: { equals: 'A' }, then: { output: { a: { value: 1 } } } },
      'it answers one bare value',
    ],
  ])('that cannot be is refused at the start, naming the place', async (given, what) => {
    expect(await refused(given)).toContain(what);
  });
});

describe('a test', () => {
  const value = { kind: 'field', from: null, field: 'x' } as const;
  const numbers = fc.oneof(fc.double({ noNaN: true }), fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }));
  const bounds = fc.double({ noNaN: true, noDefaultInfinity: true });

  it('holds for exactly one of above and atMost, below and atLeast', () => {
    fc.assert(
      fc.property(numbers, bounds, (number, against) => {
        const is = (comparison: 'above' | 'below' | 'atLeast' | 'atMost'): boolean =>
          passes({ value, comparison, against }, number);
        expect(is('above')).toBe(!is('atMost'));
        expect(is('below')).toBe(!is('atLeast'));
      }),
    );
  });

  it('holds for nothing that is missing', () => {
    for (const nothing of [null, undefined, Number.NaN]) {
      for (const comparison of ['above', 'below', 'atLeast', 'atMost', 'equals'] as const) {
        expect(passes({ value, comparison, against: 0 }, nothing)).toBe(false);
      }
    }
  });

  it('takes a long for the number that it is, and for no other', () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), (number) => {
        const one = { value, comparison: 'oneOf', against: ['x', number] } as const;
        expect(passes(one, BigInt(number))).toBe(true);
        expect(passes(one, number)).toBe(true);
        expect(passes(one, BigInt(number) + 1n)).toBe(false);
      }),
    );
  });
});
