import { type Command, Option } from 'commander';

import { countersignError } from '../errors/countersign-error.ts';

/** Flags of `mlflow models serve` and `predict` that are no options of ours; docs/mlflow-compatibility.md tells of each. */
const flags = [
  '--no-conda',
  '--install-mlflow',
  '--enable-mlserver',
  '-r, --pip-requirements-override <LIST>',
];

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
  pipRequirementsOverride,
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
  if (pipRequirementsOverride !== undefined)
    throw countersignError(
      'INVALID_OPTION',
      '--pip-requirements-override',
      'a model is asked as it will be served; change its requirements with `mlflow models update-pip-requirements`',
    );
  return noConda === true ? { ...given, envManager: 'local' } : given;
}
