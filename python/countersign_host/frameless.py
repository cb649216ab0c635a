"""Estimators of scikit-learn on the array that they would make of a frame.

To look at a frame's dtypes and names costs them as much as the predict of ten trees. Where the names are those that the
estimator was fitted with, that leads to nothing but the frame's values.
"""

from __future__ import annotations

import copy
from typing import Any

import numpy as np

from .direct import Layout, layout_of
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
# Optional columns make a layout for each way of leaving some out.
_MOST_LAYOUTS = 64


class Frameless:
    """The flavor's own predict without a frame, for tables where both were seen to answer the same."""

    def __init__(self, model: Any) -> None:
        self._names: list[Any] | None = None
        self._predict = self._find(model)
        self._known: dict[Layout, bool] = {}

    def predict(self, payload: Payload) -> Any:
        """None where it has to be asked with a frame: always, until `learn` was told of such a table."""
        if self._predict is None or not isinstance(payload, Table) or payload.block is None:
            return None
        if payload.labels is not None or not self._known.get(layout_of(payload), False):
            return None
        try:
            return self._predict(payload.block.T)
        except Exception:
            return None  # The way of frames will say what is wrong.

    def learn(self, payload: Payload, answer: Any) -> None:
        """`answer` is what the estimator said of the frame, which enforcement had left as it was."""
        if self._predict is None or not isinstance(payload, Table) or payload.block is None:
            return
        layout = layout_of(payload)
        if payload.labels is not None or layout in self._known or len(self._known) >= _MOST_LAYOUTS:
            return
        self._known[layout] = payload.block.dtype.kind in "fiu" and self._fits(layout) and self._agrees(payload, answer)

    def _find(self, model: Any) -> Any:
        wrapper = getattr(model, "_model_impl", None)
        estimator = getattr(wrapper, "sklearn_model", None)
        method = model.metadata.flavors.get("python_function", {}).get("predict_fn", "predict")
        if type(wrapper).__module__ != "mlflow.sklearn" or method not in _METHODS:
            return None
        if not type(estimator).__module__.startswith(_ARRAYS_FIRST) or method in vars(estimator):
            return None
        names = getattr(estimator, "feature_names_in_", None)
        self._names = None if names is None else list(names)
        # One that knows no names: it would warn that an array has none. What was fitted is shared.
        bare = copy.copy(estimator)
        vars(bare).pop("feature_names_in_", None)
        return getattr(bare, method, None)

    def _fits(self, layout: Layout) -> bool:
        return self._names is None or [name for name, _ in layout] == self._names

    def _agrees(self, table: Table, answer: Any) -> bool:
        try:
            bare = self._predict(table.block.T)
        except Exception:
            return False
        return type(bare) is type(answer) is np.ndarray and bare.dtype == answer.dtype and _same(bare, answer)


def _same(one: Any, other: Any) -> bool:
    if one.shape != other.shape:
        return False
    return bool(np.array_equal(one, other, equal_nan=one.dtype.kind == "f"))
