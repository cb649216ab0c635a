"""Log the models of the conformance suite and register each under its own name: version 1, alias `champion`.

python make.py --tracking-uri sqlite:///store/mlflow.db --artifact-root store/artifacts --out store/models.json

Every model is deterministic, so that its recorded answers hold wherever it is made again. `--out` receives
{name: directory of the model}. Only local artifact roots: the real scoring server is started on the directories.
"""

from __future__ import annotations

import argparse
import json
import os
import warnings
from collections.abc import Sequence
from pathlib import Path

os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
os.environ["MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR"] = "false"

import mlflow

import agents
import echoes
import estimators
import functions
import graphs
import hinted
import packaged
from logged import LogModel

EXPERIMENT = "conformance"
ALIAS = "champion"
MODELS: dict[str, LogModel] = {
    log.__name__: log
    for theme in (echoes, functions, hinted, agents, estimators, packaged, graphs)
    for log in theme.MODELS
}


def main() -> None:
    arguments = parse_arguments()
    warnings.filterwarnings("ignore")
    open_experiment(arguments.tracking_uri, arguments.artifact_root.resolve())
    directories = {name: str(make(name)) for name in arguments.models}
    arguments.out.write_text(json.dumps(directories, indent=1) + "\n")


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tracking-uri", required=True)
    parser.add_argument("--artifact-root", required=True, type=Path)
    parser.add_argument("--out", required=True, type=Path)
    parser.add_argument("--models", type=names, default=list(MODELS), help="comma-separated; default: all")
    return parser.parse_args()


def names(text: str) -> Sequence[str]:
    chosen = text.split(",")
    if unknown := set(chosen) - set(MODELS):
        raise argparse.ArgumentTypeError(f"no such model: {', '.join(sorted(unknown))}")
    return chosen


def open_experiment(tracking_uri: str, artifact_root: Path) -> None:
    mlflow.set_tracking_uri(tracking_uri)
    if mlflow.get_experiment_by_name(EXPERIMENT) is None:
        mlflow.create_experiment(EXPERIMENT, artifact_location=artifact_root.as_uri())
    mlflow.set_experiment(EXPERIMENT)


def make(name: str) -> Path:
    with mlflow.start_run(run_name=name):
        model = MODELS[name](name)
    mlflow.MlflowClient().set_registered_model_alias(name, ALIAS, str(model.registered_model_version))
    # On a local store this is the directory of the artifacts itself, not a copy.
    return Path(mlflow.artifacts.download_artifacts(model.model_uri))


if __name__ == "__main__":
    main()
