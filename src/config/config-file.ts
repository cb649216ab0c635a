import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { registerHooks } from 'node:module';
import { extname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

import { parse } from 'yaml';

import { countersignError } from '../errors/countersign-error.ts';

const names = ['ts', 'js', 'json', 'yaml', 'yml'].map((extension) => `countersign.config.${extension}`);

/**
 * The config file named by `--config`, else the one in the working directory, else nothing. A `.ts` or `.js`
 * file is executed and its default export taken.
 */
export async function readConfigFile(
  path: string | null,
  cwd: string,
): Promise<Readonly<Record<string, unknown>>> {
  const file = path === null ? findConfigFile(cwd) : resolve(cwd, path);
  if (file === null) return {};
  const content = await load(file);
  if (typeof content === 'object' && content !== null && !Array.isArray(content)) {
    return content as Readonly<Record<string, unknown>>;
  }
  throw countersignError('INVALID_OPTION', file, 'expected an object of options');
}

function findConfigFile(cwd: string): string | null {
  return names.map((name) => resolve(cwd, name)).find((file) => existsSync(file)) ?? null;
}

/**
 * A config imports `compose` and its like from this very countersign, wherever it is installed: two copies, or none
 * beside the config of a program that was installed for the whole machine, would be a riddle to its user.
 */
function importOwnPackage(): void {
  const own = new URL(`../index${extname(import.meta.url)}`, import.meta.url).href;
  registerHooks({
    resolve: (specifier, context, next) =>
      specifier === 'countersign' ? { url: own, shortCircuit: true } : next(specifier, context),
  });
}

async function load(file: string): Promise<unknown> {
  try {
    switch (extname(file)) {
      case '.ts':
      case '.js':
      case '.mjs': {
        importOwnPackage();
        const module = (await import(pathToFileURL(file).href)) as Readonly<Record<string, unknown>>;
        return module['default'];
      }
      case '.json':
        return JSON.parse(await readFile(file, 'utf8'));
      default:
        return parse(await readFile(file, 'utf8'));
    }
  } catch (error) {
    const why = error instanceof Error ? error.message.split('\n')[0] : String(error);
    throw countersignError('INVALID_OPTION', file, `cannot be read: ${why ?? ''}`).with({ cause: error });
  }
}
