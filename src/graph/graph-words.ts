import { criterionWords } from './criterion.ts';
import type { ConditionGraph, Graph, MemberSpec, Reference, Step } from './definition.ts';

/** A member's model as the config names it: `model_two@production`. */
export function modelWords({ model, selector }: MemberSpec): string {
  switch (selector.kind) {
    case 'default':
      return model;
    case 'latest':
      return `${model}/latest`;
    case 'version':
      return `${model}/${selector.version}`;
    case 'alias':
      return `${model}@${selector.alias}`;
  }
}

/** What else is said of a member: its weight, the field that counts, what happens when it fails. */
export function memberNotes(graph: Graph, index: number): readonly string[] {
  const part = graph.kind === 'ensemble' ? graph.parts[index] : undefined;
  const member = graph.members[index];
  return [
    ...(part === undefined || part.weight === 1 ? [] : [`weight ${String(part.weight)}`]),
    ...(part === undefined || part.field === null ? [] : [`field ${part.field}`]),
    ...(member === undefined || member.onError.kind === 'fail' ? [] : [errorWords[member.onError.kind]]),
  ];
}

/** When a member of a condition is asked: the one that decides, always. */
export function whenNotes(graph: Graph, index: number): readonly string[] {
  const step = stepsOf(graph)[index];
  if (graph.kind !== 'condition' || step === undefined || step === graph.first) return [];
  return [step === graph.then.step ? `when ${conditionWords(graph)}` : `unless ${conditionWords(graph)}`];
}

/** `model_one.score > 0.5`. */
export function conditionWords({ first, criterion }: ConditionGraph): string {
  const from = criterion.value.from ?? first?.member.name ?? 'request';
  return `${referenceWords({ ...criterion.value, from })} ${criterionWords(criterion)}`;
}

/** What each member is asked with, in the order of the members; empty where a graph has no steps. */
export function stepsOf(graph: Graph): readonly Step[] {
  if (graph.kind === 'pipeline') return graph.steps;
  if (graph.kind !== 'condition') return [];
  return [graph.first, graph.then.step, graph.otherwise.step].filter((step) => step !== null);
}

const errorWords = { omit: 'left out if it fails', default: 'a default if it fails' } as const;

export function referenceWords(reference: Reference): string {
  if (reference.kind === 'value') return JSON.stringify(reference.value);
  return [reference.from, reference.field].filter((part) => part !== null).join('.');
}
