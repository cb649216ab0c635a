import { type CountersignError, countersignError } from '../errors/countersign-error.ts';
import type { FailedMessage } from './message.ts';

/** Whose failure it is. */
interface Ref {
  readonly model: string;
  readonly version: string;
}

/** HTTP status of MLflow's error codes (MLFLOW.md section 3); any other is 500. */
const mlflowStatus: Readonly<Record<string, number>> = {
  NOT_IMPLEMENTED: 501,
  TEMPORARILY_UNAVAILABLE: 503,
  DEADLINE_EXCEEDED: 504,
  REQUEST_LIMIT_EXCEEDED: 429,
  RESOURCE_EXHAUSTED: 429,
  CANCELLED: 499,
  ABORTED: 409,
  RESOURCE_CONFLICT: 409,
  ALREADY_EXISTS: 409,
  NOT_FOUND: 404,
  ENDPOINT_NOT_FOUND: 404,
  RESOURCE_DOES_NOT_EXIST: 404,
  PERMISSION_DENIED: 403,
  CUSTOMER_UNAUTHORIZED: 401,
  UNAUTHENTICATED: 401,
  BAD_REQUEST: 400,
  RESOURCE_ALREADY_EXISTS: 400,
  INVALID_PARAMETER_VALUE: 400,
};

/** What a host reports of a failed load or predict, as an error of the catalogue. */
export function failure(failed: FailedMessage, { model, version }: Ref): CountersignError {
  const what = failed.args[0] ?? 'an unknown error';
  const cause = failed.traceback;
  switch (failed.code) {
    case 'MODEL_FAILED':
      return countersignError('MODEL_FAILED', model, version, what).with({ cause, ...mlflowFacts(failed) });
    case 'INVALID_BODY':
      return countersignError('INVALID_BODY', what).with({ cause, ...mlflowFacts(failed) });
    case 'MODEL_OUTPUT_UNSUPPORTED':
      return countersignError('MODEL_OUTPUT_UNSUPPORTED', model, version, what).with({ cause });
    case 'MODULE_MISSING':
      return countersignError('MODULE_MISSING', what).with({ cause });
    case 'ARTIFACT_UNFETCHED':
      return countersignError('ARTIFACT_UNFETCHED', what).with({ cause });
    case 'LOAD_FAILED':
      return countersignError('LOAD_FAILED', what).with({ cause });
    default:
      return countersignError('INTERNAL').with({ cause: `${failed.code}: ${what}\n${cause}` });
  }
}

function mlflowFacts({ mlflowCode }: FailedMessage): { mlflowCode?: string; status?: number } {
  return mlflowCode === null ? {} : { mlflowCode, status: mlflowStatus[mlflowCode] ?? 500 };
}
