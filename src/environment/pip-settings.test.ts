import { expect, test } from 'vitest';
import { buildVariables, uvVariables } from './pip-settings.ts';

test('what the user set for pip is said to uv', () => {
  const said = uvVariables({
    PATH: '/bin',
    PIP_INDEX_URL: 'https://u:p@index/simple',
    PIP_EXTRA_INDEX_URL: ' https://one/simple\nhttps://two/simple ',
    PIP_FIND_LINKS: '/wheels https://links',
    PIP_CERT: '/ca.pem',
    PIP_TRUSTED_HOST: 'index',
  });
  expect(said).toMatchObject({
    PATH: '/bin',
    UV_DEFAULT_INDEX: 'https://u:p@index/simple',
    UV_EXTRA_INDEX_URL: 'https://one/simple https://two/simple',
    // pip looks for the best version everywhere.
    UV_INDEX_STRATEGY: 'unsafe-best-match',
    UV_FIND_LINKS: '/wheels,https://links',
    SSL_CERT_FILE: '/ca.pem',
    UV_INSECURE_HOST: 'index',
  });
});

test('what the user set for uv wins', () => {
  const env = {
    PIP_INDEX_URL: 'https://pip',
    UV_INDEX_URL: 'https://uv',
    PIP_EXTRA_INDEX_URL: 'https://pip-extra',
    UV_INDEX: 'https://uv-extra',
    PIP_CERT: '/pip.pem',
    SSL_CERT_FILE: '/uv.pem',
  };
  expect(uvVariables(env)).toEqual(env);
});

test('nothing that points at another environment or forbids compiled files reaches a build', () => {
  const env = { PYTHONDONTWRITEBYTECODE: '1', PYTHONPATH: '/x', VIRTUAL_ENV: '/v', HOME: '/h' };
  expect(buildVariables(env)).toEqual({ HOME: '/h' });
});
