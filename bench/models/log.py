"""Logs the models of the benchmark into a store: python log.py DIRECTORY

DIRECTORY/mlflow.db is the store, DIRECTORY/artifacts the files, DIRECTORY/folders.json where each model lies.
Fixed seeds; a minute at most.
"""

from __future__ import annotations

import json
import sys
import warnings
from pathlib import Path
from typing import Any
from urllib.parse import urlparse
from urllib.request import url2pathname

import mlflow
import numpy as np
import onnx
import pandas as pd
from mlflow.models import ModelSignature, infer_signature
from mlflow.types.schema import ColSpec, Schema
from skl2onnx import convert_sklearn
from skl2onnx.common.data_types import FloatTensorType
from skl2onnx.helpers.onnx_helper import select_model_inputs_outputs
from sklearn.datasets import load_iris, make_regression
from sklearn.ensemble import GradientBoostingRegressor, RandomForestClassifier

HERE = Path(__file__).parent
SEED = 7
WIDTH = 50


def iris() -> tuple[Any, pd.DataFrame]:
    data = load_iris(as_frame=True)
    columns = ["sepal length", "sepal width", "petal length", "petal width"]
    frame = data.data.set_axis(columns, axis=1)
    return RandomForestClassifier(n_estimators=10, random_state=SEED).fit(frame, data.target), frame


def boosting() -> tuple[Any, pd.DataFrame]:
    """Features are multiples of 1/8, so that float32 holds them exactly: both runtimes see the same numbers."""
    features, target = make_regression(2000, WIDTH, n_informative=20, random_state=SEED)
    frame = pd.DataFrame(np.round(features * 8) / 8, columns=[f"f{i}" for i in range(WIDTH)])
    return GradientBoostingRegressor(n_estimators=100, max_depth=3, random_state=SEED).fit(frame, target), frame


def as_graph(estimator: Any, frame: pd.DataFrame) -> onnx.ModelProto:
    """The estimator's first output alone: of a classifier MLflow cannot answer the probabilities."""
    matrix = [("X", FloatTensorType([None, frame.shape[1]]))]
    is_classifier = hasattr(estimator, "classes_")
    options = {id(estimator): {"zipmap": False}} if is_classifier else None
    graph = convert_sklearn(estimator, initial_types=matrix, options=options, target_opset=15)
    return select_model_inputs_outputs(graph, graph.graph.output[0].name) if is_classifier else graph


def log_both(name: str, estimator: Any, frame: pd.DataFrame) -> None:
    example = frame.head(3)
    signature = infer_signature(example, estimator.predict(example))
    common = {"signature": signature, "input_example": example}
    mlflow.sklearn.log_model(
        estimator,
        name=name,
        registered_model_name=name,
        serialization_format="cloudpickle",
        pip_requirements=["mlflow", "scikit-learn"],
        **common,
    )
    graph = as_graph(estimator, frame)
    output = graph.graph.output[0].name
    answers = pd.DataFrame({output: estimator.predict(example)})
    if answers[output].dtype.kind == "f":
        answers = answers.astype("float32")
    mlflow.onnx.log_model(
        graph,
        name=f"{name}_onnx",
        registered_model_name=f"{name}_onnx",
        pip_requirements=["mlflow", "onnx", "onnxruntime"],
        signature=infer_signature(example, answers),
        input_example=example,
    )


def log_code(name: str, inputs: list[ColSpec], outputs: list[ColSpec], example: pd.DataFrame) -> None:
    mlflow.pyfunc.log_model(
        name=name,
        python_model=str(HERE / f"{name}.py"),
        registered_model_name=name,
        signature=ModelSignature(inputs=Schema(inputs), outputs=Schema(outputs)),
        input_example=example,
        pip_requirements=["mlflow"],
    )


def folders() -> dict[str, str]:
    """The folder of each model, for servers that know no registry."""
    client = mlflow.MlflowClient()
    names = [model.name for model in client.search_registered_models()]
    return {name: url2pathname(urlparse(client.get_model_version_download_uri(name, "1")).path) for name in names}


def main(directory: Path) -> None:
    warnings.filterwarnings("ignore")
    mlflow.set_tracking_uri(f"sqlite:///{directory}/mlflow.db")
    experiment = mlflow.create_experiment("bench", artifact_location=(directory / "artifacts").as_uri())
    mlflow.set_experiment(experiment_id=experiment)
    log_both("iris_forest", *iris())
    log_both("wide_boosting", *boosting())
    log_code("echo", [ColSpec("double", "x")], [ColSpec("double", "x")], pd.DataFrame({"x": [1.5, 2.5]}))
    log_code(
        "shout",
        [ColSpec("string", "text")],
        [ColSpec("string", "shouted")],
        pd.DataFrame({"text": ["good morning", "good night"]}),
    )
    (directory / "folders.json").write_text(json.dumps(folders()))


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve())
