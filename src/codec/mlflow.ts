import type { Signature } from '../contract/signature.ts';
import { CountersignError } from '../errors/countersign-error.ts';
import type { Payload } from '../payload/payload.ts';
import { asksForArrow, isArrow } from './accept.ts';
import { loadArrow } from './arrow/library.ts';
import { writeAnswers } from './arrow/write-answers.ts';
import type { Codec, DecodedRequest, EncodedAnswer, EncodedRequest } from './codec.ts';
import { isDoubtful } from './mlflow/doubtful.ts';
import { isForMlflow } from './mlflow/is-for-mlflow.ts';
import { type BodyFormat, bodyFormat, requireMlflowFormat } from './mlflow/media-type.ts';
import { readArrowBody } from './mlflow/read-arrow.ts';
import { type Memo, readJsonBody } from './mlflow/read-body.ts';
import { readCsvBody } from './mlflow/read-csv.ts';
import { readParquetBody } from './mlflow/read-parquet.ts';
import { isList, writePrediction } from './mlflow/write.ts';
import { isLong, writePieces } from './pieces.ts';

/**
 * The protocol of `mlflow models serve`, `POST /invocations`: the forms of body that it takes, the answers it writes.
 * Where it would change, lose or guess a value, this answers 400; a request that fits the signature but that it
 * refuses is answered. Extra columns and unknown params are dropped, as there.
 * Arrow streams, which MLflow's server does not know, are taken and written beside its formats.
 *
 * @see https://mlflow.org/docs/latest/ml/deployment/deploy-model-locally/#local-inference-server-spec
 */
export function createMlflowCodec(): Codec {
  return {
    name: 'mlflow',
    handOver({ body, contentType }, { signature, version, mlflowExact }) {
      if (!mlflowExact) {
        if (!isForMlflow(signature, version)) return null;
        // A frame with types of its own needs no signature to be one.
        if (isArrow(contentType) && (signature?.inputs ?? null) === null) return null;
        requireMlflowFormat(contentType);
      }
      return { body, contentType, answer: (written) => written };
    },
    decode(request, signature) {
      const format = bodyFormat(request.contentType);
      if (format === 'arrow' || asksForArrow(request.accept))
        return decodeWithArrow(format, request, signature);
      return readers[format](request.body, signature);
    },
    encode,
    encodeLong,
    failed,
  };
}

const readers = {
  json: readJsonBody,
  csv: readCsvBody,
  parquet: readParquetBody,
} as const satisfies Record<Exclude<BodyFormat, 'arrow'>, unknown>;

async function decodeWithArrow(
  format: BodyFormat,
  { body, accept }: EncodedRequest,
  signature: Signature | null,
): Promise<DecodedRequest> {
  const library = await loadArrow();
  const decoded =
    format === 'arrow' ? readArrowBody(body, signature, library) : await readers[format](body, signature);
  if (!asksForArrow(accept)) return decoded;
  const memo: Memo = { ...(decoded.memo as Memo), arrow: library };
  return { ...decoded, memo };
}

function encode(
  answers: readonly Payload[],
  request: DecodedRequest,
  signature: Signature | null,
): EncodedAnswer {
  const { arrow } = request.memo as Memo;
  // MLflow writes datetimes without a zone.
  if (arrow !== undefined) return writeAnswers(answers, request, signature?.outputs ?? null, arrow, null);
  // Every request is one part: a frame reaches the model whole, as it does in MLflow.
  return wrapped(answers.map(writePrediction).join(','), request);
}

function encodeLong(answers: readonly Payload[], request: DecodedRequest): Promise<EncodedAnswer> | null {
  const [answer, ...others] = answers;
  if (answer === undefined || others.length > 0 || !isList(answer) || !isLong(answer)) return null;
  if ((request.memo as Memo).arrow !== undefined) return null;
  const items = writePieces(answer, (piece) => writePrediction(piece).slice(1, -1));
  return items.then((texts) => wrapped(`[${texts.join(',')}]`, request));
}

function wrapped(prediction: string, { memo }: DecodedRequest): EncodedAnswer {
  const { unwrapped } = memo as Memo;
  return {
    contentType: 'application/json',
    body: unwrapped ? prediction : `{"predictions":${prediction}}`,
  };
}

/** What the model may rightly have refused is the caller's mistake, as with MLflow; any other exception is not. */
function failed(error: unknown, { parts }: DecodedRequest, signature: Signature | null): unknown {
  const isOfModel = error instanceof CountersignError && error.code === 'MODEL_FAILED';
  if (!isOfModel || error.facts.mlflowCode !== undefined) return error;
  const refused = parts.some(({ input }) => isDoubtful(input, signature?.inputs ?? null));
  return refused ? error.with({ mlflowCode: 'BAD_REQUEST', status: 400 }) : error;
}
