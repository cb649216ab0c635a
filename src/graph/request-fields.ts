import { describeType } from '../contract/describe-type.ts';
import type { ColumnSchema } from '../contract/signature.ts';
import { sharedType } from './fit.ts';
import { invalid } from './reading.ts';
import type { Field } from './row-shape.ts';

interface Use extends Field {
  readonly edge: string;
}

/** The inputs of a composed model, gathered from what its members need of the request. */
export class RequestFields {
  readonly #uses = new Map<string, Use[]>();

  /** @param edge Who takes it: `gate.prompt`. */
  need(name: string, { type, required }: Field, edge: string): void {
    this.#uses.set(name, [...(this.#uses.get(name) ?? []), { type, required, edge }]);
  }

  /** The field as the request has it; null when nobody needs it. Throws INVALID_GRAPH naming the edges. */
  field(name: string, where: string): Field | null {
    const uses = this.#uses.get(name);
    if (uses === undefined) return null;
    const type = sharedType(uses.map((use) => use.type));
    if (type === null) {
      const wanted = uses.map((use) => `${use.edge} takes ${describeType(use.type)}`).join(', ');
      throw invalid(where, `no type fits all that take \`${name}\` of the request: ${wanted}`);
    }
    return { type, required: uses.some((use) => use.required) };
  }

  schema(where: string): ColumnSchema {
    const columns = [...this.#uses.keys()].map((name) => {
      const { type, required } = this.field(name, where) ?? {
        type: { kind: 'any' as const },
        required: false,
      };
      return { name, type, required };
    });
    if (columns.length === 0) throw invalid(where, 'it takes nothing of the request');
    return { kind: 'columns', named: true, columns };
  }
}
