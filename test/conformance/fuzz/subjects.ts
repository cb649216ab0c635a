import fc from 'fast-check';

import type { Invocation } from './invocation.ts';
import { anything, damaged, hinted, mislabelled, unwrapped, withParams } from './requests.ts';
import type { Shape } from './shape.ts';
import { type ColumnShape, fittingTables, frames, jsonForms, tables } from './tables.ts';
import { tensors } from './tensors.ts';

function columns(shapes: Readonly<Record<string, Shape>>, optional = false): readonly ColumnShape[] {
  return Object.entries(shapes).map(([name, shape]) => ({ name, shape, ...(optional && { optional }) }));
}

/** What CSV can say to MLflow too. */
const plainScalars = {
  b: 'boolean',
  i: 'integer',
  l: 'long',
  f: 'float',
  d: 'double',
  s: 'string',
} as const;
const scalars = { ...plainScalars, bin: 'binary', t: 'datetime' } as const;

const person: Shape = {
  object: { name: 'string', age: 'long', score: 'double', tags: { array: 'string' } },
  optional: ['score', 'tags'],
};
const complex = columns({ vec: { array: 'double' }, person, counts: { map: 'long' } });
/** Of lists of one length, since MLflow makes no array of others. */
const complexOptional = columns(
  {
    grid: { array: { array: 'long', length: 2 } },
    people: { array: person },
    groups: { map: { array: 'string' } },
    extra: 'any',
  },
  true,
);
const ragged = columns({ grid: { array: { array: 'long' } } }, true);

const iris = columns({
  'sepal length (cm)': 'double',
  'sepal width (cm)': 'double',
  'petal length (cm)': 'double',
  'petal width (cm)': 'double',
});

const allParams: Readonly<Record<string, Shape>> = {
  p_bool: 'boolean',
  p_int: 'integer',
  p_long: 'long',
  p_float: 'float',
  p_double: 'double',
  p_str: 'string',
  p_dt: 'datetime',
  p_none: 'string',
  a_str: { array: 'string' },
  a_double: { array: 'double' },
  a_long: { array: 'long' },
  obj: { object: { k: 'string', n: 'long' }, optional: ['n'] },
  unknown: 'any',
};

const item: Shape = {
  object: { name: 'string', qty: 'integer', price: 'double', tags: { array: 'string' } },
  optional: ['price', 'tags'],
};
const message: Shape = { object: { role: 'string', content: 'string' } };

/** Requests by model of `models/`. */
export const subjects: Readonly<Record<string, fc.Arbitrary<Invocation>>> = {
  scalar_types: tables(columns(scalars), jsonForms),
  scalar_optional: fc.oneof(
    tables(columns(scalars, true), jsonForms),
    tables(columns(plainScalars, true), ['csv']),
  ),
  optional_cols: tables(
    [
      ...columns({ id: 'string', x: 'double' }),
      ...columns({ opt_d: 'double', opt_l: 'long', opt_s: 'string', opt_b: 'boolean' }, true),
    ],
    [...jsonForms, 'csv'],
  ),
  complex_types: fc.oneof(
    tables([...complex, ...complexOptional], [...frames, 'inputs', 'inputs by column']),
    // MLflow takes hardly any of them, for one reason or the other.
    fittingTables([...complex, ...complexOptional], ['instances']),
    fittingTables([...complex, ...ragged], [...frames, 'inputs']),
  ),
  cat_pipeline: tables(columns({ city: 'string', plan: 'string', age: 'double', visits: 'long' }), [
    ...jsonForms,
    'csv',
  ]),
  onnx_cols: tables(columns({ a: 'float', b: 'float' }), [...jsonForms, 'csv']),
  onnx_iris: tensors([{ name: 'X', element: 'float', dimensions: [-1, 4] }]),
  tensor_fixed: tensors([{ name: null, element: 'double', dimensions: [2, 3] }]),
  tensor_image: tensors([{ name: null, element: 'uint8', dimensions: [-1, 2, 2, 3] }]),
  tensor_str: tensors([{ name: null, element: 'string', dimensions: [-1, 2] }]),
  tensor_named: fc.oneof(
    tensors([
      { name: 'a', element: 'float', dimensions: [-1, 3] },
      { name: 'b', element: 'long', dimensions: [-1] },
      { name: 'c', element: 'boolean', dimensions: [-1, 1] },
    ]),
    tables(
      columns({ a: { array: 'float', length: 3 }, b: 'long', c: { array: 'boolean', length: 1 } }),
      frames,
    ),
  ),
  params_all: withParams('"inputs": {"x": [1.5]}', allParams),
  prompt_llm: unwrapped(
    { prompt: 'string' },
    { temperature: 'double', max_tokens: 'long', stop: { array: 'string' } },
  ),
  single_string: fc.oneof(
    tables(columns({ text: 'string' }), [...jsonForms, 'csv']),
    // Of an object beside it MLflow makes labels, and rows: `differences.ts` has that.
    unwrapped({ messages: 'any', text: 'string' }).filter(({ body }) => !body.includes(': {')),
  ),
  hint_list_str: hinted({ array: 'string' }),
  hint_pydantic: hinted({ array: item }),
  chat_model: unwrapped({
    messages: { array: message },
    temperature: 'double',
    max_tokens: 'long',
    stop: { array: 'string' },
    n: 'long',
  }),
  responses_agent: unwrapped({ input: { array: message }, temperature: 'double' }),
  no_signature: anything(),
  raiser: tables([{ name: 'how', shape: 'string' }], frames),
  iris_rf: fc.oneof(
    tables(iris, [...jsonForms, 'csv']),
    damaged(tables(iris, [...jsonForms, 'csv'])),
    mislabelled(tables(iris, ['records', 'csv'])),
  ),
};
