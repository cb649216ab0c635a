import { describe, expect, test } from 'vitest';

import { joinUri, localPath, schemeOf, scrub, withoutCredentials } from './uri.ts';

describe('a URI', () => {
  test.each([
    ['sqlite:///mlflow.db', 'sqlite'],
    ['postgresql+psycopg2://u@h/d', 'postgresql'],
    ['S3://bucket/x', 's3'],
    ['mlflow-artifacts:/1/models', 'mlflow-artifacts'],
    ['./mlruns', null],
    ['/srv/models', null],
    ['C:\\models', null],
  ])('%s has the scheme %s', (uri, scheme) => {
    expect(schemeOf(uri)).toBe(scheme);
  });

  test.each([
    ['postgresql://me:secret@host:5432/db?password=secret', 'postgresql://host:5432/db'],
    ['https://me:secret@host/prefix', 'https://host/prefix'],
    ['http://host/a@b', 'http://host/a@b'],
    ['/srv/odd?name#here', '/srv/odd?name#here'],
  ])('%s is shown as %s', (uri, shown) => {
    expect(withoutCredentials(uri)).toBe(shown);
  });

  test('leaves the text of others without its secrets', () => {
    const uri = 'mysql://me:s3cret@host/db';
    expect(scrub(`cannot open ${uri}: access denied (using s3cret)`, uri)).toBe(
      'cannot open mysql://host/db: access denied (using ***)',
    );
  });

  test.each([
    ['mlruns', '/work/mlruns'],
    ['/srv/a b', '/srv/a b'],
    ['file:///srv/a%20b', '/srv/a b'],
    ['file://localhost/srv', '/srv'],
    ['file:/srv/x', '/srv/x'],
    ['file:relative', '/work/relative'],
    ['s3://bucket', null],
  ])('%s is the path %s', (uri, path) => {
    expect(localPath(uri, '/work')).toBe(path);
  });

  test.each([
    ['s3://b/x/', 'y', 's3://b/x/y'],
    ['http://h/x?token=1', '/y', 'http://h/x/y?token=1'],
    ['/srv/a#b', 'c', '/srv/a#b/c'],
    ['/srv', '', '/srv'],
  ])('%s with %s is %s', (base, path, joined) => {
    expect(joinUri(base, path)).toBe(joined);
  });
});
