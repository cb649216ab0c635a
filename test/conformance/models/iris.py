"""The iris flowers, as several themes train on them."""

from __future__ import annotations

import numpy as np
import pandas as pd
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression


def iris() -> tuple[pd.DataFrame, np.ndarray, list[str]]:
    """The measures under scikit-learn's own column names, the species as numbers, and the species' names."""
    data = load_iris()
    names = ["sepal length (cm)", "sepal width (cm)", "petal length (cm)", "petal width (cm)"]
    return pd.DataFrame(data.data, columns=names), data.target, [str(label) for label in data.target_names]


def logistic() -> LogisticRegression:
    """Newton's method ends at the same numbers on every processor, where the default solver's are up to 1e-4 apart."""
    return LogisticRegression(solver="newton-cholesky", tol=1e-10, random_state=0)
