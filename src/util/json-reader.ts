/** What to make of the parts of a JSON text that JSON.parse decides on its own. */
export interface JsonDialect {
  /** The value of a number, from its text. */
  readonly number: (text: string) => unknown;
  /** Python's json takes the bare tokens NaN, Infinity and -Infinity. */
  readonly nonFinite: boolean;
}

/** Where a text stops being JSON. Line and column count from 1, the position (in UTF-16 units) from 0. */
export class JsonReadError extends SyntaxError {
  override readonly name = 'JsonReadError';
  readonly position: number;
  readonly line: number;
  readonly column: number;

  constructor(what: string, text: string, position: number) {
    const before = text.slice(0, position);
    const line = before.split('\n').length;
    const column = position - before.lastIndexOf('\n');
    super(`${what} at line ${String(line)}, column ${String(column)}`);
    this.position = position;
    this.line = line;
    this.column = column;
  }
}

/** Deeper than any data is; a recursion that is not bounded would end the process. */
export const maxJsonDepth = 512;

/**
 * Reads a JSON text (RFC 8259), several times slower than JSON.parse: for texts whose numbers JSON.parse would
 * round, and to say where a text is broken. The last of equal keys wins, as there. Throws JsonReadError.
 */
export function readJson(text: string, dialect: JsonDialect): unknown {
  return new JsonReader(text, dialect).document();
}

const numberText = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const blank = /[ \t\n\r]*/y;
// Up to the closing quote; control characters are not allowed in a string, escapes are checked by JSON.parse.
// eslint-disable-next-line no-control-regex
const stringRest = /[^"\\\u0000-\u001f]*["\\]?/y;
const words: readonly (readonly [string, unknown])[] = [
  ['true', true],
  ['false', false],
  ['null', null],
];
const nonFiniteWords: readonly (readonly [string, unknown])[] = [
  ['NaN', Number.NaN],
  ['Infinity', Number.POSITIVE_INFINITY],
  ['-Infinity', Number.NEGATIVE_INFINITY],
];

class JsonReader {
  readonly #text: string;
  readonly #dialect: JsonDialect;
  #position = 0;
  #depth = 0;

  constructor(text: string, dialect: JsonDialect) {
    this.#text = text;
    this.#dialect = dialect;
  }

  document(): unknown {
    const value = this.#value();
    this.#skipBlank();
    if (this.#position < this.#text.length) this.#fail('expected the end');
    return value;
  }

  #value(): unknown {
    this.#skipBlank();
    switch (this.#text[this.#position]) {
      case '{':
        return this.#nested(() => this.#object());
      case '[':
        return this.#nested(() => this.#array());
      case '"':
        return this.#string();
      default:
        return this.#scalar();
    }
  }

  #nested<Result>(read: () => Result): Result {
    if (++this.#depth > maxJsonDepth) this.#fail(`nested deeper than ${String(maxJsonDepth)} levels`);
    this.#position++;
    const value = read();
    this.#depth--;
    return value;
  }

  #object(): Record<string, unknown> {
    const members: Record<string, unknown> = {};
    if (this.#take('}')) return members;
    do {
      this.#skipBlank();
      if (this.#text[this.#position] !== '"') this.#fail('expected a key in double quotes');
      const key = this.#string();
      if (!this.#take(':')) this.#fail('expected `:`');
      setOwn(members, key, this.#value());
    } while (this.#take(','));
    if (!this.#take('}')) this.#fail('expected `,` or `}`');
    return members;
  }

  #array(): unknown[] {
    const items: unknown[] = [];
    if (this.#take(']')) return items;
    do items.push(this.#value());
    while (this.#take(','));
    if (!this.#take(']')) this.#fail('expected `,` or `]`');
    return items;
  }

  #string(): string {
    const start = this.#position++;
    for (;;) {
      const end = this.#match(stringRest);
      if (end.endsWith('"')) break;
      if (!end.endsWith('\\')) this.#fail('unfinished string or control character in it');
      this.#position++;
    }
    const token = this.#text.slice(start, this.#position);
    if (!token.includes('\\')) return token.slice(1, -1);
    try {
      return JSON.parse(token) as string;
    } catch {
      this.#position = start;
      return this.#fail('wrong escape in the string');
    }
  }

  #scalar(): unknown {
    for (const [word, value] of this.#dialect.nonFinite ? [...words, ...nonFiniteWords] : words) {
      if (!this.#text.startsWith(word, this.#position)) continue;
      this.#position += word.length;
      return value;
    }
    const number = this.#match(numberText);
    if (number === '') this.#fail(this.#position < this.#text.length ? 'expected a value' : 'unexpected end');
    return this.#dialect.number(number);
  }

  #take(character: string): boolean {
    this.#skipBlank();
    if (this.#text[this.#position] !== character) return false;
    this.#position++;
    return true;
  }

  #skipBlank(): void {
    if (this.#text.charCodeAt(this.#position) <= 32) this.#match(blank);
  }

  /** Takes what a sticky pattern matches here; nothing when it does not. */
  #match(pattern: RegExp): string {
    pattern.lastIndex = this.#position;
    const found = pattern.exec(this.#text)?.[0] ?? '';
    this.#position += found.length;
    return found;
  }

  #fail(what: string): never {
    throw new JsonReadError(what, this.#text, this.#position);
  }
}

/** As JSON.parse: `__proto__` is a name like any other. */
function setOwn(target: Record<string, unknown>, key: string, value: unknown): void {
  if (key !== '__proto__') target[key] = value;
  else Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true });
}
