"""A store with many versions and many models, all of them files that are there: python grow.py STORE FOLDERS

STORE is a directory; FOLDERS the JSON of the models' folders by name. STORE/mlflow.db gets `one` with 1 version, `many`
with 200 and `m01` to `m50` of the ONNX forest, and `pyfunc` with 4 versions of the forest in Python.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import mlflow

VERSIONS = 200
MODELS = 50


def register(client: mlflow.MlflowClient, name: str, folder: str, versions: int) -> None:
    client.create_registered_model(name)
    for _ in range(versions):
        client.create_model_version(name, folder)


def main(store: Path, folders: dict[str, str]) -> None:
    mlflow.set_tracking_uri(f"sqlite:///{store}/mlflow.db")
    client = mlflow.MlflowClient()
    onnx, pyfunc = folders["iris_forest_onnx"], folders["iris_forest"]
    register(client, "one", onnx, 1)
    register(client, "many", onnx, VERSIONS)
    register(client, "pyfunc", pyfunc, 4)
    for number in range(1, MODELS + 1):
        register(client, f"m{number:02}", onnx, 1)
    (store / "complete").touch()


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve(), json.loads(Path(sys.argv[2]).read_text()))
