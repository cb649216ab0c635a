import { afterEach, describe, expect, it, vi } from 'vitest';
import { signatureOf } from '../../test/support/typed-json.ts';
import type { Codec } from './codec.ts';
import { createMlflowCodec } from './mlflow.ts';
import { createServeArrowCodec } from './serve-arrow.ts';

const rows = 1000;
const columns = 50;
const names = Array.from({ length: columns }, (_, index) => `f${String(index)}`);
const data = Array.from({ length: rows }, (_, row) => names.map((_name, column) => row / (column + 1)));
const records = data.map((cells) => Object.fromEntries(names.map((name, index) => [name, cells[index]])));
const signature = signatureOf({
  inputs: {
    kind: 'columns',
    named: true,
    columns: names.map((name) => ({ name, type: { kind: 'double' }, required: true })),
  },
});

describe('a megabyte of JSON', () => {
  afterEach(() => {
    vi.restoreAllMocks();
  });

  it.each<[string, Codec, unknown]>([
    ['/serve', createServeArrowCodec({ unknownFields: 'reject' }), records],
    ['/invocations, by columns', createMlflowCodec(), { dataframe_split: { columns: names, data } }],
    ['/invocations, by records', createMlflowCodec(), { dataframe_records: records }],
  ])('is parsed once on %s', async (_, codec, body) => {
    const bytes = Buffer.from(JSON.stringify(body));
    const parse = vi.spyOn(JSON, 'parse');
    const request = { body: bytes, contentType: 'application/json', query: new URLSearchParams() };
    const decoded = await codec.decode(request, signature);
    const ofMuch = parse.mock.calls.filter(([text]) => text.length * 2 > bytes.length);
    expect(ofMuch).toHaveLength(1);
    const input = decoded.parts[0]?.input;
    expect(input?.kind === 'table' && input.rows === rows && input.columns.length === columns).toBe(true);
  });
});
