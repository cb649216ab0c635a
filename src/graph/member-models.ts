import type { Selector } from '../endpoint/endpoint.ts';
import type { Graph } from './definition.ts';

/** A registered model that composed models ask, and the version they ask. */
export interface MemberModel {
  readonly model: string;
  readonly selector: Selector;
}

/** The registered models that these composed models ask, through members that are composed themselves too. */
export function memberModels(
  names: readonly string[],
  graphs: ReadonlyMap<string, Graph>,
): readonly MemberModel[] {
  return names.flatMap((name) =>
    (graphs.get(name)?.members ?? []).flatMap(({ model, selector }) =>
      graphs.has(model) ? memberModels([model], graphs) : [{ model, selector }],
    ),
  );
}
