import type { Issue } from '../../errors/countersign-error.ts';

/** Issues beyond so many are only counted. */
const most = 100;
/** A longer pointer is cut to the value around it, or a hundred long keys would make an answer of gigabytes. */
const longestPointer = 2_000;

/** The words of an issue; a function where to find them costs more than to count the issue. */
type Words = string | (() => string);

/** What is wrong with a value, seen from the value itself: pointers are relative to it. */
export class Faults {
  readonly #issues: { readonly pointer: string; readonly words: Words }[] = [];
  #beyond = 0;

  /** One thing wrong with the value as a whole, or with the member that the pointer names. */
  static of(message: string, pointer = ''): Faults {
    const faults = new Faults();
    faults.add(pointer, message);
    return faults;
  }

  get count(): number {
    return this.#issues.length + this.#beyond;
  }

  add(pointer: string, words: Words): void {
    if (this.#issues.length < most)
      this.#issues.push({ pointer: pointer.length > longestPointer ? '' : pointer, words });
    else this.#beyond++;
  }

  /** Takes over the faults of the member at `pointer`. */
  addAll(pointer: string, faults: Faults): void {
    for (const { pointer: within, words } of faults.#issues) {
      const whole = pointer.length + within.length <= longestPointer;
      this.add(whole ? pointer + within : pointer, words);
    }
    this.#beyond += faults.#beyond;
  }

  /** All of them, the last one telling how many more there are. */
  listed(): Issue[] {
    const issues = this.#issues.map(({ pointer, words }) => ({
      pointer,
      message: typeof words === 'string' ? words : words(),
    }));
    if (this.#beyond > 0) issues.push({ pointer: '', message: `and ${String(this.#beyond)} more` });
    return issues;
  }
}

/** One step of a JSON pointer (RFC 6901). */
export function step(member: string | number): string {
  return typeof member === 'number'
    ? `/${String(member)}`
    : `/${member.replaceAll('~', '~0').replaceAll('/', '~1')}`;
}
