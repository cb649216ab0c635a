/**
 * Input that a graph cannot take, or a graph that we cannot run. Never leaves the engine: it becomes the cause of
 * MODEL_FAILED or the reason of ENGINE_CANNOT_LOAD.
 */
class Misfit extends Error {
  override readonly name = 'Misfit';
}

export function misfit(what: string): never {
  throw new Misfit(what);
}
