import { type Command, Option } from 'commander';

import { countersignError } from '../errors/countersign-error.ts';

/** Flags of `mlflow models serve` and `predict` that are no options of ours; docs/mlflow-compatibility.md tells of each. */
const flags = ['--no-conda', '--install-mlflow', '--enable-mlserver'];

/** Takes them, so that they are not called unknown. */
export function addMlflowFlags(command: Command): void {
  for (const flag of flags) {
    const option = new Option(flag).hideHelp();
    // Else `--no-conda` would set an option `conda` for everybody.
    option.negate = false;
    command.addOption(option);
  }
}

/** The options they come to. Throws INVALID_OPTION for those that cannot be. */
export function readMlflowFlags({
  noConda,
  installMlflow,
  enableMlserver,
  ...given
}: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  if (installMlflow === true)
    throw countersignError(
      'INVALID_OPTION',
      '--install-mlflow',
      "an environment holds the model's own requirements; log the model again with mlflow among them",
    );
  if (enableMlserver === true)
    throw countersignError(
      'INVALID_OPTION',
      '--enable-mlserver',
      'there is one server here, and it needs no MLServer',
    );
  return noConda === true ? { ...given, envManager: 'local' } : given;
}
