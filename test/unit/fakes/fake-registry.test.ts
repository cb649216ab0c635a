import { describe, expect, test } from 'vitest';
import { FakeRegistry } from '../../fakes/fake-registry.ts';

const never = new AbortController().signal;

describe('FakeRegistry', () => {
  test('lists models by name, versions newest first, aliases with them', async () => {
    const registry = new FakeRegistry();
    registry.addVersion('b');
    registry.addVersion('b');
    registry.addModel('a', 'the first').setAlias('b', 'production', '1');
    const models = await registry.models(never);
    expect(models.map(({ name }) => name)).toEqual(['a', 'b']);
    expect(models[1]?.versions.map(({ version }) => version)).toEqual(['2', '1']);
    expect(models[1]?.aliases).toEqual({ production: '1' });
  });

  test('a version added while it runs is found at once', async () => {
    const registry = new FakeRegistry().addModel('m');
    expect((await registry.model('m', never)).versions).toEqual([]);
    const ref = registry.addVersion('m', { mlflowVersion: '2.9.0' });
    expect(await registry.describe(ref, never)).toMatchObject({ ...ref, mlflowVersion: '2.9.0' });
    expect(registry.calls).toMatchObject({ model: 1, describe: 1 });
  });

  test('what is missing is named with what exists', async () => {
    const registry = new FakeRegistry();
    registry.addVersion('m');
    await expect(registry.model('n', never)).rejects.toMatchObject({ code: 'MODEL_NOT_FOUND' });
    await expect(registry.describe({ model: 'm', version: '9' }, never)).rejects.toThrow('it has: 1');
  });

  test('reads small files and answers null for others', async () => {
    const registry = new FakeRegistry();
    const ref = registry.addVersion('m', { files: { 'input_example.json': '{}' }, directory: '/d' });
    expect(
      new TextDecoder().decode((await registry.read(ref, 'input_example.json', never)) ?? undefined),
    ).toBe('{}');
    expect(await registry.read(ref, 'other', never)).toBeNull();
    expect(await registry.fetch(ref, never)).toEqual({ directory: '/d' });
  });

  test('is unreachable while the test says so', async () => {
    const registry = new FakeRegistry().addModel('m');
    registry.unreachable = true;
    await expect(registry.models(never)).rejects.toMatchObject({ code: 'REGISTRY_UNREACHABLE' });
    registry.unreachable = false;
    expect(await registry.models(never)).toHaveLength(1);
  });

  test('forgets deleted versions and aliases', async () => {
    const registry = new FakeRegistry();
    const ref = registry.addVersion('m');
    registry.setAlias('m', 'a', '1').deleteAlias('m', 'a');
    registry.deleteVersion(ref);
    expect(await registry.model('m', never)).toMatchObject({ versions: [], aliases: {} });
  });
});
