/**
 * The rows of each model by name, which `countersign types` writes from their contracts. It is empty until then, and
 * the rows of a model that is not in it are `unknown`.
 *
 * @example
 * declare module 'countersign' {
 *   interface Models {
 *     question_answerer: { input: { question: string }; output: { answer: string; score: number } };
 *   }
 * }
 */
// An interface, because only an interface can be added to from another file.
// eslint-disable-next-line @typescript-eslint/no-empty-object-type
export interface Models {}

/** What `Models` holds for one model. */
export interface ModelRows {
  readonly input: unknown;
  readonly output: unknown;
  /** Absent where the model takes none. */
  readonly params?: unknown;
}
