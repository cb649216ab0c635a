import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { ScalarName, Signature } from '../../contract/signature.ts';
import type { VersionMetadata } from '../../registry/registry.ts';
import { signatureOf } from '../../../test/support/typed-json.ts';
import { arrowType } from '../accept.ts';
import { loadArrow } from '../arrow/library.ts';
import { readStream } from '../arrow/read-stream.ts';
import type { DecodedRequest, EncodedRequest } from '../codec.ts';
import { createMlflowCodec } from '../mlflow.ts';

const files = join(import.meta.dirname, '../../../test/data/arrow');
const codec = createMlflowCodec();

function signature(kinds: Readonly<Record<string, ScalarName>>, required = true): Signature {
  const columns = Object.entries(kinds).map(([name, kind]) => ({ name, type: { kind }, required }));
  return signatureOf({ inputs: { kind: 'columns', named: true, columns } });
}

async function request(name: string): Promise<EncodedRequest> {
  const body = await readFile(join(files, `${name}.arrows`));
  return { body, contentType: arrowType, query: new URLSearchParams() };
}

async function read(name: string, under: Signature | null): Promise<DecodedRequest> {
  return await codec.decode(await request(name), under);
}

async function cells(name: string, under: Signature | null): Promise<Record<string, unknown>> {
  const input = (await read(name, under)).parts[0]?.input;
  if (input?.kind !== 'table') return expect.unreachable('no table');
  return Object.fromEntries(input.columns.map(({ name, vector }) => [name ?? '', [...vector.data]]));
}

describe('Arrow on /invocations', () => {
  it('goes by name, and columns that the signature does not have are dropped', async () => {
    const kinds = { long: 'long', text: 'string', zoned: 'datetime', half: 'double' } as const;
    const three = BigInt(Date.UTC(2024, 0, 2, 3)) * 1_000_000n;
    expect(await cells('scalars', signature(kinds))).toEqual({
      long: [9007199254740993n, -(2n ** 63n)],
      text: ['Zürich 😀', ''],
      zoned: [three, three],
      half: [1.5, -2],
    });
  });

  it('has nulls where Parquet has them', async () => {
    expect(await cells('nulls', signature({ double: 'double' }))).toEqual({ double: [Number.NaN, 1.5] });
    expect(await cells('nulls', signature({ text: 'string' }, false))).toEqual({ text: [null, 'a'] });
    await expect(read('nulls', signature({ long: 'long' }, false))).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      facts: { mlflowCode: 'BAD_REQUEST', errors: [{ pointer: '/0/long' }] },
    });
  });

  it('leaves params at their defaults, as other files do', async () => {
    const params = [{ name: 'k', type: { kind: 'long' }, array: false, default: 7 }] as const;
    const { params: given } = await read('no-rows', { ...signature({ n: 'long' }), params });
    expect([...given]).toEqual([['k', 7n]]);
  });

  it('says which columns are missing, and of what is no stream that it is bad', async () => {
    await expect(read('no-rows', signature({ m: 'long' }))).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      facts: { mlflowCode: 'INVALID_PARAMETER_VALUE' },
    });
    const broken = { ...(await request('no-rows')), body: Buffer.from('no') };
    await expect(Promise.resolve(codec.decode(broken, null))).rejects.toMatchObject({
      code: 'INVALID_BODY',
      facts: { mlflowCode: 'BAD_REQUEST' },
    });
  });

  it('is tensors, as wide as columns or as deep as lists', async () => {
    const tensors = [{ name: 'fixed', dtype: 'float32', shape: [-1, 2, 3] }] as const;
    const under = signatureOf({ inputs: { kind: 'tensors', named: true, tensors } });
    const input = (await read('tensors', under)).parts[0]?.input;
    expect(input).toMatchObject({ kind: 'tensors', tensors: [{ name: 'fixed', shape: [2, 2, 3] }] });
  });

  it('answers what was asked for: Arrow with datetimes without a zone, else JSON', async () => {
    const under = signature({ nanos: 'datetime' });
    const asked = { ...(await request('scalars')), accept: arrowType };
    const decoded = await codec.decode(asked, under);
    const answers = decoded.parts.map(({ input }) => input);
    const { contentType, body } = codec.encode(answers, decoded, under);
    expect(contentType).toBe(arrowType);
    const [column] = readStream(body as Uint8Array, await loadArrow()).columns;
    expect(column).toMatchObject({ name: 'nanos', type: { timezone: null } });
    const plain = await read('scalars', under);
    expect(codec.encode(answers, plain, under).contentType).toBe('application/json');
  });

  it('is read by us for a model without a signature, and refused where only MLflow can read', async () => {
    const arrow = await request('scalars');
    const typed = { ...signature({ n: 'long' }), fromTypeHint: true };
    const to = { version: { flavors: {}, metadata: {} } as unknown as VersionMetadata, mlflowExact: false };
    expect(codec.handOver?.(arrow, { ...to, signature: null })).toBeNull();
    expect(() => codec.handOver?.(arrow, { ...to, signature: typed })).toThrow(
      expect.objectContaining({ code: 'UNSUPPORTED_MEDIA_TYPE' }),
    );
    expect((await cells('scalars', null))['small']).toEqual([-128, 127]);
  });
});
