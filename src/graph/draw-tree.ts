import type { Graph, MemberSpec, Reference } from './definition.ts';
import { memberNotes, modelWords, referenceWords, stepsOf, whenNotes } from './graph-words.ts';

/** Composed models as a tree, a member that is composed itself with its own members below it. */
export function drawTree(names: readonly string[], graphs: ReadonlyMap<string, Graph>): string {
  return names.map((name) => treeOf(name, graphs)).join('\n');
}

function treeOf(name: string, graphs: ReadonlyMap<string, Graph>): string {
  const graph = graphs.get(name);
  if (graph === undefined) return '';
  return [`${name}  (${kindWords(graph)})`, ...branches(graph, graphs), ''].join('\n');
}

export function kindWords(graph: Graph): string {
  if (graph.kind === 'ensemble') return `ensemble, ${graph.combine}`;
  return graph.kind === 'function' && graph.batch ? 'function of lists' : graph.kind;
}

function branches(graph: Graph, graphs: ReadonlyMap<string, Graph>): readonly string[] {
  const last = graph.members.length - 1;
  return graph.members.flatMap((member, index) => {
    const [fork, stem] = index === last ? ['└─ ', '   '] : ['├─ ', '│  '];
    const inner = graphs.get(member.model);
    const below = [...mappingLines(graph, index), ...(inner === undefined ? [] : branches(inner, graphs))];
    return [fork + memberLine(graph, member, index, inner), ...below.map((line) => stem + line)];
  });
}

function memberLine(graph: Graph, member: MemberSpec, index: number, inner: Graph | undefined): string {
  const model = modelWords(member);
  const name = member.name === member.model ? model : `${member.name}: ${model}`;
  const notes = [
    ...(inner === undefined ? [] : [kindWords(inner)]),
    ...whenNotes(graph, index),
    ...memberNotes(graph, index),
  ];
  return notes.length === 0 ? name : `${name}  (${notes.join(', ')})`;
}

function mappingLines(graph: Graph, index: number): readonly string[] {
  const mapping = stepsOf(graph)[index]?.mapping;
  if (mapping !== undefined) {
    const bare = mapping.bare;
    const line = (field: string, reference: Reference): string => `${field} <- ${referenceWords(reference)}`;
    const lines = [...mapping.fields].map(([field, reference]) => line(field, reference));
    return bare === null ? lines : [line('input', bare), ...lines];
  }
  if (graph.kind !== 'ensemble') return [];
  return [...(graph.parts[index]?.renamed ?? [])].map(([field, from]) => `${field} <- request.${from}`);
}
