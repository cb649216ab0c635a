import type { CountersignError } from '../errors/countersign-error.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Answer } from './answer.ts';
import type { Exchange } from './exchange.ts';
import { mlflowErrorAnswer } from './mlflow-error.ts';
import { problemAnswer } from './problem.ts';

/** Seconds to wait where the error itself does not say. */
const defaultRetryAfterSeconds = 1;

/** The error as the route's callers read it. The cause stays here: it is logged, never sent. */
export function projectError(error: CountersignError, exchange: Exchange): Answer {
  const answer =
    exchange.protocol === 'mlflow' ? mlflowErrorAnswer(error) : problemAnswer(error, exchange.requestId);
  const retryAfter = retryAfterSeconds(error);
  if (retryAfter === null) return answer;
  return { ...answer, headers: { ...answer.headers, 'retry-after': String(retryAfter) } };
}

function retryAfterSeconds(error: CountersignError): number | null {
  if (error.facts.retryAfterSeconds !== undefined)
    return Math.max(1, Math.ceil(error.facts.retryAfterSeconds));
  return error.retryable && (error.status === 503 || error.status === 429) ? defaultRetryAfterSeconds : null;
}

/** Our own failures loudly, what is unavailable as a warning, a caller's mistakes only at debug. */
export function logError(error: CountersignError, exchange: Exchange, logger: Logger): void {
  const { requestId, model, version } = exchange;
  const data = { requestId, model, version, code: error.code, detail: error.message };
  const err = error.facts.cause;
  if (error.kind === 'internal' || error.kind === 'bad_gateway') {
    logger.error({ ...data, err: err ?? error }, 'request failed');
  } else if (error.status >= 500) logger.warn({ ...data, err }, 'request not served');
  else logger.debug({ ...data, err }, 'request refused');
}
