"""What a value is and holds, as JSON that loses nothing: `[type, value]`."""

import base64
import datetime
import math

import numpy as np
import pandas as pd


def describe(given):
    """A frame column by column, a dict key by key, anything else as one value."""
    if isinstance(given, pd.DataFrame):
        columns = [describe_column(given.columns[at], given.iloc[:, at]) for at in range(given.shape[1])]
        index = [show(label) for label in given.index.tolist()]
        return {"kind": "DataFrame", "rows": len(given), "index": index, "columns": columns}
    if isinstance(given, dict):
        items = [{"name": show(key), "value": show(given[key])} for key in sorted(given, key=str)]
        return {"kind": "dict", "items": items}
    return {"kind": type(given).__name__, "value": show(given)}


def describe_column(name, column):
    return {"name": show(name), "dtype": str(column.dtype), "values": [show(value) for value in column.tolist()]}


def show(value):
    """A type's name and the value; integers as text, since a reader of JSON may round them."""
    kind = type(value).__name__
    match value:
        case None:
            return ["None", None]
        case bytes() | bytearray():
            return [kind, base64.b64encode(value).decode()]
        # NaT is a datetime to Python.
        case _ if value is pd.NaT:
            return ["NaT", None]
        case datetime.date():
            return [kind, value.isoformat()]
        case np.datetime64():
            return [kind, str(value)]
        case np.ndarray():
            return [f"ndarray:{value.dtype}:{list(value.shape)}", [show(item) for item in value.tolist()]]
        case list() | tuple():
            return [kind, [show(item) for item in value]]
        case dict():
            ordered = sorted(value.items(), key=lambda item: str(item[0]))
            return ["dict", {str(key): show(item) for key, item in ordered}]
        case float() | np.floating():
            return [kind, float(value) if math.isfinite(value) else repr(float(value))]
        # A bool is an int to Python.
        case bool() | np.bool_():
            return [kind, bool(value)]
        case int() | np.integer():
            return [kind, str(int(value))]
        case str():
            return ["str", str(value)]
        case _:
            return [kind, str(value)]
