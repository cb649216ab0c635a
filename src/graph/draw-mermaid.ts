import type { ConditionGraph, Graph, Step } from './definition.ts';
import { kindWords } from './draw-tree.ts';
import { conditionWords, memberNotes, modelWords, referenceWords, stepsOf } from './graph-words.ts';

/**
 * Composed models as a Mermaid flowchart, one subgraph each. Which members a function asks, and when, is in its code:
 * its edges are dotted.
 * @see https://mermaid.js.org/syntax/flowchart.html
 */
export function drawMermaid(names: readonly string[], graphs: ReadonlyMap<string, Graph>): string {
  const drawn = names.flatMap((name, index) => {
    const graph = graphs.get(name);
    return graph === undefined ? [] : subgraph(graph, `g${String(index)}`);
  });
  return `${['flowchart LR', ...drawn.map((line) => `  ${line}`)].join('\n')}\n`;
}

function subgraph(graph: Graph, id: string): readonly string[] {
  const lines = [
    `${id}_in(${quoted('request')})`,
    ...graph.members.map((_, index) => `${memberId(id, index)}[${quoted(...memberWords(graph, index))}]`),
    ...edges(graph, id),
    `${id}_out(${quoted('answer')})`,
  ];
  return [
    `subgraph ${id}[${quoted(`${graph.name} (${kindWords(graph)})`)}]`,
    ...lines.map((line) => `  ${line}`),
    'end',
  ];
}

function memberId(id: string, index: number): string {
  return `${id}_${String(index)}`;
}

function memberWords(graph: Graph, index: number): readonly string[] {
  const member = graph.members[index];
  if (member === undefined) return [];
  const model = modelWords(member);
  const names = member.name === member.model ? [model] : [member.name, model];
  return [...names, ...memberNotes(graph, index)];
}

function edges(graph: Graph, id: string): readonly string[] {
  const ids = graph.members.map((_, index) => memberId(id, index));
  switch (graph.kind) {
    case 'pipeline': {
      const stops = [`${id}_in`, ...ids, `${id}_out`];
      return stops
        .slice(1)
        .map((to, index) => `${stops[index] ?? ''} -->${label(mappingWords(graph.steps[index]))} ${to}`);
    }
    case 'condition':
      return conditionEdges(graph, id);
    case 'ensemble':
      return [
        `${id}_all{{${quoted(graph.combine)}}}`,
        ...ids.flatMap((member) => [`${id}_in --> ${member}`, `${member} --> ${id}_all`]),
        `${id}_all --> ${id}_out`,
      ];
    case 'function':
      return ids.flatMap((member) => [`${id}_in -.-> ${member}`, `${member} -.-> ${id}_out`]);
  }
}

function conditionEdges(graph: ConditionGraph, id: string): readonly string[] {
  const steps = stepsOf(graph);
  const idOf = (step: Step): string => memberId(id, steps.indexOf(step));
  const { first, then, otherwise } = graph;
  const asked =
    first === null
      ? [`${id}_in --> ${id}_if`]
      : [`${id}_in -->${label(mappingWords(first))} ${idOf(first)}`, `${idOf(first)} --> ${id}_if`];
  const ways = [
    { way: 'yes', step: then.step },
    { way: 'no', step: otherwise.step },
  ].flatMap(({ way, step }) =>
    step === null
      ? [`${id}_if -->${label([way])} ${id}_out`]
      : [`${id}_if -->${label([way, ...mappingWords(step)])} ${idOf(step)}`, `${idOf(step)} --> ${id}_out`],
  );
  return [`${id}_if{${quoted(conditionWords(graph))}}`, ...asked, ...ways];
}

function mappingWords(step: Step | undefined): readonly string[] {
  if (step === undefined) return [];
  const { bare, fields } = step.mapping;
  const words = [...fields].map(([field, from]) => `${field} ← ${referenceWords(from)}`);
  return bare === null ? words : [referenceWords(bare), ...words];
}

function label(words: readonly string[]): string {
  return words.length === 0 ? '' : `|${quoted(...words)}|`;
}

const entities: Readonly<Record<string, string>> = { '#': '#35;', '"': '#quot;', '<': '#lt;', '>': '#gt;' };

/** Lines of text, whatever they hold: as entities of Mermaid. */
function quoted(...lines: readonly string[]): string {
  const safe = lines.map((line) => line.replaceAll(/[#"<>]/g, (character) => entities[character] ?? ''));
  return `"${safe.join('<br>')}"`;
}
