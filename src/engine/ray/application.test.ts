import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { CountersignError } from '../../errors/countersign-error.ts';
import { parseRayAddress } from './address.ts';
import { applicationConfig, applicationName, modelOf } from './application.ts';

describe('the name of an application', () => {
  test('holds the name of the model', () => {
    expect(applicationName('translation_model')).toBe('countersign-translation_model');
  });

  test('is fit for a route whatever the model is called, and of this model alone', () => {
    const names = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 200 });
    fc.assert(
      fc.property(names, names, (one, other) => {
        expect(applicationName(one)).toMatch(/^countersign-[\w.=-]+$/);
        expect(applicationName(one) === applicationName(other)).toBe(one === other);
      }),
    );
  });
});

describe('an application', () => {
  const config = applicationConfig({
    model: "it's",
    numReplicas: 2,
    maxVersions: 3,
    hostUri: 'gcs://host.zip',
  });

  test('is known for ours by what it runs, whoever deployed it', () => {
    expect(modelOf(config)).toBe("it's");
  });

  test.each([
    ["somebody else's", { ...config, import_path: 'theirs:app' }],
    ['under another name', { ...config, name: 'copy' }],
    ['one that did not come through the REST API', null],
  ])('%s is not ours', (_, other) => {
    expect(modelOf(other)).toBe(null);
  });
});

describe('the address of a cluster', () => {
  test.each(['http://head:8265', 'http://head:8265/', 'head:8265'])('%s is the dashboard', (text) => {
    expect(parseRayAddress(text).origin).toBe('http://head:8265');
  });

  test.each([
    null,
    'auto',
    'ray://head:10001',
    'http://',
    'ftp://head',
    'http://head:8265/serve',
    'http://h:99999',
  ])('%s is refused', (text) => {
    const refused = (): URL => parseRayAddress(text);
    expect(refused).toThrow(CountersignError);
    expect(refused).toThrow('--ray-address');
  });
});
