import { describe, expect, it } from 'vitest';

import { FakeEndpoint } from '../../../test/fakes/fake-catalogue.ts';
import { testServer } from '../../../test/support/http.ts';
import { catalogue } from '../../errors/catalogue.ts';
import { html } from './html.ts';

async function pageOf(url: string, ...names: readonly string[]) {
  const { app } = testServer(names.map((name) => new FakeEndpoint({ name })));
  const response = await app.inject(url);
  expect(response.statusCode, response.body).toBe(200);
  return { app, body: response.body, headers: response.headers };
}

describe('html', () => {
  it('escapes what is put in, and takes Html as it is', () => {
    expect(html`<a title="${`"'<&>`}">${html`<b>${1}</b>`}</a>`.text).toBe(
      '<a title="&quot;&#39;&lt;&amp;&gt;"><b>1</b></a>',
    );
    expect(html`${[html`<i></i>`, html`<b></b>`]}`.text).toBe('<i></i><b></b>');
  });
});

describe('the reference pages', () => {
  it.each(['/docs', '/docs/', '/models/a/docs', '/docs/errors'])('%s loads only from here', async (url) => {
    const { app, body, headers } = await pageOf(url, 'a', 'b');
    expect(headers['content-type']).toBe('text/html; charset=utf-8');
    expect(headers['content-security-policy']).toContain("default-src 'self'; script-src 'self';");
    const loaded = [...body.matchAll(/<(?:script|link)[^>]* (?:src|href)="([^"]+)"/g)].map(
      ([, found]) => found ?? '',
    );
    expect(loaded.length).toBeGreaterThan(1);
    for (const asset of loaded) {
      expect(asset).toMatch(/^\/docs\/assets\//);
      const response = await app.inject(asset);
      expect(response.statusCode).toBe(200);
      const type = asset.endsWith('.js')
        ? 'text/javascript'
        : asset.endsWith('.css')
          ? 'text/css'
          : 'image/png';
      expect(response.headers['content-type']).toContain(type);
    }
    expect(body).not.toMatch(/<script>|\son\w+=|https?:\/\//);
  });

  it('of several models links to each, and says which is the default', async () => {
    const { body } = await pageOf('/docs', 'b/c', 'a');
    expect(body).toContain('<h1>2 models</h1>');
    expect(body).toContain('href="/models/a/docs"');
    expect(body).toContain('href="/models/b%2Fc/docs"');
    expect(body).toContain('data-openapi="/openapi.json"');
  });

  it('of the only model is the page of that model: its versions, and its way to be called open', async () => {
    const { body } = await pageOf('/docs', 'only');
    expect(body).toContain('<h1>only</h1>');
    expect(body).toMatch(/data-openapi="\/openapi.json"\s+data-tag="only"\s+data-operation="only.serve"/);
    expect(body).toContain('@production');
    expect(body).toContain('/models/only/versions/3/openapi.json');
    expect(body).toContain('incompatible');
  });

  it('cannot be broken by the name of a model', async () => {
    const name = `"><script>alert(1)</script>`;
    const overview = await pageOf('/docs', name, 'b');
    const own = await pageOf(`/models/${encodeURIComponent(name)}/docs`, name, 'b');
    for (const { body } of [overview, own]) expect(body).not.toContain('<script>alert');
  });

  it('explain every error code', async () => {
    const { body } = await pageOf('/docs/errors', 'a');
    for (const code of Object.keys(catalogue)) expect(body).toContain(`id="${code}"`);
  });
});
