import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Schema, Signature } from '../contract/signature.ts';
import { CountersignError } from '../errors/countersign-error.ts';
import { integerOrNumber } from '../util/exact-json.ts';
import { readJson } from '../util/json-reader.ts';
import {
  anyType,
  namedColumns,
  rowText,
  signatureOf,
  stackedTensors,
  textOf,
  unnamedColumns,
} from '../../test/support/typed-json.ts';
import type { DecodedRequest, EncodedRequest } from './codec.ts';
import { createServeCodec } from './serve.ts';
import { serveStyle } from './serve/style.ts';
import { writeNested } from './values/write-nested.ts';

const number = { type: { kind: 'double' }, required: true } as const;
const codec = createServeCodec({ unknownFields: 'reject' });

function request(body: string, query = ''): EncodedRequest {
  return {
    body: Buffer.from(body),
    contentType: 'application/json',
    query: new URLSearchParams(query),
  };
}

/** What a model that answers its own input answers. */
function echo(body: string, schema: Schema): string {
  const signature = signatureOf({ inputs: schema, outputs: schema });
  const decoded = codec.decode(request(body), signature);
  return String(
    codec.encode(
      decoded.parts.map((part) => part.input),
      decoded,
      signature,
    ).body,
  );
}

function exact(text: string): unknown {
  return readJson(text, { number: integerOrNumber, nonFinite: false });
}

function issuesOf(body: string, signature: Signature): CountersignError | DecodedRequest {
  try {
    return codec.decode(request(body), signature);
  } catch (error) {
    return CountersignError.from(error);
  }
}

describe('/serve', () => {
  it('answers of an echo are the rows of the request, for columns of every type in any mix', () => {
    const cases = fc
      .oneof(namedColumns, unnamedColumns)
      .chain((schema) => fc.tuple(fc.constant(schema), fc.array(rowText(schema), { maxLength: 6 })));
    fc.assert(
      fc.property(cases, ([schema, rows]) => {
        const body = `[${rows.join(',')}]`;
        expect(echo(body, schema)).toBe(body);
      }),
      { numRuns: 500 },
    );
  });

  it('answers of an echo are the rows of the request, for tensors of every dtype', () => {
    fc.assert(
      fc.property(stackedTensors, ({ schema, rows }) => {
        const body = `[${rows.join(',')}]`;
        expect(echo(body, schema)).toBe(body);
      }),
      { numRuns: 500 },
    );
  });

  it('gives params of the envelope to the model as they are', () => {
    const cases = anyType.chain((type) =>
      fc.record({ type: fc.constant(type), array: fc.boolean() }).chain((spec) => {
        const one = textOf(spec.type);
        const text = spec.array ? fc.array(one, { maxLength: 3 }).map((list) => `[${list.join(',')}]`) : one;
        return fc.tuple(fc.constant(spec), text);
      }),
    );
    fc.assert(
      fc.property(cases, ([spec, text]) => {
        const items = spec.array ? ({ kind: 'array', items: spec.type } as const) : spec.type;
        const params = [{ name: 'p', ...spec, default: 0 }];
        const inputs = { kind: 'columns', named: true, columns: [{ ...number, name: 'x' }] } as const;
        const body = `{"inputs":{"x":1},"params":{"p":${text}}}`;
        const decoded = codec.decode(request(body), signatureOf({ inputs, params }));
        expect(writeNested(decoded.params.get('p') ?? null, items, serveStyle)).toBe(text);
      }),
    );
  });

  it('says of anything else in a tensor what is wrong, and never fails otherwise', () => {
    fc.assert(
      fc.property(stackedTensors, fc.json(), fc.nat(), ({ schema, rows }, json, at) => {
        const body = `[${rows.map((row, index) => (index === at % rows.length ? row.replace(/[^[\],{}:"]+/, json) : row)).join(',')}]`;
        const outcome = issuesOf(body, signatureOf({ inputs: schema }));
        if (!(outcome instanceof CountersignError)) return;
        expect(['INVALID_INPUT', 'INVALID_BODY']).toContain(outcome.code);
        for (const { pointer } of outcome.facts.errors ?? []) expectResolves(pointer, exact(body));
      }),
      { numRuns: 1000 },
    );
  });

  it('says of anything else what is wrong, with pointers that lead somewhere in the body', () => {
    const cases = fc
      .oneof(namedColumns, unnamedColumns)
      .chain((schema) =>
        fc.tuple(fc.constant(schema), fc.array(rowText(schema), { minLength: 1, maxLength: 4 }), fc.json()),
      );
    fc.assert(
      fc.property(cases, fc.nat(), ([schema, rows, json], at) => {
        const broken = rows.map((row, index) => (index === at % rows.length ? json : row));
        const body = `[${broken.join(',')}]`;
        const outcome = issuesOf(body, signatureOf({ inputs: schema }));
        if (!(outcome instanceof CountersignError)) return;
        expect(outcome.code).toBe('INVALID_INPUT');
        expect(outcome.facts.errors?.length).toBeGreaterThan(0);
        for (const { pointer } of outcome.facts.errors ?? []) expectResolves(pointer, exact(body));
      }),
      { numRuns: 500 },
    );
  });
});

/** Every step but the last exists; the last may be the member that is missing. */
function expectResolves(pointer: string, body: unknown): void {
  const steps = pointer.split('/').slice(1);
  let value = body;
  for (const step of steps.slice(0, -1)) {
    const name = step.replaceAll('~1', '/').replaceAll('~0', '~');
    expect(Object.hasOwn(value as object, name), `${pointer} in the body`).toBe(true);
    value = (value as Record<string, unknown>)[name];
  }
  if (steps.length > 0) expect(typeof value).toBe('object');
}
