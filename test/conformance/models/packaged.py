"""Pyfuncs that bring files along: one from code, one pickled whole."""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import cloudpickle
import joblib
import mlflow
import numpy as np
import pandas as pd
from mlflow.models.model import ModelInfo
from mlflow.types import ColSpec, TensorSpec
from sklearn.ensemble import GradientBoostingClassifier, RandomForestRegressor
from sklearn.linear_model import Ridge
from sklearn.preprocessing import StandardScaler

from iris import iris
from logged import columns, log_code, log_python, signature

# Nothing of this directory can be imported where the pickled model is loaded.
cloudpickle.register_pickle_by_value(sys.modules[__name__])


def iris_gb_labels(name: str) -> ModelInfo:
    """A classifier and the list of its labels; answers the flower's name."""
    x, y, labels = iris()
    classifier = GradientBoostingClassifier(n_estimators=15, random_state=0).fit(x.to_numpy(), y)
    inputs = (ColSpec("double", column.removesuffix(" (cm)")) for column in x.columns)
    with tempfile.TemporaryDirectory() as directory:
        model, names = Path(directory, "iris_gb.joblib"), Path(directory, "iris_labels.json")
        joblib.dump(classifier, model)
        names.write_text(json.dumps(labels))
        return log_code(
            name,
            "flower_names",
            signature=signature(*inputs, outputs=columns(result="string")),
            artifacts={"model": str(model), "labels": str(names)},
        )


class WeightedEnsemble(mlflow.pyfunc.PythonModel):
    """MLflow's documented custom ensemble: two estimators behind one preprocessor, weights from the model_config."""

    def load_context(self, context: Any) -> None:
        parts = {name: joblib.load(path) for name, path in context.artifacts.items()}
        self.preprocessor = parts.pop("preprocessor")
        self.estimators = [parts["model_a"], parts["model_b"]]
        self.weights = context.model_config.get("weights", [0.5, 0.5])

    def predict(self, model_input: pd.DataFrame) -> np.ndarray:
        x = self.preprocessor.transform(model_input)
        weighted = (weight * part.predict(x) for weight, part in zip(self.weights, self.estimators, strict=True))
        return sum(weighted)


def ensemble(name: str) -> ModelInfo:
    """A pickled python model with three pickled estimators."""
    random = np.random.RandomState(11)
    x = pd.DataFrame({column: random.normal(size=150) for column in ("f1", "f2", "f3")})
    y = 2 * x["f1"] - x["f2"] ** 2 + 0.5 * x["f3"]
    scaler = StandardScaler().fit(x)
    scaled = scaler.transform(x)
    forest = RandomForestRegressor(n_estimators=8, random_state=1, n_jobs=1)
    parts = {"model_a": Ridge().fit(scaled, y), "model_b": forest.fit(scaled, y), "preprocessor": scaler}
    with tempfile.TemporaryDirectory() as directory:
        files = {part: str(Path(directory, f"{part}.pkl")) for part in parts}
        for part, file in files.items():
            joblib.dump(parts[part], file)
        return log_python(
            name,
            WeightedEnsemble(),
            signature=signature(
                *(ColSpec("double", column) for column in x.columns),
                outputs=[TensorSpec(np.dtype("float64"), (-1,))],
            ),
            artifacts=files,
            model_config={"weights": [0.6, 0.4]},
        )


MODELS = (iris_gb_labels, ensemble)
