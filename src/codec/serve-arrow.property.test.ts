import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { conformOutput } from '../contract/conform.ts';
import type { Schema, Signature } from '../contract/signature.ts';
import { CountersignError } from '../errors/countersign-error.ts';
import type { Payload } from '../payload/payload.ts';
import { integerOrNumber } from '../util/exact-json.ts';
import { readJson } from '../util/json-reader.ts';
import {
  namedColumns,
  rowText,
  signatureOf,
  stackedTensors,
  unnamedColumns,
} from '../../test/support/typed-json.ts';
import { arrowType } from './accept.ts';
import type { DecodedRequest } from './codec.ts';
import { createServeArrowCodec } from './serve-arrow.ts';

const codec = createServeArrowCodec({ unknownFields: 'reject' });
const query = new URLSearchParams();

async function readJsonBody(body: string, signature: Signature): Promise<DecodedRequest> {
  const request = { body: Buffer.from(body), contentType: 'application/json', query, accept: arrowType };
  return await codec.decode(request, signature);
}

async function readArrowBody(body: Uint8Array, signature: Signature | null): Promise<DecodedRequest> {
  return await codec.decode({ body, contentType: arrowType, query }, signature);
}

/** What a model that answers its own input answers, as the endpoint hands it to the codec. */
function echoOf(request: DecodedRequest, signature: Signature): readonly Payload[] {
  return request.parts.map(({ input, positions }) => {
    const conformed = conformOutput(input, signature, positions?.length ?? request.rows);
    return conformed.ok ? conformed.payload : expect.unreachable(conformed.what);
  });
}

/** The rows of a JSON body as an Arrow stream, written as answers are. */
async function arrowOf(body: string, signature: Signature): Promise<Uint8Array> {
  const request = await readJsonBody(body, signature);
  const { body: written } = codec.encode(echoOf(request, signature), request, signature);
  return Buffer.from(written);
}

function jsonOf(request: DecodedRequest, signature: Signature): unknown {
  const json = codec.encode(echoOf(request, signature), { ...request, memo: null }, signature);
  return withoutNulls(readJson(String(json.body), { number: integerOrNumber, nonFinite: false }));
}

/** A struct of Arrow has all of its members: one that is absent is null there. */
function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value).filter(([, member]) => member !== null);
  return Object.fromEntries(members.map(([name, member]) => [name, withoutNulls(member)]));
}

const tables = fc
  .oneof(namedColumns, unnamedColumns)
  .chain((schema) =>
    fc.tuple(fc.constant<Schema>(schema), fc.array(rowText(schema), { minLength: 1, maxLength: 6 })),
  );
const tensors = stackedTensors.map(({ schema, rows }) => [schema, rows] as const);
const cases = fc.oneof({ weight: 2, arbitrary: tables }, { weight: 1, arbitrary: tensors });

describe('/serve with Arrow', () => {
  it('reads what it wrote as the same rows that JSON reads', async () => {
    await fc.assert(
      fc.asyncProperty(cases, async ([schema, rows]) => {
        const signature = signatureOf({ inputs: schema, outputs: schema });
        const body = `[${rows.join(',')}]`;
        const asJson = await readJsonBody(body, signature);
        const asArrow = await readArrowBody(await arrowOf(body, signature), signature);
        expect(asArrow.rows).toBe(asJson.rows);
        expect(jsonOf(asArrow, signature)).toEqual(jsonOf(asJson, signature));
      }),
      { numRuns: 400 },
    );
  }, 60_000);

  it('writes the columns of the contract also where there is no row', async () => {
    await fc.assert(
      fc.asyncProperty(cases, async ([schema]) => {
        const signature = signatureOf({ inputs: schema, outputs: schema });
        const request = await readJsonBody('[]', signature);
        const { body } = codec.encode([], request, signature);
        expect((await readArrowBody(Buffer.from(body), signature)).rows).toBe(0);
      }),
    );
  });

  it('says of a stream with any bytes changed what is wrong, or reads it; nothing else happens', async () => {
    const changes = fc.array(fc.tuple(fc.nat(), fc.nat({ max: 255 })), { minLength: 1, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(cases, changes, fc.boolean(), async ([schema, rows], changed, typed) => {
        const signature = signatureOf({ inputs: schema, outputs: schema });
        const bytes = await arrowOf(`[${rows.join(',')}]`, signature);
        for (const [at, byte] of changed) bytes[at % bytes.length] = byte;
        await expectReadOrRefused(bytes, typed ? signature : null);
      }),
      { numRuns: 500 },
    );
  }, 60_000);

  it('says of a stream that was cut what is wrong, or reads its whole batches', async () => {
    await fc.assert(
      fc.asyncProperty(cases, fc.nat(), async ([schema, rows], at) => {
        const signature = signatureOf({ inputs: schema, outputs: schema });
        const bytes = await arrowOf(`[${rows.join(',')}]`, signature);
        await expectReadOrRefused(bytes.subarray(0, at % bytes.length), signature);
      }),
      { numRuns: 300 },
    );
  });

  it('says of any bytes that they are no stream', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (bytes) => {
        await expect(readArrowBody(bytes, null)).rejects.toMatchObject({ code: 'INVALID_BODY' });
      }),
    );
  });
});

async function expectReadOrRefused(bytes: Uint8Array, signature: Signature | null): Promise<void> {
  try {
    await readArrowBody(bytes, signature);
  } catch (thrown) {
    expect(['INVALID_BODY', 'INVALID_INPUT'], String(thrown)).toContain(CountersignError.from(thrown).code);
  }
}
