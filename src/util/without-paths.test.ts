import { describe, expect, it } from 'vitest';
import { withoutPaths } from './without-paths.ts';

describe('a text without paths', () => {
  it.each([
    ["[Errno 2] No such file: '/home/ann/models/weights.bin'", "[Errno 2] No such file: 'weights.bin'"],
    ['OSError: /var/cache/a/model.pkl: broken', 'OSError: model.pkl: broken'],
    [
      'The registry sqlite:////srv/ml/mlflow.db cannot be reached',
      'The registry mlflow.db cannot be reached',
    ],
    ['file:///srv/a/b, and (/x/y/)', 'b, and ()'],
  ])('keeps the last part of each: %s', (text, expected) => {
    expect(withoutPaths(text)).toBe(expected);
  });

  it.each([
    'GET /docs shows every route.',
    'Call /models, or and/or text/html',
    's3://bucket/a/b and http://host:5000/api/2.0 are not of this machine',
    "No module named 'transformers'",
  ])('leaves the rest alone: %s', (text) => {
    expect(withoutPaths(text)).toBe(text);
  });
});
