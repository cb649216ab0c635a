import { arrowType } from '../../codec/accept.ts';
import type { Content } from './openapi-types.ts';

/** A request or an answer as an Arrow stream: bytes, which no JSON schema describes. */
export function arrowContent(description: string): Content {
  return { [arrowType]: { schema: { description } } };
}
