import { type Graph, type MemberSpec, type Reference } from './definition.ts';

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

const errorWords = { omit: 'left out if it fails', default: 'a default if it fails' } as const;

export function referenceWords(reference: Reference): string {
  if (reference.kind === 'value') return JSON.stringify(reference.value);
  return [reference.from, reference.field].filter((part) => part !== null).join('.');
}
