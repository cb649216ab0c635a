import { chromium, type Browser, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { type Served, serve } from '../support/served.ts';

const registry = 'examples/registry';

describe('the docs page in a browser', () => {
  let server: Served;
  let browser: Browser;
  let page: Page;
  const elsewhere: string[] = [];
  const complaints: string[] = [];

  beforeAll(async () => {
    server = await serve([
      'serve',
      'iris_classifier',
      'translation_model',
      '--default-model',
      'iris_classifier',
      '--tracking-uri',
      `sqlite:///${registry}/mlflow.db`,
      '--artifacts-destination',
      `${registry}/artifacts`,
    ]);
    await server.ready();
    const quiet = [
      '--disable-quic',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ];
    browser = await chromium.launch({
      executablePath: '/usr/bin/chromium',
      args: ['--no-sandbox', '--disable-gpu', '--no-first-run', ...quiet],
    });
    page = await browser.newPage({ viewport: { width: 1280, height: 1600 } });
    page.on('request', (request) => {
      if (!request.url().startsWith(server.url) && !request.url().startsWith('data:'))
        elsewhere.push(request.url());
    });
    page.on('console', (message) => {
      if (message.type() === 'error') complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(error.message));
  }, 600_000);
  afterAll(async () => {
    await browser.close();
    await server[Symbol.asyncDispose]();
  });

  it('shows the routes of every model and asks nobody but the server', async () => {
    await page.goto(`${server.url}/docs`);
    for (const name of ['iris_classifier', 'translation_model']) {
      await page.locator('.opblock-tag', { hasText: name }).first().click();
      const path = name === 'iris_classifier' ? '/serve' : `/models/${name}/serve`;
      await page.locator(`[data-path="${path}"]`).first().waitFor();
    }
    await page.screenshot({ path: '.cache/docs-page.png' });
    expect(elsewhere).toEqual([]);
    expect(complaints).toEqual([]);
  });

  it('tries a model with its own example and shows the answer', async () => {
    await page.goto(`${server.url}/models/translation_model/docs`);
    const serveRoute = page.locator('.opblock-post').first();
    await serveRoute.getByRole('button', { name: 'Execute' }).click();
    await serveRoute.locator('.live-responses-table .response').first().waitFor();
    await page.screenshot({ path: '.cache/docs-try.png', fullPage: true });
    expect(await serveRoute.locator('.live-responses-table').first().innerText()).toContain('Das Wetter');
    expect(complaints).toEqual([]);
  });
});
