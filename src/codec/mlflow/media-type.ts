import { arrowType } from '../accept.ts';
import { countersignError } from '../../errors/countersign-error.ts';

/** Formats of `/invocations`; each has a file that reads it. */
export type BodyFormat = 'json' | 'csv' | 'parquet' | 'arrow';

const formats: ReadonlyMap<string, BodyFormat> = new Map([
  ['application/json', 'json'],
  ['text/csv', 'csv'],
  ['application/vnd.apache.parquet', 'parquet'],
  [arrowType, 'arrow'],
]);

/**
 * The format that a content type names, as MLflow reads it: upper and lower case differ, and `charset=utf-8` is the
 * only parameter. Errors: UNSUPPORTED_MEDIA_TYPE, also where there is no content type (MLflow answers 500).
 */
export function bodyFormat(contentType: string | null): BodyFormat {
  if (contentType === 'application/json') return 'json';
  const [type = '', ...parameters] = (contentType ?? '').split(';').map((part) => part.trim());
  const format = formats.get(type);
  if (format !== undefined && parameters.every(isUtf8)) return format;
  throw countersignError('UNSUPPORTED_MEDIA_TYPE', contentType ?? '(none)', [...formats.keys()]);
}

function isUtf8(parameter: string): boolean {
  const [name, ...value] = parameter.split('=');
  return name === 'charset' && value.join('=').toLowerCase() === 'utf-8';
}

/** The formats of MLflow itself. Errors: UNSUPPORTED_MEDIA_TYPE. */
export function requireMlflowFormat(contentType: string | null): void {
  if (bodyFormat(contentType) !== 'arrow') return;
  const own = [...formats].flatMap(([type, format]) => (format === 'arrow' ? [] : [type]));
  throw countersignError('UNSUPPORTED_MEDIA_TYPE', contentType ?? '(none)', own);
}
