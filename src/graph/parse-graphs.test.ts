import { describe, expect, it } from 'vitest';

import { CountersignError } from '../errors/countersign-error.ts';
import { compose } from './compose.ts';
import { ensemble, pipeline } from './forms.ts';
import { memberModels } from './member-models.ts';
import { parseGraphs } from './parse-graphs.ts';

function complaint(graphs: unknown): string {
  try {
    parseGraphs(graphs);
  } catch (error) {
    if (error instanceof CountersignError && error.code === 'INVALID_GRAPH') return error.message;
    throw error;
  }
  return 'no complaint';
}

const column = [{ name: 'x', type: 'double' }] as const;
const fn = { members: { a: 'm' }, inputs: column, outputs: column, predict: () => ({ x: 1 }) };

describe('what stands under graphs', () => {
  it('is the same from the helpers and from JSON or YAML', () => {
    const steps = ['first', { model: 'second', input: { prompt: 'answer' } }];
    const members = ['a', { model: 'b', weight: 2 }];
    expect(parseGraphs({ p: { pipeline: { steps } } })).toEqual(parseGraphs({ p: pipeline({ steps }) }));
    expect(parseGraphs({ p: { pipeline: steps } })).toEqual(parseGraphs({ p: pipeline(steps) }));
    expect(parseGraphs({ e: { ensemble: { members, combine: 'vote' } } })).toEqual(
      parseGraphs({ e: ensemble({ members, combine: 'vote' }) }),
    );
  });

  it('names versions as MLflow’s URIs do', () => {
    const members = { a: 'm', b: 'm/02', c: 'm@next', d: 'm/latest', e: 'a@b@next' };
    const graph = parseGraphs({ g: { compose: { ...fn, members } } }).get('g');
    expect(graph?.members.map(({ model, selector }) => [model, selector])).toEqual([
      ['m', { kind: 'default' }],
      ['m', { kind: 'version', version: '2' }],
      ['m', { kind: 'alias', alias: 'next' }],
      ['m', { kind: 'latest' }],
      ['a@b', { kind: 'alias', alias: 'next' }],
    ]);
  });

  it('may be nothing', () => {
    expect(parseGraphs(undefined).size).toBe(0);
    expect(parseGraphs(null).size).toBe(0);
  });

  it.each([
    [[], 'graphs: expected an object'],
    [{ 'a/b': { compose: fn } }, 'no slash'],
    [{ g: {} }, 'expected one of compose, pipeline, condition, ensemble'],
    [{ g: { pipline: [] } }, 'did you mean `pipeline`?'],
    [{ g: { pipeline: [] } }, 'graphs.g.steps: expected a list that is not empty'],
    [{ g: { pipeline: { steps: ['a'], ouput: {} } } }, 'did you mean `output`?'],
    [{ g: { pipeline: ['a', 'a'] } }, "two members are called 'a'"],
    [
      { g: { pipeline: ['a', { model: 'b', input: { x: { from: 'c', field: 'y' } } }] } },
      "there is no 'c' before it",
    ],
    [{ g: { pipeline: [{ model: 'a', onError: 'omit' }] } }, 'a step cannot be left out'],
    [{ g: { pipeline: [{ model: 'a', name: 'request' }] } }, 'the name of the request'],
    [{ g: { pipeline: ['a/next'] } }, "'next' is no version"],
    [{ g: { ensemble: { members: ['a'], combine: 'average' } } }, 'expected one of mean, vote, concat'],
    [
      { g: { ensemble: { members: [{ model: 'a', weight: 0 }], combine: 'mean' } } },
      'weight: expected a number above 0',
    ],
    [{ g: { ensemble: { members: [{ model: 'a', onError: 'ignore' }], combine: 'mean' } } }, 'onError'],
    [{ g: { compose: { ...fn, predict: 'x' } } }, 'predict: expected a function'],
    [{ g: { compose: { ...fn, inputs: 'b' } } }, "there is no member 'b'"],
    [{ g: { compose: { ...fn, inputs: [{ name: 'x', type: 'flaot' }] } } }, 'graphs.g.inputs'],
    [{ g: { compose: { ...fn, outputs: undefined } } }, 'graphs.g.outputs: expected a list of columns'],
    [{ g: { compose: { ...fn, batch: 'yes' } } }, 'batch: expected true or false'],
    [{ g: { compose: { ...fn, longs: 'big' } } }, 'expected one of number, bigint'],
  ])('refuses %j, saying where and what', (graphs, what) => {
    expect(complaint(graphs)).toContain(what);
  });

  it('refuses a circle, naming the way round', () => {
    expect(complaint({ a: { pipeline: ['b'] }, b: { pipeline: ['c'] }, c: { pipeline: ['a'] } })).toContain(
      'a -> b -> c -> a',
    );
    expect(complaint({ a: { pipeline: ['a'] } })).toContain('a -> a');
  });

  it('takes a member of two composed models for no circle', () => {
    const graphs = parseGraphs({
      a: { pipeline: ['b', 'c'] },
      b: { pipeline: ['d'] },
      c: { pipeline: ['d'] },
    });
    expect(memberModels(['a'], graphs).map(({ model }) => model)).toEqual(['d', 'd']);
  });

  it('takes what compose was given as it is', () => {
    const graph = parseGraphs({
      g: compose({ members: { a: 'm' }, inputs: column, outputs: 'a', predict: () => ({}) }),
    }).get('g');
    expect(graph).toMatchObject({ kind: 'function', outputs: { kind: 'member', name: 'a' }, batch: false });
  });
});
