"""Log and register the example models through a real MLflow server.

python register.py TRAINED REGISTRY

Run it in a folder of its own with relative paths, as build.sh does: MLflow records the paths it is given.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
# Otherwise the name of TOKENIZERS_PARALLELISM is taken for that of a secret and listed with the model.
os.environ.setdefault("MLFLOW_RECORD_ENV_VARS_IN_MODEL_LOGGING", "false")
os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")

import iris
import mlflow
import mlflow.onnx
import mlflow.sklearn
import pandas as pd
from corpus import CONTEXT
from mlflow import MlflowClient
from mlflow.models import ModelSignature, infer_signature
from mlflow.types.schema import ColSpec, Schema
from server import mlflow_server

BASE = ["mlflow-skinny==3.17.2", "numpy==2.4.6", "pandas==3.1.1"]
ONNX = [*BASE, "onnxruntime==1.31.1"]
TEXT = [*ONNX, "tokenizers==0.22.2"]
SKLEARN = [*BASE, "scikit-learn==1.9.1", "joblib==1.6.0"]
CM = ["sepal length (cm)", "sepal width (cm)", "petal length (cm)", "petal width (cm)"]


@dataclass
class Version:
    """One version to register: how it is logged, and what is said about it."""

    log: Callable[[str], Any]
    description: str
    aliases: list[str] = field(default_factory=list)
    tags: dict[str, str] = field(default_factory=dict)
    metrics: dict[str, float] = field(default_factory=dict)


@dataclass
class Registered:
    name: str
    description: str
    task: str
    versions: list[Version]


def columns(kind: Any, names: list[str]) -> Schema:
    return Schema([ColSpec(kind, name) for name in names])


def translation(trained: Path, language: str, column: str) -> Callable[[str], Any]:
    folder = trained / "translation"
    return lambda name: mlflow.pyfunc.log_model(
        name="translator",
        registered_model_name=name,
        python_model="models/translation.py",
        artifacts={
            "encoder": f"{folder}/encoder.onnx",
            "decoder": f"{folder}/decoder.onnx",
            "tokenizer": f"{folder}/tokenizer.json",
        },
        model_config={"target_language": language, "input_column": column},
        signature=ModelSignature(columns("string", [column]), columns("string", ["translation_text"])),
        input_example=pd.DataFrame({column: ["The weather is lovely today"]}),
        pip_requirements=TEXT,
    )


def translation_model(trained: Path) -> Registered:
    return Registered(
        "translation_model",
        "Translates English sentences. A tiny T5 that knows a few dozen of them.",
        "translation",
        [
            Version(
                translation(trained, "German", "prompt"),
                "English to German.",
                ["production"],
                {"target_language": "German"},
            ),
            Version(
                translation(trained, "French", "prompt"),
                "English to French. The same signature as version 1.",
                ["french"],
                {"target_language": "French"},
            ),
            Version(
                translation(trained, "German", "text_to_translate"),
                "English to German. The input column has another name, so callers of version 1 cannot be served by it.",
                ["candidate"],
                {"target_language": "German"},
            ),
        ],
    )


def question_answerer(trained: Path) -> Registered:
    folder = trained / "question"
    answer = [("double", "score"), ("long", "start"), ("long", "end"), ("string", "answer")]
    signature = ModelSignature(columns("string", ["question"]), Schema([ColSpec(kind, name) for kind, name in answer]))
    return Registered(
        "question_answerer",
        f"Answers questions about one passage, with the place of the answer in it. The passage: {CONTEXT}",
        "question-answering",
        [
            Version(
                lambda name: mlflow.pyfunc.log_model(
                    name="reader",
                    registered_model_name=name,
                    python_model="models/question.py",
                    artifacts={"reader": f"{folder}/reader.onnx", "tokenizer": f"{folder}/tokenizer.json"},
                    model_config={"context": CONTEXT},
                    signature=signature,
                    input_example=pd.DataFrame({"question": ["Where do you live?"]}),
                    pip_requirements=TEXT,
                ),
                "Name, place and job of the person who introduces herself in the passage.",
                ["production"],
            )
        ],
    )


def forest(trees: int) -> Callable[[str], Any]:
    data = iris.iris()
    outputs = Schema([ColSpec("string", "label"), *(ColSpec("float", label) for label in data.labels)])
    return lambda name: mlflow.onnx.log_model(
        iris.forest_graph(trees),
        name="forest",
        registered_model_name=name,
        signature=ModelSignature(columns("double", CM), outputs),
        input_example=data.examples(),
        pip_requirements=ONNX,
        onnx_execution_providers=["CPUExecutionProvider"],
        # With more threads the last bits of an answer depend on the batch it came in.
        onnx_session_options={"intra_op_num_threads": 1, "inter_op_num_threads": 1},
        save_as_external_data=False,
    )


def iris_classifier() -> Registered:
    aliases = {1: ["production"], 2: ["candidate"]}
    return Registered(
        "iris_classifier",
        "Names the iris species, with a probability for each. An ONNX graph: serving it needs no Python.",
        "classification",
        [
            Version(
                forest(trees),
                f"Random forest of {trees} trees.",
                aliases[version],
                {"trees": str(trees)},
                {"accuracy": iris.accuracy(iris.forest(trees))},
            )
            for version, trees in iris.FOREST_SIZES.items()
        ],
    )


def iris_boosting(trained: Path) -> Registered:
    names = [column.removesuffix(" (cm)") for column in CM]
    folder = trained / "iris"
    return Registered(
        "iris_boosting",
        "Names the iris species. A boosting estimator and its labels as artifacts beside the code.",
        "classification",
        [
            Version(
                lambda name: mlflow.pyfunc.log_model(
                    name="boosting",
                    registered_model_name=name,
                    python_model="models/boosting.py",
                    artifacts={"estimator": f"{folder}/estimator.joblib", "labels": f"{folder}/labels.json"},
                    signature=ModelSignature(columns("double", names), columns("string", ["result"])),
                    input_example=iris.iris().examples().set_axis(names, axis=1),
                    pip_requirements=SKLEARN,
                ),
                "Gradient boosting, 30 rounds of trees of depth 2.",
                ["production"],
                metrics={"accuracy": iris.accuracy(iris.boosting())},
            )
        ],
    )


def iris_sklearn() -> Registered:
    data, estimator = iris.iris(), iris.logistic()
    return Registered(
        "iris_sklearn",
        "Numbers the iris species. Logged the way most people log, so its output has no name in the signature.",
        "classification",
        [
            Version(
                lambda name: mlflow.sklearn.log_model(
                    estimator,
                    name="logistic",
                    registered_model_name=name,
                    signature=infer_signature(data.x, estimator.predict(data.x)),
                    input_example=data.examples(),
                ),
                "Logistic regression; 0 is setosa, 1 versicolor, 2 virginica.",
                ["production"],
                metrics={"accuracy": iris.accuracy(estimator)},
            )
        ],
    )


def register(client: MlflowClient, model: Registered) -> None:
    """Log every version in a run of its own, then say what it is."""
    for version in model.versions:
        with mlflow.start_run(run_name=model.name):
            mlflow.log_metrics(version.metrics)
            number = str(version.log(model.name).registered_model_version)
        client.update_model_version(model.name, number, version.description)
        for key, value in version.tags.items():
            client.set_model_version_tag(model.name, number, key, value)
        for alias in version.aliases:
            client.set_registered_model_alias(model.name, alias, number)
        print(f"registered {model.name} {number}", flush=True)
    client.update_registered_model(model.name, model.description)
    client.set_registered_model_tag(model.name, "task", model.task)


def main(trained: Path, registry: Path) -> None:
    registry.mkdir(parents=True, exist_ok=True)
    with mlflow_server(registry) as uri:
        mlflow.set_tracking_uri(uri)
        mlflow.set_experiment("examples")
        client = MlflowClient()
        for model in (
            translation_model(trained),
            question_answerer(trained),
            iris_classifier(),
            iris_boosting(trained),
            iris_sklearn(),
        ):
            register(client, model)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
