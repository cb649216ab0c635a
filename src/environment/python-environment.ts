/** A Python interpreter that has what a version needs. */
export interface PythonEnvironment {
  /** Absolute path of the interpreter. */
  readonly python: string;
  /** Such as '3.11.7'. */
  readonly pythonVersion: string;
  /** The hash of an isolated environment, or 'local'. Equal ids are the same environment. */
  readonly id: string;
  /** For people; names no path. */
  readonly description: string;
}
