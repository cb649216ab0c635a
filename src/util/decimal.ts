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
  // By hand: a pattern begins anew at each digit, which takes several times as long as JSON.parse.
  let at = 0;
  while (at < text.length) {
    const code = text.charCodeAt(at);
    if (code > nine || code < point) at++;
    else if (code === point) {
      if (isFractionOfOne(text, at + 1)) return true;
      at++;
    } else if (code >= zero) {
      const end = endOfDigits(text, at);
      const isWhole = text.charCodeAt(at - 1) !== point;
      if (isWhole && isLong(text, end - at, end)) return true;
      if (hasExponent(text, end)) return true;
      at = end;
    } else at++;
  }
  return false;
}

const plus = 43;
const minus = 45;
const point = 46;
const zero = 48;
const nine = 57;

function isLong(text: string, digits: number, end: number): boolean {
  if (digits >= 16) return true;
  return digits >= 10 && text.charCodeAt(end) === point && isDigit(text, end + 1);
}

function isFractionOfOne(text: string, from: number): boolean {
  const first = text.charCodeAt(from);
  if (first !== zero && first !== nine) return false;
  for (let at = from + 1; at < from + 6; at++) if (text.charCodeAt(at) !== first) return false;
  return true;
}

function hasExponent(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  if (code !== 69 && code !== 101) return false;
  const sign = text.charCodeAt(at + 1);
  if (sign === minus) return endOfDigits(text, at + 2) >= at + 5;
  return isDigit(text, sign === plus ? at + 2 : at + 1);
}

function endOfDigits(text: string, from: number): number {
  let at = from;
  while (isDigit(text, at)) at++;
  return at;
}

/** Of a place beyond the text too, which has none. */
export function isDigit(text: string, place: number): boolean {
  const code = text.charCodeAt(place);
  return code >= zero && code <= nine;
}
