import { type Issue } from '../../errors/countersign-error.ts';

/** Issues beyond so many are only counted. */
const most = 100;

/** What is wrong with a value, seen from the value itself: pointers are relative to it. */
export class Faults {
  readonly issues: Issue[] = [];
  #beyond = 0;

  /** One thing wrong with the value as a whole, or with the member that the pointer names. */
  static of(message: string, pointer = ''): Faults {
    const faults = new Faults();
    faults.add(pointer, message);
    return faults;
  }

  get count(): number {
    return this.issues.length + this.#beyond;
  }

  add(pointer: string, message: string): void {
    if (this.issues.length < most) this.issues.push({ pointer, message });
    else this.#beyond++;
  }

  /** Takes over the faults of the member at `pointer`. */
  addAll(pointer: string, faults: Faults): void {
    for (const issue of faults.issues) this.add(pointer + issue.pointer, issue.message);
    this.#beyond += faults.#beyond;
  }

  /** All of them, the last one telling how many more there are. */
  listed(): Issue[] {
    return this.#beyond === 0
      ? this.issues
      : [...this.issues, { pointer: '', message: `and ${String(this.#beyond)} more` }];
  }
}

/** One step of a JSON pointer (RFC 6901). */
export function step(member: string | number): string {
  return typeof member === 'number'
    ? `/${String(member)}`
    : `/${member.replaceAll('~', '~0').replaceAll('/', '~1')}`;
}
