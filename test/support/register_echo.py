"""Registers one more version of a model that answers its own columns under other names.

    register_echo.py --tracking-uri URI --artifacts DIR --model NAME [--alias A] --spec JSON

The spec is {"inputs": [ColSpec as JSON], "outputs": [the same], "renamed": {input: output}, "says": {output: text}};
inputs null logs no signature. Prints the version as JSON.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import warnings
from pathlib import Path

warnings.filterwarnings("ignore")

import mlflow  # noqa: E402
from mlflow.models import ModelSignature  # noqa: E402
from mlflow.types import Schema  # noqa: E402

CODE = """
import mlflow
import pandas as pd

RENAMED = {renamed!r}
SAYS = {says!r}


class Echo(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        if not isinstance(model_input, pd.DataFrame):
            return {{"got": model_input}}
        answer = model_input.rename(columns=RENAMED)
        for name, text in SAYS.items():
            answer[name] = text
        return answer


mlflow.models.set_model(Echo())
"""


def main() -> None:
    parser = argparse.ArgumentParser()
    for flag in ("--tracking-uri", "--artifacts", "--model", "--spec"):
        parser.add_argument(flag, required=True)
    parser.add_argument("--alias")
    given = parser.parse_args()
    spec = json.loads(given.spec)
    mlflow.set_tracking_uri(given.tracking_uri)
    client = mlflow.MlflowClient()
    experiment = client.get_experiment_by_name("any")
    identifier = experiment.experiment_id if experiment else client.create_experiment("any", given.artifacts)
    mlflow.set_experiment(experiment_id=identifier)
    signature = None
    if spec["inputs"] is not None:
        inputs, outputs = (Schema.from_json(json.dumps(spec[side])) for side in ("inputs", "outputs"))
        signature = ModelSignature(inputs=inputs, outputs=outputs)
    with tempfile.TemporaryDirectory() as scratch:
        code = Path(scratch, "echo_code.py")
        code.write_text(CODE.format(renamed=spec["renamed"], says=spec["says"]))
        with mlflow.start_run():
            logged = mlflow.pyfunc.log_model(
                python_model=str(code),
                name="echo",
                signature=signature,
                pip_requirements=["mlflow"],
                registered_model_name=given.model,
            )
    version = str(logged.registered_model_version)
    if given.alias:
        client.set_registered_model_alias(given.model, given.alias, version)
    print(json.dumps({"version": version}))


if __name__ == "__main__":
    main()
