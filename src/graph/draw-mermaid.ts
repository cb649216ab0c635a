import { type Graph } from './definition.ts';
import { kindWords } from './draw-tree.ts';
import { memberNotes, modelWords, referenceWords } from './graph-words.ts';

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
    ...graph.members.map((_, index) => `${memberId(id, index)}[${quoted(memberWords(graph, index))}]`),
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

function memberWords(graph: Graph, index: number): string {
  const member = graph.members[index];
  if (member === undefined) return '';
  const model = modelWords(member);
  const names = member.name === member.model ? [model] : [member.name, model];
  return [...names, ...memberNotes(graph, index)].join('<br>');
}

function edges(graph: Graph, id: string): readonly string[] {
  const ids = graph.members.map((_, index) => memberId(id, index));
  switch (graph.kind) {
    case 'pipeline': {
      const stops = [`${id}_in`, ...ids, `${id}_out`];
      return stops
        .slice(1)
        .map((to, index) => `${stops[index] ?? ''} -->${mappingLabel(graph, index)} ${to}`);
    }
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

function mappingLabel(graph: Extract<Graph, { kind: 'pipeline' }>, index: number): string {
  const mapping = graph.steps[index]?.mapping;
  const fields = [...(mapping?.fields ?? [])].map(([field, from]) => `${field} ← ${referenceWords(from)}`);
  const all =
    mapping === undefined || mapping.bare === null ? fields : [referenceWords(mapping.bare), ...fields];
  return all.length === 0 ? '' : `|${quoted(all.join('<br>'))}|`;
}

/** Mermaid's entities, so that any name is text. */
function quoted(text: string): string {
  const safe = text.replaceAll('#', '#35;').replaceAll('"', '#quot;');
  return `"${safe}"`;
}
