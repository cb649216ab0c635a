"""Predicting past MLflow's schema enforcement, where enforcement is seen to hand on what it was given.

It costs some 30 microseconds a column and a call, whatever the number of rows. Of a column that has the dtype that
the signature asks for it looks at the dtype, never at a value (`_enforce_mlflow_datatype` in mlflow/models/utils.py),
so that what it does to one frame it does to every frame of the same columns.
"""

from __future__ import annotations

import inspect
from typing import Any

import pandas as pd

from .frames import FIXED, Payload, Table

Layout = tuple[tuple[Any, str], ...]

# Optional columns make a layout for each way of leaving some out.
MOST_LAYOUTS = 64
# Models of the user's own code may ask MLflow for the context that `PyFuncModel.predict` sets up around them.
_OWN_CODE = ("mlflow.pyfunc.model", "mlflow.pyfunc.loaders")


class Direct:
    """The flavor's own predict, for tables of which enforcement was seen to change nothing."""

    def __init__(self, model: Any, schema: Any) -> None:
        self._schema = schema
        self._predict = getattr(model, "_predict_fn", None) if _may_be_direct(model, schema) else None
        self._loader_module = model.loader_module
        self._unchanged: dict[Layout, bool] = {}
        self._takes_params = self._predict is not None and _takes_params(self._predict)

    def takes(self, payload: Payload, data: Any) -> bool:
        """`data` is what was made of the payload."""
        if self._predict is None or not isinstance(payload, Table) or not isinstance(data, pd.DataFrame):
            return False
        if payload.labels is not None or not all(_is_plain(column) for column in payload.columns):
            return False
        layout = layout_of(payload)
        known = self._unchanged.get(layout)
        if known is None:
            known = len(self._unchanged) < MOST_LAYOUTS and self._is_unchanged(data)
            self._unchanged[layout] = known
        return known

    def predict(self, data: Any) -> Any:
        assert self._predict is not None
        return self._predict(data, params=None) if self._takes_params else self._predict(data)

    def _is_unchanged(self, data: pd.DataFrame) -> bool:
        try:
            enforced = _enforce(data, self._schema, self._loader_module)
        except Exception:
            return False  # The full way will say what is wrong.
        return isinstance(enforced, pd.DataFrame) and _same(data, enforced)


def layout_of(table: Table) -> Layout:
    return tuple((column.name, column.dtype) for column in table.columns)


def _may_be_direct(model: Any, schema: Any) -> bool:
    metadata = model.metadata
    if schema is None or schema.is_tensor_spec() or model.loader_module.startswith(_OWN_CODE):
        return False
    if getattr(metadata, "_is_signature_from_type_hint", lambda: False)():
        return False
    if getattr(metadata, "_is_type_hint_from_example", lambda: False)():
        return False
    return not (metadata.metadata or {}).get("dependencies_schemas")


def _takes_params(predict: Any) -> bool:
    params = inspect.signature(predict).parameters.get("params")
    return params is not None and params.kind is not inspect.Parameter.VAR_KEYWORD


def _is_plain(column: Any) -> bool:
    return column.dtype in FIXED and column.dtype != "datetime64" and column.nulls is None


def _enforce(data: pd.DataFrame, schema: Any, loader_module: str) -> Any:
    from mlflow.models import utils

    if "flavor" in inspect.signature(utils._enforce_schema).parameters:
        return utils._enforce_schema(data, schema, loader_module)
    return utils._enforce_schema(data, schema)


def _same(one: pd.DataFrame, other: pd.DataFrame) -> bool:
    """In all that a model can see of them."""
    return (
        one.equals(other)
        and list(one.dtypes) == list(other.dtypes)
        and one.columns.equals(other.columns)
        and one.columns.dtype == other.columns.dtype
        and one.index.equals(other.index)
        and type(one.index) is type(other.index)
    )
