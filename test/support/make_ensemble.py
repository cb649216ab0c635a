"""Writes a folder registry of MLflow's documented ensemble: two estimators behind one preprocessor, weights 0.6 and 0.4.

    make_ensemble.py DIRECTORY

`ridge/1` and `forest/1` are the two parts as models of their own, `logged/1` is the ensemble as one pyfunc.
https://mlflow.org/docs/latest/ml/model/custom-pyfunc/ has the pattern; fixed seeds make it the same every time.
"""

from __future__ import annotations

import sys
import tempfile
import warnings
from pathlib import Path
from typing import Any

warnings.filterwarnings("ignore")

import joblib  # noqa: E402
import mlflow  # noqa: E402
import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402
from mlflow.models import ModelSignature  # noqa: E402
from mlflow.types import ColSpec, Schema, TensorSpec  # noqa: E402
from sklearn.ensemble import RandomForestRegressor  # noqa: E402
from sklearn.linear_model import Ridge  # noqa: E402
from sklearn.pipeline import make_pipeline  # noqa: E402
from sklearn.preprocessing import StandardScaler  # noqa: E402

COLUMNS = ("f1", "f2", "f3")
SIGNATURE = ModelSignature(
    inputs=Schema([ColSpec("double", column) for column in COLUMNS]),
    outputs=Schema([TensorSpec(np.dtype("float64"), (-1,))]),
)


class WeightedEnsemble(mlflow.pyfunc.PythonModel):
    def load_context(self, context: Any) -> None:
        parts = {name: joblib.load(path) for name, path in context.artifacts.items()}
        self.preprocessor = parts.pop("preprocessor")
        self.estimators = [parts["ridge"], parts["forest"]]
        self.weights = context.model_config["weights"]

    def predict(self, context: Any, model_input: pd.DataFrame) -> np.ndarray:
        x = self.preprocessor.transform(model_input)
        parts = zip(self.weights, self.estimators, strict=True)
        return sum(weight * estimator.predict(x) for weight, estimator in parts)


def main() -> None:
    registry = Path(sys.argv[1])
    random = np.random.RandomState(11)
    x = pd.DataFrame({column: random.normal(size=150) for column in COLUMNS})
    y = 2 * x["f1"] - x["f2"] ** 2 + 0.5 * x["f3"]
    scaler = StandardScaler().fit(x)
    scaled = scaler.transform(x)
    parts = {
        "ridge": Ridge().fit(scaled, y),
        "forest": RandomForestRegressor(n_estimators=8, random_state=1, n_jobs=1).fit(scaled, y),
    }
    for name, estimator in parts.items():
        mlflow.sklearn.save_model(
            make_pipeline(scaler, estimator),
            registry / name / "1",
            signature=SIGNATURE,
            input_example=x.head(3),
            serialization_format="cloudpickle",
        )
    with tempfile.TemporaryDirectory() as scratch:
        artifacts = {}
        for name, part in {**parts, "preprocessor": scaler}.items():
            artifacts[name] = str(Path(scratch, f"{name}.pkl"))
            joblib.dump(part, artifacts[name])
        mlflow.pyfunc.save_model(
            registry / "logged" / "1",
            python_model=WeightedEnsemble(),
            artifacts=artifacts,
            signature=SIGNATURE,
            input_example=x.head(3),
            model_config={"weights": [0.6, 0.4]},
        )


main()
