import { describe, expect, it } from 'vitest';

import { drawMermaid } from './draw-mermaid.ts';
import { drawTree } from './draw-tree.ts';
import { parseGraphs } from './parse-graphs.ts';

const column = [{ name: 'x', type: 'double' }];
const graphs = parseGraphs({
  inner: {
    pipeline: [
      'first',
      { model: 'second/2', input: { prompt: { from: 'request', field: 'text' }, tone: { value: 'dry' } } },
    ],
  },
  outer: {
    ensemble: {
      combine: 'vote',
      members: [
        { model: 'inner', weight: 2 },
        { name: 'other', model: 'third@next', field: 'label', onError: 'omit' },
      ],
    },
  },
  gate: {
    condition: {
      ask: 'first',
      when: { field: 'score', above: 0.5 },
      then: { ask: { name: 'yes', model: 'second', input: { prompt: 'text' } } },
      else: { output: { text: 'text' } },
    },
  },
  'code "x"': {
    compose: {
      members: { one: 'm/latest' },
      inputs: column,
      outputs: column,
      batch: true,
      predict: () => [],
    },
  },
});

describe('the tree', () => {
  it('shows members with versions, weights and mappings, and members of members', () => {
    expect(drawTree(['outer'], graphs)).toBe(`outer  (ensemble, vote)
├─ inner  (pipeline, weight 2)
│  ├─ first
│  └─ second/2
│     prompt <- request.text
│     tone <- "dry"
└─ other: third@next  (field label, left out if it fails)
`);
  });
});

describe('the tree of a condition', () => {
  it('says when each member is asked', () => {
    expect(drawTree(['gate'], graphs)).toBe(`gate  (condition)
├─ first
└─ yes: second  (when first.score > 0.5)
   prompt <- text
`);
  });
});

describe('the flowchart', () => {
  it('has both ways of a condition', () => {
    expect(drawMermaid(['gate'], graphs)).toBe(`flowchart LR
  subgraph g0["gate (condition)"]
    g0_in("request")
    g0_0["first"]
    g0_1["yes<br>second"]
    g0_if{"first.score #gt; 0.5"}
    g0_in --> g0_0
    g0_0 --> g0_if
    g0_if -->|"yes<br>prompt ← text"| g0_1
    g0_1 --> g0_out
    g0_if -->|"no"| g0_out
    g0_out("answer")
  end
`);
  });

  it('has an edge from each step to the next, with what goes along it', () => {
    expect(drawMermaid(['inner'], graphs)).toBe(`flowchart LR
  subgraph g0["inner (pipeline)"]
    g0_in("request")
    g0_0["first"]
    g0_1["second/2"]
    g0_in --> g0_0
    g0_0 -->|"prompt ← request.text<br>tone ← #quot;dry#quot;"| g0_1
    g0_1 --> g0_out
    g0_out("answer")
  end
`);
  });

  it('draws all members of an ensemble side by side, and dots what only code knows', () => {
    expect(drawMermaid(['outer'], graphs)).toContain('g0_1 --> g0_all');
    const code = drawMermaid(['code "x"'], graphs);
    expect(code).toContain('g0["code #quot;x#quot; (function of lists)"]');
    expect(code).toContain('g0_in -.-> g0_0');
  });
});
