import type { Signature } from '../contract/signature.ts';
import type { Payload } from '../payload/payload.ts';
import { asksForArrow, isArrow } from './accept.ts';
import { withinBudget } from './arrow/budget.ts';
import { type ArrowLibrary, loadArrow } from './arrow/library.ts';
import { readStream } from './arrow/read-stream.ts';
import { untypedTable } from './arrow/untyped-table.ts';
import { writeAnswers } from './arrow/write-answers.ts';
import type { Codec, DecodedRequest, EncodedRequest } from './codec.ts';
import { accept, createServeCodec, type ReadRequest, type ServeCodecOptions } from './serve.ts';
import { readArrowInputs } from './serve/read-arrow.ts';
import { readRequestParams } from './serve/read-request-params.ts';
import { encodeLongAnswers } from './serve/write-answers.ts';
import { Faults } from './values/faults.ts';
import { type ReadPolicy, strict } from './values/read-nested.ts';

/**
 * The protocol of `/serve` with Arrow streams beside JSON: either may be sent, and either asked for with `Accept`.
 * Params of an Arrow request are in its query.
 */
export function createServeArrowCodec(options: ServeCodecOptions): Codec {
  const json = createServeCodec(options);
  const policy = { ...strict, unknownFields: options.unknownFields };
  return {
    name: 'serve',
    decode(request, signature) {
      const answersArrow = asksForArrow(request.accept);
      const readsArrow = isArrow(request.contentType);
      if (!answersArrow && !readsArrow) return json.decode(request, signature);
      return loadArrow().then((library) => {
        const decoded = readsArrow
          ? withinBudget(request.body.length, () => decode(request, signature, policy, library))
          : json.decode(request, signature);
        const memo: Memo | null = answersArrow ? { library } : null;
        return { ...decoded, memo };
      });
    },
    encode(answers, request, signature) {
      const memo = request.memo as Memo | null;
      if (memo === null) return json.encode(answers, request, signature);
      return writeAnswers(answers, request, signature?.outputs ?? null, memo.library, 'UTC');
    },
    encodeLong: (answers, request, signature) =>
      request.memo === null ? encodeLongAnswers(answers, request, signature) : null,
  };
}

/** What `encode` needs to write Arrow; null where the answer is JSON. */
interface Memo {
  readonly library: ArrowLibrary;
}

function decode(
  { body, query }: EncodedRequest,
  signature: Signature | null,
  policy: ReadPolicy,
  library: ArrowLibrary,
): DecodedRequest {
  const table = readStream(body, library);
  const schema = signature?.inputs ?? null;
  const read =
    schema === null ? untyped(untypedTable(table, policy)) : readArrowInputs(schema, table, policy);
  return accept(read, readRequestParams(signature?.params ?? [], query, undefined));
}

function untyped(input: Payload | Faults): ReadRequest | Faults {
  return input instanceof Faults ? input : { parts: [{ input, positions: null }], rows: null };
}
