import { describe, expect, it } from 'vitest';

import { composed, type TestModel } from '../../test/support/composed.ts';
import { CountersignError } from '../errors/countersign-error.ts';
import { ensemble, pipeline } from './forms.ts';

const alone = new AbortController().signal;
const said = (value: unknown): string => (typeof value === 'string' ? value : 'no text');
const broken = (): never => {
  throw new CountersignError('MODEL_FAILED', 'it raised ValueError.');
};

async function refused(models: Readonly<Record<string, TestModel>>, graph: object): Promise<string> {
  const thrown: unknown = await composed(models, { g: graph })
    .endpoint('g')
    .prepare(alone)
    .then(
      () => null,
      (error: unknown) => error,
    );
  if (!(thrown instanceof CountersignError)) expect.unreachable('it was not refused');
  expect(thrown.code).toBe('INVALID_GRAPH');
  return thrown.message;
}

async function columns(
  models: Readonly<Record<string, TestModel>>,
  graph: object,
  side: 'inputs' | 'outputs',
): Promise<unknown> {
  const { signature } = await composed(models, { g: graph }).endpoint('g').contract(alone);
  const schema = signature?.[side];
  return schema?.kind === 'columns'
    ? schema.columns.map(({ name, type, required }) => [name, type.kind, required])
    : schema;
}

const answerer: TestModel = {
  inputs: [{ name: 'question', type: 'string' }],
  outputs: [
    { name: 'answer', type: 'string' },
    { name: 'score', type: 'double' },
    { name: 'start', type: 'long' },
  ],
  answer: ({ question }) => ({ answer: `${said(question)}!`, score: 0.9, start: 9007199254740993n }),
};
const translator: TestModel = {
  inputs: [
    { name: 'prompt', type: 'string' },
    { name: 'tone', type: 'string', required: false },
  ],
  outputs: [{ name: 'text', type: 'string' }],
  answer: ({ prompt, tone }) => ({
    text: `${said(prompt)} auf Deutsch${tone === undefined ? '' : `, ${said(tone)}`}`,
  }),
};
const shouter: TestModel = {
  inputs: [{ type: 'string' }],
  outputs: [{ type: 'string' }],
  answer: (row) => said(row['0']).toUpperCase(),
};

describe('a pipeline', () => {
  const models = { answerer, translator, shouter };

  it('asks each what the one before answered, under the names the mapping gives', async () => {
    const graph = pipeline(['answerer', { model: 'translator', input: { prompt: 'answer' } }]);
    const { answer, turns } = await composed(models, { g: graph }).ask('g', [
      { question: 'a' },
      { question: 'b' },
    ]);
    expect(answer).toEqual([{ text: 'a! auf Deutsch' }, { text: 'b! auf Deutsch' }]);
    expect(turns.map(({ name }) => name)).toEqual(['answerer', 'translator']);
  });

  it('derives its contract from its ends', async () => {
    const graph = pipeline(['answerer', { model: 'translator', input: { prompt: 'answer' } }]);
    expect(await columns(models, graph, 'inputs')).toEqual([['question', 'string', true]]);
    expect(await columns(models, graph, 'outputs')).toEqual([['text', 'string', true]]);
  });

  it('takes fields of the request, constants and earlier steps, and answers what `output` names', async () => {
    const graph = pipeline({
      steps: [
        'answerer',
        {
          name: 'german',
          model: 'translator',
          input: { prompt: 'answer', tone: { from: 'request', field: 'tone' } },
        },
        { model: 'shouter', input: 'text' },
      ],
      output: {
        loud: { from: 'shouter' },
        plain: { from: 'german', field: 'text' },
        start: { from: 'answerer', field: 'start' },
        tone: { from: 'request', field: 'tone' },
        by: { value: 'us' },
      },
    });
    expect(await columns(models, graph, 'inputs')).toEqual([
      ['question', 'string', true],
      ['tone', 'string', false],
    ]);
    const { text } = await composed(models, { g: graph }).ask('g', { question: 'a', tone: 'kurz' });
    expect(text).toBe(
      '[{"loud":"A! AUF DEUTSCH, KURZ","plain":"a! auf Deutsch, kurz","start":9007199254740993,"tone":"kurz","by":"us"}]',
    );
  });

  it('passes bare values on as they are', async () => {
    const graph = pipeline(['shouter', { name: 'again', model: 'shouter' }]);
    expect((await composed(models, { g: graph }).ask('g', ['a', 'b'])).answer).toEqual(['A', 'B']);
  });

  it('goes on with the default of a step that failed', async () => {
    const failing = { ...answerer, answer: broken };
    const step = { model: 'failing', onError: { default: { answer: 'nothing' } } };
    const graph = pipeline([step, { model: 'translator', input: { prompt: 'answer' } }]);
    const { answer } = await composed({ ...models, failing }, { g: graph }).ask('g', { question: 'a' });
    expect(answer).toEqual([{ text: 'nothing auf Deutsch' }]);
  });

  it.each([
    [
      ['answerer', 'translator'],
      'answerer.prompt -> translator.prompt',
      "'answerer' answers no `prompt`; it answers answer, score, start",
    ],
    [
      ['answerer', { model: 'translator', input: { prompt: 'score' } }],
      'answerer.score -> translator.prompt',
      'double is no string',
    ],
    [
      ['answerer', { model: 'translator', input: { promt: 'answer' } }],
      'graphs.g.translator',
      'it takes no `promt`',
    ],
    [['answerer', 'shouter'], 'answerer -> shouter', 'is no string'],
    [
      ['shouter', { model: 'translator', input: { prompt: { from: 'request', field: 'x' } } }],
      'translator.prompt',
      'no object of fields',
    ],
    [['answerer', { model: 'translator', input: 'answer' }], 'graphs.g.translator', 'an object of fields'],
    [['shouter', { name: 'b', model: 'shouter', input: { x: 'y' } }], 'graphs.g.b', 'one bare value'],
  ])('is refused at the start where an edge cannot fit: %j', async (steps, edge, why) => {
    const message = await refused(models, pipeline(steps));
    expect(message).toContain(edge);
    expect(message).toContain(why);
  });

  it('is refused where nothing says the type of what it answers', async () => {
    const untyped = { inputs: translator.inputs, outputs: null };
    const steps = { steps: ['untyped'], output: { a: 'x' } };
    expect(await refused({ untyped }, pipeline(steps))).toContain('nothing says the type of untyped.x');
    const noInputs = { inputs: null, outputs: null };
    expect(await refused({ noInputs }, pipeline(['noInputs']))).toContain('nothing says the inputs');
  });
});

const labelled = (label: unknown, type = 'string'): TestModel => ({
  inputs: [{ name: 'x', type: 'double' }],
  outputs: [
    { name: 'label', type },
    { name: 'score', type: 'double' },
  ],
  answer: ({ x }) => ({ label: label as string, score: Number(x) }),
});

describe('an ensemble', () => {
  const models = {
    a: labelled('cat'),
    b: labelled('dog'),
    c: labelled('dog'),
    numbered: labelled(1n, 'long'),
    failing: { ...labelled('cat'), answer: broken },
  };
  const by = (field: string, ...names: readonly (string | object)[]) =>
    names.map((name) => (typeof name === 'string' ? { model: name, field } : { field, ...name }));

  it('votes by weight', async () => {
    const light = ensemble({ members: by('label', 'a', 'b', 'c') as never, combine: 'vote' });
    expect((await composed(models, { g: light }).ask('g', { x: 1 })).answer).toEqual([{ label: 'dog' }]);
    const heavy = ensemble({
      members: by('label', { model: 'a', weight: 3 }, 'b', 'c') as never,
      combine: 'vote',
    });
    expect((await composed(models, { g: heavy }).ask('g', { x: 1 })).answer).toEqual([{ label: 'cat' }]);
    expect(await columns(models, heavy, 'outputs')).toEqual([['label', 'string', true]]);
  });

  it('lets class numbers vote with names, through labels', async () => {
    const members = by('label', 'a', 'b', { model: 'numbered', labels: ['dog', 'cat'] });
    const graph = ensemble({ members: members as never, combine: 'vote', output: 'animal' });
    expect((await composed(models, { g: graph }).ask('g', { x: 1 })).answer).toEqual([{ animal: 'cat' }]);
    const unnamed = ensemble({ members: by('label', 'a', 'numbered') as never, combine: 'vote' });
    expect(await refused(models, unnamed)).toContain("'a' votes with string, 'numbered' with long");
    const few = by('label', { model: 'numbered', labels: ['dog'] });
    const asking = composed(models, { g: ensemble({ members: few as never, combine: 'vote' }) }).ask('g', {
      x: 1,
    });
    await expect(asking).rejects.toMatchObject({ code: 'MODEL_OUTPUT_MISMATCH' });
  });

  it('leaves a member that failed out of the vote, and fails when none is left', async () => {
    const omitted = { model: 'failing', onError: 'omit', weight: 9 };
    const graph = ensemble({ members: by('label', omitted, 'b') as never, combine: 'vote' });
    const { answer, turns } = await composed(models, { g: graph }).ask('g', { x: 1 });
    expect(answer).toEqual([{ label: 'dog' }]);
    expect(turns).toHaveLength(2);
    const none = ensemble({ members: by('label', omitted) as never, combine: 'vote' });
    await expect(composed(models, { g: none }).ask('g', { x: 1 })).rejects.toMatchObject({
      code: 'NO_MEMBER_ANSWERED',
      status: 503,
    });
  });

  it('takes the weighted mean of every number, or of one field', async () => {
    const wide: TestModel = {
      inputs: [{ name: 'x', type: 'float' }],
      outputs: [
        { name: 'score', type: 'double' },
        { name: 'note', type: 'string' },
      ],
      answer: ({ x }) => ({ score: Number(x) + 10, note: '' }),
    };
    const members = ['a', { model: 'wide', weight: 3 }];
    const graph = ensemble({ members, combine: 'mean' });
    expect((await composed({ ...models, wide }, { g: graph }).ask('g', { x: 1 })).answer).toEqual([
      { score: 8.5 },
    ]);
    expect(await columns({ ...models, wide }, graph, 'inputs')).toEqual([['x', 'double', true]]);
    const one = ensemble({ members: by('score', 'a', 'b') as never, combine: 'mean', output: 'mean' });
    expect((await composed(models, { g: one }).ask('g', { x: 4 })).answer).toEqual([{ mean: 4 }]);
    const words = ensemble({ members: by('label', 'a', 'b') as never, combine: 'mean' });
    expect(await refused(models, words)).toContain('there is no mean of string');
  });

  it('puts all fields side by side, those of the same name under their member’s', async () => {
    const named = { ...translator, inputs: [{ name: 'x', type: 'double' }], answer: () => ({ text: 'hi' }) };
    const bare = { ...shouter, inputs: [{ name: 'x', type: 'double' }], answer: () => 'LOUD' };
    const members = ['a', { model: 'b', onError: 'omit' as const }, 'named', 'bare'];
    const graph = ensemble({ members, combine: 'concat' });
    const house = composed({ ...models, named, bare }, { g: graph });
    expect((await house.ask('g', { x: 1 })).answer).toEqual([
      { 'a.label': 'cat', 'a.score': 1, 'b.label': 'dog', 'b.score': 1, text: 'hi', bare: 'LOUD' },
    ]);
    house.engine.plan({ model: 'b', version: '1' }).answer = broken;
    expect((await house.ask('g', { x: 1 })).answer).toMatchObject([{ 'a.label': 'cat', 'b.label': null }]);
  });

  it('gives each member what it takes, under its own names', async () => {
    const other: TestModel = {
      inputs: [
        { name: 'amount', type: 'double' },
        { name: 'extra', type: 'string', required: false },
      ],
      outputs: [{ name: 'score', type: 'double' }],
      answer: ({ amount, extra }) => ({ score: Number(amount) + said(extra ?? '').length }),
    };
    const members = [
      { model: 'a', field: 'score' },
      { model: 'other', input: { amount: 'x' } },
    ];
    const graph = ensemble({ members, combine: 'mean' });
    const house = composed({ ...models, other }, { g: graph });
    expect((await house.ask('g', { x: 2, extra: 'four' })).answer).toEqual([{ score: 4 }]);
    expect((await house.ask('g', { x: 2 })).answer).toEqual([{ score: 2 }]);
    const wrong = ensemble({ members: [{ model: 'other', input: { amuont: 'x' } }], combine: 'mean' });
    expect(await refused({ other }, wrong)).toContain('it takes no `amuont`');
  });

  it.each([
    [['a', 'b'], 'vote', 'say which one counts with `field`'],
    [[{ model: 'a', field: 'lable' }], 'vote', 'no `lable`'],
    [[{ model: 'a', field: 'score' }], 'vote', 'double is no label to vote with'],
    [['a', 'wordy'], 'concat', 'no type fits all that take `x`'],
    [['a', 'bare'], 'concat', "'a' and 'bare' do not take the same"],
  ] as const)('is refused at the start where it cannot be combined: %j %s', async (members, combine, why) => {
    const wordy = { ...labelled('x'), inputs: [{ name: 'x', type: 'string' }] };
    const message = await refused({ ...models, wordy, bare: shouter }, ensemble({ members, combine }));
    expect(message).toContain(why);
  });
});
