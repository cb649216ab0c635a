"""Payloads to what a model's predict takes, and what it answers to payloads.

Inputs are built so that MLflow's schema enforcement (mlflow/models/utils.py) accepts them and hands them on
unchanged. Answers keep what `mlflow models serve` tells apart: frame, series, array, dict of arrays, other.
"""

from __future__ import annotations

import dataclasses
import datetime
import functools
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from .frames import (
    FIXED,
    Column,
    Payload,
    Table,
    Tensor,
    Tensors,
    Uncarried,
    Value,
    key_text,
    nested_from_json,
    nested_to_json,
)

Cast = Callable[[Any], Any]

# Keys that make a JSON body of /invocations the data itself, for every model (MLFLOW.md section 4).
_UNWRAPPED_KEYS = ("messages", "prompt", "input")


# --- inputs ---


def to_input(payload: Payload, schema: Any, from_type_hint: bool) -> Any:
    """What `PyFuncModel.predict` takes. `schema` is MLflow's input schema or None."""
    if isinstance(payload, Tensors):
        return _to_arrays(payload)
    if isinstance(payload, Value):
        value = nested_from_json(payload.json)
        if from_type_hint:
            return _to_plain(value)
        return value if schema is not None else _as_inputs(value)
    if from_type_hint:
        return _to_list(payload, schema)
    return _to_frame(payload, None if schema is None or schema.is_tensor_spec() else schema)


def to_stream_input(payload: Payload, schema: Any, from_type_hint: bool) -> Any:
    """What `PyFuncModel.predict_stream` takes: as `to_input`, but an untyped value stays as it came."""
    if isinstance(payload, Value):
        return _to_plain(nested_from_json(payload.json))
    return to_input(payload, schema, from_type_hint)


def _to_arrays(payload: Tensors) -> Any:
    arrays = {tensor.name: _to_array(tensor) for tensor in payload.tensors}
    return arrays[None] if list(arrays) == [None] else arrays


def _to_array(tensor: Tensor) -> Any:
    if tensor.dtype == "object":
        array = np.empty(len(tensor.data), object)
        array[:] = tensor.data
    elif tensor.dtype in FIXED:
        array = tensor.data
    else:
        array = np.array(tensor.data, np.str_ if tensor.dtype == "str" else np.bytes_)
    return array.reshape(tensor.shape)


def _as_inputs(value: Any) -> Any:
    """An untyped value as MLflow's server hands on `inputs` (`_cast_schema_type` without a schema)."""
    if isinstance(value, dict):
        if any(key in value for key in _UNWRAPPED_KEYS):
            return value
        return {name: np.array(item) for name, item in value.items()}
    if isinstance(value, list) and all(isinstance(item, dict) for item in value):
        return [{name: np.array(cell) for name, cell in row.items()} for row in value]
    return np.array(value)


def _to_list(table: Table, schema: Any) -> list[Any]:
    """One raw Python value per row, for a model whose signature comes from its type hint."""
    casts = [_plain_cast(spec.type) for spec in schema.inputs] if schema is not None else []
    cells = [
        [None if cell is None else cast(cell) for cell in _cells(column)]
        for column, cast in zip(table.columns, casts or [_to_plain] * len(table.columns))
    ]
    if len(table.columns) == 1 and table.columns[0].name is None:
        return cells[0]
    names = [column.name for column in table.columns]
    return [dict(zip(names, row)) for row in zip(*cells)]


def _to_frame(table: Table, schema: Any) -> Any:
    if table.block is not None and len(table.columns) > 0:
        names = _index(tuple(column.name for column in table.columns))
        return pd.DataFrame(table.block.T, index=table.labels, columns=names, copy=False)
    casts = _casts(table, schema)
    data = {i: _to_series(column, casts[i], table.arrays) for i, column in enumerate(table.columns)}
    frame = pd.DataFrame(data, index=pd.RangeIndex(table.rows))
    if table.labels is not None:
        frame.index = pd.Index(table.labels)
    frame.columns = _index(tuple(column.name for column in table.columns))
    return frame


@functools.lru_cache(maxsize=256)
def _index(names: tuple[str | None, ...]) -> Any:
    if all(name is None for name in names):
        return pd.RangeIndex(len(names))
    return pd.Index(names, dtype=None if names else object)


def _casts(table: Table, schema: Any) -> list[Cast | None]:
    if schema is None:
        return [_as_it_is] * len(table.columns)
    cast_of = _array_column_cast if table.arrays else _nested_cast
    if schema.has_input_names():
        types = {spec.name: spec.type for spec in schema.inputs}
        return [cast_of(types[c.name]) if c.name in types else None for c in table.columns]
    return [cast_of(spec.type) for spec in schema.inputs[: len(table.columns)]]


def _as_it_is(item: Any) -> Any:
    return item


def _to_series(column: Column, cast: Cast | None, arrays: bool) -> Any:
    """The cells as pandas would hold them: what has no fixed dtype is inferred, as MLflow's server does."""
    if arrays and column.dtype == "str" and not column.data:
        return pd.Series(np.array([], np.str_))
    if column.dtype == "object":
        # Of a scalar type: text that pandas read as objects (CSV), which it keeps, or lists of texts.
        return _inferred([_apply(cast, cell) for cell in column.data]) if cast else _objects(column.data)
    if column.dtype not in FIXED or column.nulls is None:
        return column.data if column.dtype in FIXED else _inferred(column.data)
    if column.dtype.startswith("float") or column.dtype == "datetime64":
        data = column.data.copy()
        data[column.nulls] = np.nan if column.dtype != "datetime64" else np.datetime64("NaT")
        return data
    return _inferred(_cells(column))


def _objects(cells: list[Any]) -> Any:
    return pd.Series(cells, dtype=object)


def _inferred(cells: list[Any]) -> Any:
    return pd.Series(cells, dtype=None if cells else object)


def _cells(column: Column) -> list[Any]:
    if column.dtype == "datetime64":
        cells = [None if np.isnat(cell) else cell for cell in column.data]
    else:
        cells = column.data.tolist() if column.dtype in FIXED else column.data
    if column.nulls is None:
        return cells
    return [None if null else cell for cell, null in zip(cells, column.nulls.tolist())]


# --- casts of nested values, by MLflow's types ---


def _nested_cast(kind: Any) -> Cast | None:
    """For cells that go through enforcement: the numpy scalars it asks for."""
    name = type(kind).__name__
    if name == "DataType":
        return _ENFORCED.get(kind.name)
    if name == "Array":
        return _array_cast(kind)
    if name == "Object":
        return _object_cast(kind, _nested_cast)
    if name == "Map":
        return _map_cast(kind, _nested_cast)
    return _to_plain


def _array_column_cast(kind: Any) -> Cast | None:
    """Lists as the arrays that MLflow's server makes of them; those of different lengths stay lists."""
    cast = _nested_cast(kind)
    if cast is None or type(kind).__name__ != "Array":
        return cast

    def to_array(items: list[Any]) -> Any:
        try:
            return np.array(cast(items))
        except ValueError:
            return cast(items)

    return to_array


def _array_cast(kind: Any) -> Cast:
    if getattr(kind.dtype, "name", None) == "datetime":
        # Of a list enforcement would make integers.
        return lambda items: np.array(items, "M8[ns]") if isinstance(items, list) else items
    return _list_of(_nested_cast(kind.dtype))


def _list_of(cast: Cast | None) -> Cast:
    if cast is None:
        return lambda items: items
    return lambda items: [None if item is None else cast(item) for item in items]


def _object_cast(kind: Any, cast_of: Callable[[Any], Cast | None]) -> Cast:
    casts = {prop.name: cast_of(prop.dtype) for prop in kind.properties}

    def cast(value: dict[str, Any]) -> dict[str, Any]:
        return {name: _apply(casts.get(name), item) for name, item in value.items()}

    return cast


def _map_cast(kind: Any, cast_of: Callable[[Any], Cast | None]) -> Cast:
    cast_item = cast_of(kind.value_type)
    return lambda value: {name: _apply(cast_item, item) for name, item in value.items()}


def _apply(cast: Cast | None, item: Any) -> Any:
    return item if cast is None or item is None else cast(item)


def _to_datetime(value: Any) -> Any:
    """A Python datetime, or a Timestamp where there are nanoseconds."""
    stamp = pd.Timestamp(value)
    return stamp if stamp.nanosecond else stamp.to_pydatetime()


# Types that JSON's one number or pandas would miss; the rest passes as it is.
_ENFORCED: dict[str, Cast] = {"integer": np.int32, "float": np.float32, "double": float}
_PLAIN: dict[str, Cast] = {"float": float, "double": float, "datetime": _to_datetime}


def _plain_cast(kind: Any) -> Cast:
    """For values that reach the model, or its type hint, as they are: Python's own types."""
    name = type(kind).__name__
    if name == "DataType":
        return _PLAIN.get(kind.name, lambda value: value)
    if name == "Array":
        return _list_of(_plain_cast(kind.dtype))
    if name == "Object":
        return _object_cast(kind, _plain_cast)
    if name == "Map":
        return _map_cast(kind, _plain_cast)
    return _to_plain


def _to_plain(value: Any) -> Any:
    if isinstance(value, list):
        return [_to_plain(item) for item in value]
    if isinstance(value, dict):
        return {name: _to_plain(item) for name, item in value.items()}
    return _to_datetime(value) if isinstance(value, np.datetime64) else value


def to_params(pairs: list[Any], schema: Any) -> dict[str, Any]:
    """Params by name, in the types MLflow asks for. `schema` is MLflow's ParamSchema or None."""
    specs = {spec.name: spec for spec in schema.params} if schema is not None else {}
    return {name: _to_param(nested_from_json(value), specs.get(name)) for name, value in pairs}


def _to_param(value: Any, spec: Any) -> Any:
    if spec is None:
        return _to_plain(value)
    if type(spec.dtype).__name__ == "Object":
        return _apply(_nested_cast(spec.dtype), value)
    cast = _param_cast(spec.dtype.name)
    return _list_of(cast)(value) if isinstance(value, list) else _apply(cast, value)


def _param_cast(name: str) -> Cast | None:
    if name == "datetime":
        # Enforcement takes what has microseconds at most, and makes a Python datetime of it.
        return lambda value: value.astype("M8[us]") if value.astype("M8[us]") == value else value
    return float if name in ("float", "double") else None


# --- answers ---


def from_output(value: Any) -> Payload:
    """The payload of an answer. Raises Uncarried for what no protocol of MLflow could write either."""
    try:
        return _from_output(value)
    except RecursionError:
        raise Uncarried("a value that is nested too deeply or holds itself") from None


def from_item(value: Any) -> Any:
    """One item of a stream, as JSON."""
    return nested_to_json(value, simplify)


def _from_output(value: Any) -> Payload:
    if isinstance(value, pd.DataFrame):
        columns = [_from_series(value.iloc[:, i], label) for i, label in enumerate(value.columns)]
        return Table(len(value), columns)
    if isinstance(value, pd.Series):
        return Table(len(value), [_from_series(value, value.name)], series=True)
    if _is_array(value):
        return Tensors([_from_array(None, value)])
    if type(value) is dict and value and all(_is_array(item) for item in value.values()):
        return Tensors([_from_array(key_text(name), item) for name, item in value.items()])
    return Value(nested_to_json(value, simplify))


def _is_array(value: Any) -> bool:
    # Masked and structured arrays have no columns of their own: they are written as lists.
    return isinstance(value, np.ndarray) and not isinstance(value, np.ma.MaskedArray) and value.dtype.kind != "V"


def _from_array(name: str | None, array: Any) -> Tensor:
    dtype = _fixed_name(array.dtype)
    if dtype is not None:
        return Tensor(name, dtype, array.shape, np.asarray(array).astype(FIXED[dtype], copy=False).ravel())
    cells = np.asarray(array).ravel().tolist()
    if array.dtype.kind in "UT":
        return Tensor(name, "str", array.shape, cells)
    if array.dtype.kind == "S":
        return Tensor(name, "bytes", array.shape, cells)
    return Tensor(name, "object", array.shape, [nested_to_json(cell, simplify) for cell in cells])


def _fixed_name(dtype: Any) -> str | None:
    """The name of a numpy dtype on the wire. Datetimes of other units than nanoseconds are written as text."""
    if dtype.kind == "M":
        return "datetime64" if dtype == FIXED["datetime64"] else None
    if dtype.kind == "f":
        return dtype.name if dtype.name in FIXED else "float64"
    return dtype.name if dtype.kind in "biu" else None


def _from_series(series: Any, label: Any) -> Column:
    name = None if label is None else key_text(label.item() if isinstance(label, np.generic) else label)
    if isinstance(series.dtype, pd.SparseDtype):
        series = series.sparse.to_dense()
    if isinstance(series.dtype, pd.DatetimeTZDtype):
        series = series.dt.tz_convert("UTC").dt.tz_localize(None)
    dtype = series.dtype if isinstance(series.dtype, np.dtype) else getattr(series.dtype, "numpy_dtype", None)
    if dtype is not None and dtype.kind == "M":
        return _from_datetimes(name, series)
    if dtype is not None and dtype.kind in "biuf":
        return _from_numbers(name, series, dtype)
    return _from_objects(name, series.astype(object))


def _from_datetimes(name: str | None, series: Any) -> Column:
    try:
        # By pandas, which checks; numpy would wrap around.
        data = series.astype("datetime64[ns]").to_numpy()
    except (ValueError, OverflowError):
        raise Uncarried("a datetime outside the years 1677 to 2262") from None
    return Column(name, "datetime64", data, _nulls(np.isnat(data)))


def _from_numbers(name: str | None, series: Any, dtype: Any) -> Column:
    wire = _fixed_name(dtype) or "float64"
    if isinstance(series.dtype, np.dtype):
        return Column(name, wire, series.to_numpy(dtype=FIXED[wire]))
    nulls = series.isna().to_numpy(dtype=bool)
    return Column(name, wire, series.fillna(False if wire == "bool" else 0).to_numpy(dtype=FIXED[wire]), _nulls(nulls))


def _nulls(mask: Any) -> Any:
    return mask if mask.any() else None


def _from_objects(name: str | None, series: Any) -> Column:
    cells = series.tolist()
    kind = pd.api.types.infer_dtype(cells, skipna=True)
    if kind in ("string", "bytes"):
        plain = [None if null else cell for cell, null in zip(cells, series.isna().tolist())]
        return Column(name, "str" if kind == "string" else "bytes", plain)
    json = [None if cell is pd.NA else nested_to_json(cell, simplify) for cell in cells]
    return Column(name, "object", json)


# Of a subclass (an Enum, numpy's str_) the value itself, whatever its own str() or int() says.
_PLAIN_OF: dict[type, Cast] = {str: str.__str__, int: int.__int__, float: float.__float__, bytes: bytes}


def simplify(value: Any) -> Any:
    """One step towards a plain value, as MLflow's NumpyEncoder takes it; dataclasses beside."""
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, np.generic):
        return _from_scalar(value)
    if value is not pd.NA and isinstance(value, (datetime.date, datetime.time)):
        return value.isoformat()
    for kind in (str, int, float, bytes):
        if isinstance(value, kind):
            return _PLAIN_OF[kind](value)
    if isinstance(value, (list, tuple)):
        return list(value)
    if isinstance(value, dict):
        return dict(value)
    return _from_record(value)


def _from_scalar(value: Any) -> Any:
    if isinstance(value, np.longdouble):
        return float(value)
    plain = value.item()
    if isinstance(plain, (np.generic, complex, datetime.timedelta)):
        raise Uncarried(f"a {type(value).__name__}")
    return plain


def _from_record(value: Any) -> Any:
    if any(base.__module__.startswith("pydantic.") for base in type(value).__mro__):
        for method in ("model_dump", "dict"):
            if hasattr(value, method):
                return getattr(value, method)()
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    raise Uncarried(f"a {type(value).__name__}")
