/**
 * A number written with a fraction or an exponent whose double does not tell which integer it is, or whether it
 * is one: `12345678901234567890e-1` is an integer, `1.00000000000000001` is none though its double is 1.
 */
export class Decimal {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  /** The nearest double. */
  get value(): number {
    return Number(this.text);
  }

  /** The integer it is; null when it is none, or too large for 64 bits. */
  toInteger(): bigint | null {
    const [, sign = '', whole = '', fraction = '', exponent = '0'] = decimalText.exec(this.text) ?? [];
    const digits = withoutLastZeros(whole + fraction);
    const significant = digits.replace(/^0+/, '');
    if (significant === '') return 0n;
    const zeros = whole.length - digits.length + Number(exponent);
    if (zeros < 0 || significant.length + zeros > 20) return null;
    return BigInt(`${sign}${significant}${'0'.repeat(zeros)}`);
  }
}

/** Not by a pattern: /0+$/ begins anew at each zero, so that a body of a few hundred kilobytes would take minutes. */
function withoutLastZeros(digits: string): string {
  let end = digits.length;
  while (digits[end - 1] === '0') end--;
  return digits.slice(0, end);
}

const decimalText = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/;
const integerText = /^-?\d+$/;
/** Any decimal of up to so many characters, without an exponent, is told apart by its double. */
const faithfulLength = 15;

/**
 * The value of a JSON number from its text: a number where a double says it all, a bigint for a larger
 * integer, a Decimal where a double could be mistaken for an integer, infinity beyond the doubles.
 */
export function exactNumber(text: string): number | bigint | Decimal {
  const value = Number(text);
  if (!Number.isInteger(value)) return value;
  if (integerText.test(text)) return Number.isSafeInteger(value) ? value : BigInt(text);
  return text.length <= faithfulLength && !/[eE]/.test(text) ? value : new Decimal(text);
}

/**
 * Whether JSON.parse might round an integer of the text, or make one of what is none. Sound, and rarely true
 * without need: 16 digits before the point, 10 with more behind it, a fraction of nothing but nines or zeros at
 * first, an exponent that makes a number large or vanish.
 */
export function needsExactNumbers(text: string): boolean {
  return inexact.test(text);
}

const inexact = /(?<![.\d])(?:\d{16}|\d{10,15}\.\d)|\.(?:0{6}|9{6})|\d[eE](?:\+?\d|-\d{3})/;
