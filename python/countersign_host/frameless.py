"""Estimators of scikit-learn on the array that they would make of a frame.

To look at a frame's dtypes and names costs them as much as the predict of ten trees. Where the names are those that the
estimator was fitted with, that leads to nothing but the frame's values.
"""

from __future__ import annotations

import copy
from typing import Any

import numpy as np

from .direct import MOST_LAYOUTS, Layout, layout_of
from .frames import Payload, Table

# Modules whose estimators begin with `check_array` on what they are given. Not those that hand it on to others, which
# may look at names: pipelines, voting, stacking, searches, column transformers.
_ARRAYS_FIRST = (
    "sklearn.cluster._kmeans",
    "sklearn.discriminant_analysis",
    "sklearn.ensemble._forest",
    "sklearn.ensemble._gb",
    "sklearn.linear_model.",
    "sklearn.naive_bayes",
    "sklearn.neighbors.",
    "sklearn.neural_network.",
    "sklearn.svm._classes",
    "sklearn.tree._classes",
)
_METHODS = ("predict", "predict_proba", "predict_log_proba")


class Frameless:
    """The flavor's own predict without a frame, for tables where both were seen to answer the same."""

    def __init__(self, model: Any) -> None:
        estimator, method = _array_first(model)
        self._names = getattr(estimator, "feature_names_in_", None)
        self._predict: Any = None if estimator is None else getattr(_nameless(estimator), method, None)
        self._known: dict[Layout, bool] = {}

    def predict(self, payload: Payload) -> Any:
        """None where it has to be asked with a frame: always, until `learn` was told of such a table."""
        table = self._plain(payload)
        if table is None or not self._known.get(layout_of(table), False):
            return None
        try:
            return self._predict(table.block.T)
        except Exception:
            return None  # The way of frames will say what is wrong.

    def learn(self, payload: Payload, answer: Any) -> None:
        """`answer` is what the estimator said of the frame, which enforcement had left as it was."""
        table = self._plain(payload)
        if table is None:
            return
        layout = layout_of(table)
        if layout not in self._known and len(self._known) < MOST_LAYOUTS:
            self._known[layout] = self._fits(layout) and self._agrees(table, answer)

    def _plain(self, payload: Payload) -> Table | None:
        """The payload where it is nothing but names and one block of numbers, and there is an estimator for it."""
        if self._predict is None or not isinstance(payload, Table) or payload.labels is not None:
            return None
        return None if payload.block is None or payload.block.dtype.kind not in "fiu" else payload

    def _fits(self, layout: Layout) -> bool:
        return self._names is None or [name for name, _ in layout] == list(self._names)

    def _agrees(self, table: Table, answer: Any) -> bool:
        try:
            bare = self._predict(table.block.T)
        except Exception:
            return False
        return type(bare) is type(answer) is np.ndarray and bare.dtype == answer.dtype and _same(bare, answer)


def _array_first(model: Any) -> tuple[Any, str]:
    """The estimator and the method that MLflow asks; None where it is none of these."""
    wrapper = getattr(model, "_model_impl", None)
    estimator = getattr(wrapper, "sklearn_model", None)
    method = model.metadata.flavors.get("python_function", {}).get("predict_fn", "predict")
    is_flavor = type(wrapper).__module__ == "mlflow.sklearn" and method in _METHODS
    is_plain = type(estimator).__module__.startswith(_ARRAYS_FIRST) and method not in vars(estimator)
    return estimator if is_flavor and is_plain else None, method


def _nameless(estimator: Any) -> Any:
    """One that knows no names: it would warn that an array has none. What was fitted is shared."""
    bare = copy.copy(estimator)
    vars(bare).pop("feature_names_in_", None)
    return bare


def _same(one: Any, other: Any) -> bool:
    if one.shape != other.shape:
        return False
    return bool(np.array_equal(one, other, equal_nan=one.dtype.kind == "f"))
