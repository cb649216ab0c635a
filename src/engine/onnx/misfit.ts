/** Input that a graph cannot take. Never leaves the engine: it becomes the cause of MODEL_FAILED. */
class Misfit extends Error {
  override readonly name = 'Misfit';
}

export function misfit(what: string): never {
  throw new Misfit(what);
}
