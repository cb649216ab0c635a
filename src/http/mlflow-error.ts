import type { ErrorCode, ErrorKind } from '../errors/catalogue.ts';
import type { CountersignError } from '../errors/countersign-error.ts';
import { json, type TextAnswer } from './answer.ts';
import { publicMessage } from './problem.ts';

/**
 * MLflow's `error_code` per kind. Where the kind's HTTP status has no code of MLflow's, the nearest one.
 * @see https://github.com/mlflow/mlflow/blob/v3.17.2/mlflow/exceptions.py ERROR_CODE_TO_HTTP_STATUS
 */
const codeOfKind: Readonly<Record<ErrorKind, string>> = {
  invalid_argument: 'INVALID_PARAMETER_VALUE',
  unauthenticated: 'UNAUTHENTICATED',
  permission_denied: 'PERMISSION_DENIED',
  not_found: 'RESOURCE_DOES_NOT_EXIST',
  method_not_allowed: 'BAD_REQUEST',
  conflict: 'RESOURCE_CONFLICT',
  failed_precondition: 'RESOURCE_CONFLICT',
  payload_too_large: 'BAD_REQUEST',
  unsupported_media: 'BAD_REQUEST',
  resource_exhausted: 'RESOURCE_EXHAUSTED',
  cancelled: 'CANCELLED',
  deadline_exceeded: 'DEADLINE_EXCEEDED',
  unavailable: 'TEMPORARILY_UNAVAILABLE',
  bad_gateway: 'INTERNAL_ERROR',
  unimplemented: 'NOT_IMPLEMENTED',
  internal: 'INTERNAL_ERROR',
};

/** Rows that MLflow tells apart within a kind: what it cannot parse is BAD_REQUEST. */
const codeOfRow: Partial<Record<ErrorCode, string>> = {
  INVALID_BODY: 'BAD_REQUEST',
  INVALID_INPUT: 'BAD_REQUEST',
};

/** An error as `mlflow models serve` would answer it; a codec or a model that knows better sets `mlflowCode`. */
export function mlflowErrorAnswer(error: CountersignError): TextAnswer {
  if (error.kind === 'method_not_allowed') return mlflowDetail(error.status, 'Method Not Allowed');
  if (error.kind === 'unsupported_media') {
    return { status: error.status, contentType: 'text/plain; charset=utf-8', body: error.message };
  }
  return json({ error_code: mlflowCode(error), message: message(error) }, error.status);
}

/** What MLflow's router answers by itself: unknown paths and methods. */
export function mlflowDetail(status: number, detail: string): TextAnswer {
  return { status, contentType: 'application/json', body: JSON.stringify({ detail }) };
}

function mlflowCode(error: CountersignError): string {
  return error.facts.mlflowCode ?? codeOfRow[error.code] ?? codeOfKind[error.kind];
}

/** This shape has no place for a list of issues or a hint, so the first few go into the message. */
function message(error: CountersignError): string {
  const issues = (error.facts.errors ?? []).slice(0, 5);
  return [
    publicMessage(error),
    ...issues.map((issue) => `${issue.pointer || '(body)'}: ${issue.message}`),
  ].join(' ');
}
