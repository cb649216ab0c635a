"""A custom ensemble, as MLflow's documentation shows it: models and a preprocessor as artifacts, weights from the
model's configuration.

    python log_ensemble.py TRACKING_URI DIRECTORY
"""

import json
import sys
from pathlib import Path

import joblib
import mlflow
import pandas as pd
from sklearn.linear_model import LinearRegression, Ridge
from sklearn.preprocessing import StandardScaler


class EnsembleModel(mlflow.pyfunc.PythonModel):
    def load_context(self, context):
        self.preprocessor = joblib.load(context.artifacts["preprocessor"])
        self.models = [joblib.load(context.artifacts[name]) for name in ("model1", "model2")]
        self.weights = context.model_config["weights"]

    def predict(self, context, model_input, params=None):
        ready = self.preprocessor.transform(model_input)
        return sum(weight * model.predict(ready) for weight, model in zip(self.weights, self.models, strict=True))


def main(tracking_uri, directory):
    mlflow.set_tracking_uri(tracking_uri)
    data = pd.DataFrame({"f1": [0.0, 1.0, 2.0, 3.0], "f2": [1.0, 0.5, -1.0, 4.0]})
    target = [1.0, 2.0, 0.5, 7.0]
    scaler = StandardScaler().fit(data)
    parts = {
        "preprocessor": scaler,
        "model1": LinearRegression().fit(scaler.transform(data), target),
        "model2": Ridge(alpha=10.0).fit(scaler.transform(data), target),
    }
    artifacts = {name: str(Path(directory) / f"{name}.joblib") for name in parts}
    for name, part in parts.items():
        joblib.dump(part, artifacts[name])
    with mlflow.start_run():
        mlflow.pyfunc.log_model(
            name="ensemble",
            python_model=EnsembleModel(),
            artifacts=artifacts,
            model_config={"weights": [0.6, 0.4]},
            input_example=data,
            registered_model_name="ensemble",
        )
    uri = "models:/ensemble/1"
    answers = {
        "as logged": mlflow.pyfunc.load_model(uri).predict(data).tolist(),
        "first alone": mlflow.pyfunc.load_model(uri, model_config={"weights": [1.0, 0.0]}).predict(data).tolist(),
    }
    print(json.dumps(answers))


if __name__ == "__main__":
    main(*sys.argv[1:])
