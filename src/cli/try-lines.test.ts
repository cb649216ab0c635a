import { describe, expect, it } from 'vitest';

import { FakeCatalogue, FakeEndpoint } from '../../test/fakes/fake-catalogue.ts';
import type { Signature } from '../contract/signature.ts';
import type { EndpointTerms } from '../endpoint/endpoint.ts';
import { countersignError } from '../errors/countersign-error.ts';
import { tryLines } from './try-lines.ts';

const address = 'http://127.0.0.1:8000';
const json = "-H 'content-type: application/json'";

class Unreadable extends FakeEndpoint {
  override terms(): Promise<EndpointTerms> {
    return Promise.reject(countersignError('INVALID_MLMODEL', 'it is not YAML'));
  }
}

function texts(...names: readonly (string | null)[]): Signature {
  const columns = names.map((name) => ({ name, type: { kind: 'string' as const }, required: true }));
  const inputs = { kind: 'columns' as const, named: names[0] !== null, columns };
  return { inputs, outputs: null, params: [], fromTypeHint: false };
}

async function linesOf(...endpoints: readonly FakeEndpoint[]): Promise<readonly string[]> {
  const text = await tryLines(new FakeCatalogue(endpoints), address);
  return text.split('\n').filter((line) => line.startsWith('  '));
}

describe('what to type next', () => {
  it("calls the only model at the short route with the first row of the model's own example", async () => {
    const example = { request: [{ text: "it's" }, { text: 'b' }], answer: undefined };
    expect(await linesOf(new FakeEndpoint({ example }))).toEqual([
      `  curl -s ${address}/serve ${json} -d '{"text":"it'\\''s"}'`,
    ]);
  });

  it('calls each of several models by its name, percent-encoded', async () => {
    const example = { request: [1, 2], answer: undefined };
    expect(
      await linesOf(new FakeEndpoint({ name: 'a', example }), new FakeEndpoint({ name: 'b c', example })),
    ).toEqual([
      `  curl -s ${address}/models/a/serve ${json} -d '[1,2]'`,
      `  curl -s ${address}/models/b%20c/serve ${json} -d '[1,2]'`,
    ]);
  });

  it('makes a row up for a model without an example, and leaves it out without a signature', async () => {
    const named = new FakeEndpoint({ name: 'named', signature: texts('text') });
    const unnamed = new FakeEndpoint({
      name: 'unnamed',
      signature: texts(null, null),
    });
    expect(await linesOf(named, unnamed, new FakeEndpoint({ name: 'bare' }))).toEqual([
      `  curl -s ${address}/models/named/serve ${json} -d '{"text":"text"}'`,
      `  curl -s ${address}/models/unnamed/serve ${json} -d '[["text","text"]]'`,
      `  curl -s ${address}/models/bare/serve ${json}`,
    ]);
  });

  it('tells of a model that cannot be read in its place', async () => {
    const lines = await linesOf(new Unreadable({ name: 'bad' }), new FakeEndpoint({ name: 'good' }));
    expect(lines).toEqual([
      `  # bad: it cannot be read; GET ${address}/models says why`,
      `  curl -s ${address}/models/good/serve ${json}`,
    ]);
  });

  it('shows five of many models and where the others are', async () => {
    const many = Array.from({ length: 7 }, (_, index) => new FakeEndpoint({ name: `m${String(index)}` }));
    const lines = await linesOf(...many);
    expect(lines).toHaveLength(6);
    expect(lines.at(-1)).toBe(`  # and 2 more: ${address}/models`);
  });
});
