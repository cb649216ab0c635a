/* eslint-disable @typescript-eslint/no-unsafe-assignment, @typescript-eslint/no-unsafe-call,
   @typescript-eslint/restrict-plus-operands -- what does not compile has no types */
/**
 * What must compile and what must not, of composed models. There is nothing to run: `npm run types` reads this file,
 * and an error that is expected and does not come is one itself.
 */
import {
  compose,
  condition,
  type CountersignConfig,
  ensemble,
  invalidRow,
  member,
  pipeline,
} from 'countersign';

// As `countersign types` writes it.
declare module 'countersign' {
  interface Models {
    'typed gate': { input: { amount: number }; output: { score: number } };
    typed_expert: {
      input: { amount: number; note?: string | null };
      output: { label: string; count: bigint };
    };
  }
}

const gated = {
  members: { gate: 'typed gate', expert: 'typed_expert@production' },
  inputs: 'gate',
  outputs: [
    { name: 'label', type: 'string' },
    { name: 'score', type: 'double' },
    { name: 'reasons', type: 'array', items: { type: 'string' } },
  ],
} as const;

export const good = compose({
  ...gated,
  async predict(row, { gate, expert }, { signal, requestId }) {
    signal.throwIfAborted();
    const amount: number = row.amount;
    const { score } = await gate({ amount });
    if (amount < 0) throw invalidRow('an amount is not negative', '/amount');
    if (score < 0.5) return { label: `${requestId} is fine`, score };
    const { label } = await expert(row);
    return { label, score, reasons: ['expert'] };
  },
});

export const wrongInputColumn = compose({
  ...gated,
  async predict(row, { gate }) {
    // @ts-expect-error the gate takes `amount`
    const { score } = await gate({ amuont: row.amount });
    return { label: '', score };
  },
});

export const wrongRequestColumn = compose({
  ...gated,
  async predict(row, { gate }) {
    // @ts-expect-error there is no `price` in the request
    const { score } = await gate({ amount: row.price });
    return { label: '', score };
  },
});

export const wrongAnswerColumn = compose({
  ...gated,
  async predict(row, { expert }) {
    // @ts-expect-error the expert answers `label`
    const { lable } = await expert(row);
    return { label: String(lable), score: 1 };
  },
});

// @ts-expect-error `score` is a number
export const wrongType = compose({
  ...gated,
  predict: (row) => ({ label: 'a', score: String(row.amount) }),
});

export const missingOutput = compose({
  ...gated,
  // @ts-expect-error `label` is required
  predict: (row) => ({ score: row.amount }),
});

export const unknownMember = compose({
  ...gated,
  // @ts-expect-error there is no member `judge`
  predict: async (row, { judge }) => ({ label: String(await judge(row)), score: 1 }),
});

export const noSuchMember = compose({
  members: { gate: 'typed gate' },
  // @ts-expect-error there is no member `door`
  inputs: 'door',
  outputs: 'gate',
  predict: () => ({ score: 1 }),
});

export const leftOut = compose({
  members: { gate: { model: 'typed gate', onError: 'omit' } },
  inputs: 'gate',
  outputs: [{ name: 'score', type: 'double' }],
  async predict(row, { gate }) {
    const answer = await gate(row);
    // @ts-expect-error it may have been left out
    const { score } = answer;
    return { score: answer?.score ?? score };
  },
});

export const lists = compose({
  members: { gate: 'typed gate/2' },
  inputs: 'gate',
  outputs: 'gate',
  batch: true,
  predict: (rows, { gate }) => gate.rows(rows),
});

export const longsAreNumbers = compose({
  members: { gate: 'typed gate' },
  inputs: [{ name: 'n', type: 'long' }],
  outputs: [{ name: 'n', type: 'long' }],
  predict: ({ n }) => ({ n: n + 1 }),
});

export const longsAreBigints = compose({
  members: { gate: 'typed gate' },
  inputs: [{ name: 'n', type: 'long' }],
  outputs: [{ name: 'n', type: 'long' }],
  longs: 'bigint',
  // @ts-expect-error a bigint and a number are not added
  predict: ({ n }) => ({ n: n + 1 }),
});

export const optionalColumns = compose({
  members: { gate: 'typed gate' },
  inputs: [
    { name: 'note', type: 'string', required: false },
    { name: 'tags', type: 'array', items: { type: 'string' } },
  ],
  outputs: [{ type: 'string' }],
  // @ts-expect-error a note may be absent, or null
  predict: ({ note }) => note.toUpperCase(),
});

export const bareRowsAndTensors = compose({
  members: { gate: 'typed gate' },
  inputs: [{ type: 'tensor', 'tensor-spec': { dtype: 'float32', shape: [-1, 2, 2] } }],
  outputs: [{ type: 'tensor', 'tensor-spec': { dtype: 'int64', shape: [-1] } }],
  predict: (row) => row.reduce((sum, line) => sum + line.length, 0),
});

export const params = compose({
  members: { gate: 'typed gate' },
  inputs: 'gate',
  outputs: 'gate',
  params: [
    { name: 'limit', type: 'double', default: 0.5 },
    { name: 'names', type: 'string', default: [], shape: [-1] },
  ],
  predict(row, _members, context) {
    const names: readonly string[] = context.params.names;
    // @ts-expect-error there is no such param
    const wrong: unknown = context.params.limits;
    return { score: context.params.limit + names.length + Number(wrong) + row.amount };
  },
});

export const typedByHand = compose({
  members: { any: member<{ text: string }, { length: number }>('not_in_the_types') },
  inputs: [{ name: 'text', type: 'string' }],
  outputs: [{ name: 'length', type: 'double' }],
  async predict(row, { any }) {
    // @ts-expect-error it takes a text
    await any({ text: 1 });
    return any(row);
  },
});

export const untyped = compose({
  members: { any: 'not_in_the_types' },
  inputs: [{ name: 'text', type: 'string' }],
  outputs: [{ name: 'length', type: 'double' }],
  async predict(row, { any }) {
    const answer = await any(row);
    // @ts-expect-error nothing is known of its rows
    return { length: answer.length };
  },
});

export const forms = {
  graphs: {
    good,
    line: pipeline([
      'typed gate',
      { model: 'typed_expert', input: { amount: 'score', note: { value: 'x' } } },
    ]),
    way: condition({
      ask: 'typed gate',
      when: { field: 'score', above: 0.5 },
      then: { ask: { model: 'typed_expert', input: { amount: { from: 'request', field: 'amount' } } } },
      else: { output: { label: { value: 'fine' } } },
    }),
    // @ts-expect-error it says what of the answer, not what is asked of it
    open: condition({ ask: 'typed gate', when: { field: 'score' } }),
    // @ts-expect-error a number is above a number
    text: condition({ ask: 'typed gate', when: { field: 'score', above: 'much' } }),
    // @ts-expect-error no such way to combine
    bad: ensemble({ members: ['typed gate'], combine: 'average' }),
  },
} satisfies CountersignConfig;
