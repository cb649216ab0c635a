import { formatDatetime } from '../../payload/datetime.ts';
import { encodeBase64 } from '../values/base64.ts';
import type { JsonStyle } from '../values/style.ts';

/** How `/serve` writes what JSON has no words for: NaN is null, infinities are text. DESIGN section 6. */
export const serveStyle: JsonStyle = {
  shortFloats: true,
  nonFinite: (value) => (Number.isNaN(value) ? 'null' : `"${String(value)}"`),
  nestedNonFinite: (value) => `"${String(value)}"`,
  datetime: (nanoseconds) => `"${formatDatetime(nanoseconds)}"`,
  notATime: 'null',
  bytes: (bytes) => `"${encodeBase64(bytes)}"`,
};
