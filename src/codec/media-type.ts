import { arrowType } from './accept.ts';
import { countersignError } from '../errors/countersign-error.ts';

/** A parameter of a media type: a token, then a token or a quoted string. */
const parameter = /^[^\s=;"]+=(?:"([^"\\]*)"|([^\s;"]*))$/;

/**
 * Holds a request to JSON in UTF-8. Upper and lower case are the same; no content type at all is taken as JSON.
 * Errors: UNSUPPORTED_MEDIA_TYPE.
 */
export function requireJson(contentType: string | null): void {
  if (contentType === null) return;
  const [type = '', ...parameters] = contentType.split(';').map((part) => part.trim().toLowerCase());
  if (type === 'application/json' && parameters.every(isUtf8Charset)) return;
  throw countersignError('UNSUPPORTED_MEDIA_TYPE', shown(contentType), ['application/json', arrowType]);
}

function isUtf8Charset(text: string): boolean {
  if (text === '') return true;
  const [, quoted, plain] = parameter.exec(text) ?? [];
  const value = quoted ?? plain;
  return value !== undefined && (!text.startsWith('charset=') || value === 'utf-8' || value === 'utf8');
}

function shown(contentType: string): string {
  const text = contentType.trim();
  return text === '' ? 'that is empty' : text.length > 100 ? `${text.slice(0, 100)}...` : text;
}
