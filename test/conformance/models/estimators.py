"""Estimators, logged by the flavor of their library."""

from __future__ import annotations

import mlflow
import mlflow.xgboost
import numpy as np
import pandas as pd
from mlflow.models import infer_signature
from mlflow.models.model import ModelInfo
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from xgboost import XGBRegressor

from iris import iris, logistic
from logged import columns, signature

# MLflow's default for scikit-learn, skops, refuses tree ensembles and this pipeline's encoder.
CLOUDPICKLE = "cloudpickle"


def iris_rf(name: str) -> ModelInfo:
    """Columns with spaces and brackets in their names, class numbers out, and an input example."""
    x, y, _ = iris()
    forest = RandomForestClassifier(n_estimators=10, random_state=42, n_jobs=1).fit(x, y)
    return mlflow.sklearn.log_model(
        forest,
        name=name,
        registered_model_name=name,
        signature=infer_signature(x, forest.predict(x)),
        input_example=x.head(2),
        serialization_format=CLOUDPICKLE,
    )


def iris_proba(name: str) -> ModelInfo:
    """Served through predict_proba: rows of three out."""
    x, y, _ = iris()
    classifier = logistic().fit(x, y)
    return mlflow.sklearn.log_model(
        classifier,
        name=name,
        registered_model_name=name,
        signature=infer_signature(x, classifier.predict_proba(x)),
        pyfunc_predict_fn="predict_proba",
    )


def cat_pipeline(name: str) -> ModelInfo:
    """Strings and numbers side by side in, strings out."""
    x, y = customers()
    prepare = ColumnTransformer(
        [
            ("c", OneHotEncoder(handle_unknown="ignore"), ["city", "plan"]),
            ("n", StandardScaler(), ["age", "visits"]),
        ]
    )
    pipeline = Pipeline([("pre", prepare), ("clf", logistic())]).fit(x, y)
    inputs = columns(city="string", plan="string", age="double", visits="long")
    return mlflow.sklearn.log_model(
        pipeline,
        name=name,
        registered_model_name=name,
        signature=signature(*inputs, outputs=columns(label="string")),
        serialization_format=CLOUDPICKLE,
    )


def customers() -> tuple[pd.DataFrame, np.ndarray]:
    random = np.random.RandomState(3)
    x = pd.DataFrame(
        {
            "city": random.choice(["Oslo", "Lima", "Zürich"], 120).astype(object),
            "plan": random.choice(["free", "pro"], 120).astype(object),
            "age": random.uniform(18, 80, 120).round(1),
            "visits": random.randint(0, 30, 120),
        }
    )
    return x, np.where((x["age"] > 45) ^ (x["plan"] == "pro"), "stays", "leaves")


def int_regressor(name: str) -> ModelInfo:
    """A long, an integer and a float column."""
    random = np.random.RandomState(7)
    x = pd.DataFrame(
        {
            "rooms": random.randint(1, 9, 60).astype("int64"),
            "floor": random.randint(0, 20, 60).astype("int32"),
            "area": random.uniform(20, 200, 60).astype("float32"),
        }
    )
    rent = 3.0 * x["rooms"] - 0.5 * x["floor"] + 1.25 * x["area"] + 10
    line = LinearRegression().fit(x, rent)
    return mlflow.sklearn.log_model(
        line, name=name, registered_model_name=name, signature=infer_signature(x, line.predict(x))
    )


def xgb_reg(name: str) -> ModelInfo:
    """xgboost behind its scikit-learn interface."""
    random = np.random.RandomState(5)
    x = pd.DataFrame({"u": random.uniform(-2, 2, 200), "v": random.uniform(-2, 2, 200)})
    trees = XGBRegressor(n_estimators=20, max_depth=3, random_state=0, n_jobs=1).fit(x, x["u"] ** 2 + 3 * x["v"])
    return mlflow.xgboost.log_model(
        trees,
        name=name,
        registered_model_name=name,
        signature=infer_signature(x, trees.predict(x)),
        model_format="json",
    )


MODELS = (iris_rf, iris_proba, cat_pipeline, int_regressor, xgb_reg)
