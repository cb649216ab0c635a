import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { SingleFlight } from '../../util/single-flight.ts';
import { startScript } from './start-script.ts';
import { style } from './style.ts';

export interface Asset {
  readonly contentType: string;
  readonly body: string | Uint8Array;
}

const javascript = 'text/javascript; charset=utf-8';
const css = 'text/css; charset=utf-8';

/** Of Swagger UI's package, only what the page loads. */
const vendored: Readonly<Record<string, string>> = {
  'swagger-ui-bundle.js': javascript,
  'swagger-ui.css': css,
  'favicon-32x32.png': 'image/png',
};

const own: Readonly<Record<string, Asset>> = {
  'start.js': { contentType: javascript, body: startScript },
  'countersign.css': { contentType: css, body: style },
};

const read = new Map<string, Asset>();
const reading = new SingleFlight<string, Asset>();

/** A file of the docs page, read from disk once; null when the page has no such file. */
export async function readAsset(name: string): Promise<Asset | null> {
  if (Object.hasOwn(own, name)) return own[name] ?? null;
  const contentType = Object.hasOwn(vendored, name) ? vendored[name] : undefined;
  if (contentType === undefined) return null;
  return read.get(name) ?? reading.run(name, () => readVendored(name, contentType));
}

async function readVendored(name: string, contentType: string): Promise<Asset> {
  const path = createRequire(import.meta.url).resolve(`swagger-ui-dist/${name}`);
  const asset = { contentType, body: await readFile(path) };
  read.set(name, asset);
  return asset;
}
