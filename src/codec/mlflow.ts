import { type Payload } from '../payload/payload.ts';
import { isForMlflow } from './mlflow/is-for-mlflow.ts';
import { type Codec, type DecodedRequest, type EncodedAnswer } from './codec.ts';
import { type BodyFormat, bodyFormat } from './mlflow/media-type.ts';
import { type Memo, readJsonBody } from './mlflow/read-body.ts';
import { readCsvBody } from './mlflow/read-csv.ts';
import { readParquetBody } from './mlflow/read-parquet.ts';
import { writePrediction } from './mlflow/write.ts';

/**
 * The protocol of `mlflow models serve`, `POST /invocations`: the forms of body that it takes, the answers it writes.
 * Where it would change, lose or guess a value, this answers 400; a request that fits the signature but that it
 * refuses is answered. Extra columns and unknown params are dropped, as there.
 * @see https://mlflow.org/docs/latest/ml/deployment/deploy-model-locally/#local-inference-server-spec
 */
export function createMlflowCodec(): Codec {
  return {
    name: 'mlflow',
    handOver({ body, contentType }, { signature, version, mlflowExact }) {
      if (!mlflowExact) {
        if (!isForMlflow(signature, version)) return null;
        bodyFormat(contentType);
      }
      return { body, contentType, answer: (written) => written };
    },
    decode(request, signature) {
      const read = readers[bodyFormat(request.contentType)];
      return read(request.body, signature);
    },
    encode,
  };
}

const readers = {
  json: readJsonBody,
  csv: readCsvBody,
  parquet: readParquetBody,
} as const satisfies Record<BodyFormat, unknown>;

function encode(answers: readonly Payload[], request: DecodedRequest): EncodedAnswer {
  // Every request is one part: a frame reaches the model whole, as it does in MLflow.
  const prediction = answers.map(writePrediction).join(',');
  const { unwrapped } = request.memo as Memo;
  return {
    contentType: 'application/json',
    body: unwrapped ? prediction : `{"predictions":${prediction}}`,
  };
}
