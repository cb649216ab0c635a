"""Name the iris species with a scikit-learn estimator kept as an artifact, and its labels in a JSON file."""

import json
from pathlib import Path
from typing import Any

import joblib
import pandas as pd
from mlflow.models import set_model
from mlflow.pyfunc import PythonModel

COLUMNS = ["sepal length", "sepal width", "petal length", "petal width"]


class Boosting(PythonModel):
    def load_context(self, context: Any) -> None:
        self.estimator = joblib.load(context.artifacts["estimator"])
        self.labels: list[str] = json.loads(Path(context.artifacts["labels"]).read_text(encoding="utf-8"))

    def predict(self, context: Any, model_input: pd.DataFrame, params: dict[str, Any] | None = None) -> Any:
        if model_input.empty:
            return []
        return [{"result": self.labels[index]} for index in self.estimator.predict(model_input[COLUMNS].to_numpy())]


set_model(Boosting())
