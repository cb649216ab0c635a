"""Fills a model registry for the tests, and says what is in it as one line of JSON.

    make_store.py build --tracking-uri URI [--artifacts URI]    a store of any kind, through MLflow's own client
    make_store.py folder --directory DIR                        the same models as NAME/VERSION/MLmodel
    make_store.py register --tracking-uri URI --source URI      one more version of `echo`

Runs with MLflow 3 and 2. Nothing is trained; every model is a few lines of code.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
import warnings
from pathlib import Path

os.environ.setdefault("MLFLOW_ALLOW_FILE_STORE", "true")
os.environ.setdefault("GIT_PYTHON_REFRESH", "quiet")
warnings.filterwarnings("ignore")

import mlflow  # noqa: E402
from mlflow.models import ModelSignature  # noqa: E402
from mlflow.types import ColSpec, ParamSchema, ParamSpec, Schema  # noqa: E402

IS_3 = int(mlflow.__version__.split(".")[0]) >= 3

CODE = """
import mlflow


class Echo(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        return model_input.rename(columns={"x": "y"})


mlflow.models.set_model(Echo())
"""

COLUMNS = {"inputs": Schema([ColSpec("double", "x")]), "outputs": Schema([ColSpec("double", "y")])}
PLAIN = ModelSignature(**COLUMNS)
WITH_PARAM = ModelSignature(**COLUMNS, params=ParamSchema([ParamSpec("scale", "double", 2.0)]))

ODD_NAME = "it's odd +é.v2"
BROKEN_FILES = {"no-flavors": "flavors: {}\nmlflow_version: 3.17.2\n", "bad-yaml": "flavors: {unclosed\n"}


def log(code: str, signature: ModelSignature, **more: object) -> mlflow.models.model.ModelInfo:
    where = {"name": "echo_model"} if IS_3 else {"artifact_path": "echo_model"}
    return mlflow.pyfunc.log_model(python_model=code, signature=signature, pip_requirements=["mlflow"], **where, **more)


def build(tracking_uri: str, artifacts: str | None) -> dict[str, object]:
    mlflow.set_tracking_uri(tracking_uri)
    client = mlflow.MlflowClient()
    experiment = client.create_experiment("tests", artifact_location=artifacts)
    mlflow.set_experiment(experiment_id=experiment)
    with tempfile.TemporaryDirectory() as scratch:
        code = Path(scratch, "echo_code.py")
        code.write_text(CODE)
        with mlflow.start_run() as run:
            first = log(str(code), PLAIN)
        with mlflow.start_run():
            third = log(str(code), WITH_PARAM, input_example=({"x": [1.5]}, {"scale": 3.0}))
        broken = log_broken(client, run.info.run_id, Path(scratch))
    source = first.model_uri if IS_3 else f"runs:/{run.info.run_id}/echo_model"
    register_echo(client, source, third.model_uri, run.info.run_id)
    register_others(client, source, broken, run)
    return {
        "mlflow": mlflow.__version__,
        "runId": run.info.run_id,
        "modelId": first.model_id if IS_3 else None,
        "modelUri": source,
        "source": client.get_model_version_download_uri("echo", "1"),
    }


def register_echo(client: mlflow.MlflowClient, first: str, third: str, run_id: str) -> None:
    client.create_registered_model("echo", description="Answers what it is asked")
    mlflow.register_model(first, "echo")
    mlflow.register_model(first, "echo")
    mlflow.register_model(third, "echo")
    client.update_model_version("echo", "1", description="The first")
    client.set_registered_model_alias("echo", "champion", "1")
    client.set_registered_model_alias("echo", "candidate", "3")
    client.transition_model_version_stage("echo", "1", "Production")
    client.transition_model_version_stage("echo", "3", "Staging")
    client.delete_model_version("echo", "2")


def register_others(client: mlflow.MlflowClient, source: str, broken: dict[str, str], run: mlflow.ActiveRun) -> None:
    client.create_registered_model(ODD_NAME)
    mlflow.register_model(source, ODD_NAME)
    client.create_registered_model("broken")
    for uri in (f"{run.info.artifact_uri}/nowhere", broken["no-flavors"], broken["bad-yaml"]):
        client.create_model_version("broken", uri, run.info.run_id)
    client.create_registered_model("many")
    for _ in range(12):
        mlflow.register_model(source, "many")
    client.copy_model_version("models:/echo/1", "copied")
    if IS_3:
        mlflow.genai.register_prompt("greeting", "Hello {{name}}")


def log_broken(client: mlflow.MlflowClient, run_id: str, scratch: Path) -> dict[str, str]:
    uris = {}
    for name, text in BROKEN_FILES.items():
        folder = scratch / name
        folder.mkdir()
        (folder / "MLmodel").write_text(text)
        client.log_artifacts(run_id, str(folder), name)
        uris[name] = f"{client.get_run(run_id).info.artifact_uri}/{name}"
    return uris


def folder(directory: str) -> dict[str, object]:
    root = Path(directory)
    with tempfile.TemporaryDirectory() as scratch:
        code = Path(scratch, "echo_code.py")
        code.write_text(CODE)
        example = {"input_example": ({"x": [1.5]}, {"scale": 3.0})}
        for version, signature, more in (("1", PLAIN, {}), ("3", WITH_PARAM, example)):
            target = root / "echo" / version
            mlflow.pyfunc.save_model(
                str(target), python_model=str(code), signature=signature, pip_requirements=["mlflow"], **more
            )
    for name, version in ((ODD_NAME, "1"), ("copied", "1"), *(("many", str(each)) for each in range(1, 13))):
        shutil.copytree(root / "echo" / "1", root / name / version)
    for version, text in enumerate(BROKEN_FILES.values(), start=2):
        (root / "broken" / str(version)).mkdir(parents=True)
        (root / "broken" / str(version) / "MLmodel").write_text(text)
    return {
        "mlflow": mlflow.__version__,
        "runId": None,
        "modelId": None,
        "modelUri": None,
        "source": str(root / "echo" / "1"),
    }


def register(tracking_uri: str, source: str) -> dict[str, object]:
    mlflow.set_tracking_uri(tracking_uri)
    return {"version": str(mlflow.register_model(source, "echo").version)}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("command", choices=["build", "folder", "register"])
    parser.add_argument("--tracking-uri")
    parser.add_argument("--artifacts")
    parser.add_argument("--directory")
    parser.add_argument("--source")
    given = parser.parse_args()
    if given.command == "build":
        facts = build(given.tracking_uri, given.artifacts)
    elif given.command == "folder":
        facts = folder(given.directory)
    else:
        facts = register(given.tracking_uri, given.source)
    print(json.dumps(facts), file=sys.stdout)


if __name__ == "__main__":
    main()
