import { fileURLToPath } from 'node:url';
import type { Recipe } from './recipe.ts';
import { run, type Variables } from './run.ts';

const script = fileURLToPath(new URL('../../python/countersign_host/check_requirements.py', import.meta.url));

/**
 * What of a recipe an interpreter does not have, a few words each; empty when it has everything.
 *
 * Asked of the interpreter itself, with `importlib.metadata` and `packaging` (which MLflow needs anyway): that
 * takes a tenth of a second, no network, and knows markers, extras and the mercy shown to MLflow's own version,
 * none of which `uv pip install --dry-run` does offline.
 */
export async function unmetRequirements(
  python: string,
  recipe: Recipe,
  env: Variables,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const input = recipe.requirements;
  const { exitCode, stdout } = await run(python, [script, recipe.directory], { env, signal, input });
  return (exitCode === 0 ? sentences(stdout) : null) ?? ['a way to list what is installed'];
}

function sentences(stdout: string): readonly string[] | null {
  try {
    const parsed: unknown = JSON.parse(stdout.trim());
    return Array.isArray(parsed) ? parsed.filter((item) => typeof item === 'string') : null;
  } catch {
    return null;
  }
}
