"""Answers to payloads: each kind that `mlflow models serve` tells apart stays apart."""

from __future__ import annotations

import dataclasses
import datetime
import decimal
import enum
import uuid
from typing import Any

import numpy as np
import pandas as pd
import pydantic
import pytest
from mlflow.types.schema import Array, ColSpec, DataType, Schema

from countersign_host.convert import from_output, to_input
from countersign_host.frames import Column, Table, Tensors, Uncarried, Value


@dataclasses.dataclass
class Point:
    x: Any
    y: int


class Item(pydantic.BaseModel):  # type: ignore[misc]
    a: int
    when: datetime.date


class Mood(str, enum.Enum):
    GOOD = "good"


def columns(value: Any) -> list[tuple[Any, str, list[Any], Any]]:
    table = from_output(value)
    assert isinstance(table, Table)
    return [(c.name, c.dtype, list(c.data), None if c.nulls is None else list(c.nulls)) for c in table.columns]


def tensor(value: Any) -> tuple[Any, str, tuple[int, ...], list[Any]]:
    payload = from_output(value)
    assert isinstance(payload, Tensors)
    (only,) = payload.tensors
    return only.name, only.dtype, only.shape, list(only.data)


def test_frames() -> None:
    frame = pd.DataFrame({"a": [1, 2], "b": ["x", None], "c": [1.5, np.nan]}, index=["r1", "r2"])
    assert columns(frame)[:2] == [("a", "int64", [1, 2], None), ("b", "str", ["x", None], None)]
    assert columns(frame)[2][1] == "float64"


def test_column_names_are_text_and_may_repeat() -> None:
    assert [c[0] for c in columns(pd.DataFrame([[1, 2]], columns=["a", "a"]))] == ["a", "a"]
    assert [c[0] for c in columns(pd.DataFrame([[1, 2]]))] == ["0", "1"]
    with pytest.raises(Uncarried, match="tuple"):
        from_output(pd.DataFrame([[1]], columns=pd.MultiIndex.from_tuples([("a", "b")])))


def test_series_keep_their_name_or_have_none() -> None:
    assert columns(pd.Series([1.5], name="score")) == [("score", "float64", [1.5], None)]
    unnamed = from_output(pd.Series([1]))
    assert isinstance(unnamed, Table) and unnamed.series and unnamed.columns[0].name is None


@pytest.mark.parametrize(
    ("series", "dtype", "data", "nulls"),
    [
        (pd.array([1, None], dtype="Int64"), "int64", [1, 0], [False, True]),
        (pd.array([True, None], dtype="boolean"), "bool", [True, False], [False, True]),
        (pd.array([1.5, None], dtype="Float32"), "float32", [1.5, 0], [False, True]),
        (pd.array(["a", None], dtype="string"), "str", ["a", None], None),
        (pd.Categorical(["x", None, "x"]), "str", ["x", None, "x"], None),
        (pd.arrays.SparseArray([0, 5]), "int64", [0, 5], None),
        ([b"ab", None], "bytes", [b"ab", None], None),
        ([[1, 2], None, {"k": np.int8(3)}], "object", [[1, 2], None, {"k": 3}], None),
        ([None, None], "object", [None, None], None),
    ],
)
def test_columns_of_any_dtype(series: Any, dtype: str, data: list[Any], nulls: list[bool] | None) -> None:
    assert columns(pd.DataFrame({"v": series})) == [("v", dtype, data, nulls)]


def test_datetime_columns_are_utc_nanoseconds() -> None:
    stamps = pd.to_datetime(["2024-01-02T03:04:05.678901234", None])
    (plain,) = columns(pd.DataFrame({"t": stamps}))
    assert (plain[1], plain[2][0].astype("int64"), plain[3]) == ("datetime64", 1704164645678901234, [False, True])
    (aware,) = columns(pd.DataFrame({"t": pd.to_datetime(["2024-01-01T12:00"]).tz_localize("Europe/Paris")}))
    assert aware[2][0] == np.datetime64("2024-01-01T11:00")
    with pytest.raises(Uncarried, match="1677"):
        from_output(pd.DataFrame({"t": np.array(["1500-01-01"], "M8[s]")}))


@pytest.mark.parametrize(
    ("array", "expected"),
    [
        (np.array(5), (None, "int64", (), [5])),
        (np.array([[1.5, 2], [3, 4]], order="F"), (None, "float64", (2, 2), [1.5, 2, 3, 4])),
        (np.array([1], ">i4"), (None, "int32", (1,), [1])),
        (np.array([1.5], "longdouble"), (None, "float64", (1,), [1.5])),
        (np.array([2**64 - 1], "u8"), (None, "uint64", (1,), [2**64 - 1])),
        (np.array(["a", "ü"]), (None, "str", (2,), ["a", "ü"])),
        (np.array([b"ab"]), (None, "bytes", (1,), [b"ab"])),
        (np.array([1, "a", None], object), (None, "object", (3,), [1, "a", None])),
        (np.array(["2024-01-02"], "M8[D]"), (None, "object", (1,), ["2024-01-02"])),
        (np.array(["2024-01-02"], "M8[s]"), (None, "object", (1,), ["2024-01-02T00:00:00"])),
        (np.zeros((0, 3)), (None, "float64", (0, 3), [])),
    ],
)
def test_arrays_of_any_rank_and_dtype(array: Any, expected: Any) -> None:
    assert tensor(array) == expected


def test_a_dict_of_arrays_is_tensors_and_any_other_dict_a_value() -> None:
    payload = from_output({"p": np.array([0.25]), 7: np.array([1])})
    assert isinstance(payload, Tensors) and [t.name for t in payload.tensors] == ["p", "7"]
    assert from_output({"p": np.array([0.25]), "n": 1}) == Value({"p": [0.25], "n": 1})
    assert from_output({}) == Value({})


@pytest.mark.parametrize(
    ("value", "json"),
    [
        (None, None),
        ([np.float64(1.5), np.int64(7), np.bool_(True), np.str_("s")], [1.5, 7, True, "s"]),
        ((1, "a"), [1, "a"]),
        (Mood.GOOD, "good"),
        (Point([np.array([1])], 2), {"x": [[1]], "y": 2}),
        ([Item(a=1, when=datetime.date(2024, 1, 2))], [{"a": 1, "when": "2024-01-02"}]),
        (datetime.datetime(2024, 1, 2, 3, 4, 5, 678), "2024-01-02T03:04:05.000678"),
        (datetime.time(3, 4, 5), "03:04:05"),
        (pd.Timestamp("2024-01-02T03:04:05.123456789"), "2024-01-02T03:04:05.123456789"),
        (np.datetime64("2024-01-02T03:04:05"), "2024-01-02T03:04:05"),
        ({True: 1, None: 2, 1.5: 3}, {"true": 1, "null": 2, "1.5": 3}),
        (np.ma.array([1, 2], mask=[False, True]), [1, None]),
    ],
)
def test_everything_else_is_a_value_as_mlflow_would_write_it(value: Any, json: Any) -> None:
    assert from_output(value) == Value(json)


@pytest.mark.parametrize(
    ("value", "named"),
    [
        ({1, 2}, "a set"),
        (decimal.Decimal("1.1"), "a Decimal"),
        (uuid.UUID(int=1), "a UUID"),
        ((i for i in range(3)), "a generator"),
        (np.array([1j]), "a complex"),
        (datetime.timedelta(1), "a timedelta"),
        ({"df": pd.DataFrame({"a": [1]})}, "a DataFrame"),
        (pd.NA, "a NAType"),
        (pd.DataFrame({"d": [pd.Timedelta(1)]}), "a Timedelta"),
    ],
)
def test_what_mlflow_could_not_write_either_is_refused_by_name(value: Any, named: str) -> None:
    with pytest.raises(Uncarried, match=named):
        from_output(value)


def test_a_value_that_holds_itself_is_refused() -> None:
    loop: list[Any] = []
    loop.append(loop)
    with pytest.raises(Uncarried, match="holds itself"):
        from_output(loop)


def test_a_frame_has_the_labels_of_the_rows() -> None:
    whole = Table(2, [Column("x", "float64", np.array([1.0, 2.0]))], labels=["r0", "r1"], block=np.array([[1.0, 2.0]]))
    mixed = Table(2, [Column("s", "str", ["a", "b"])], labels=["r0", "r1"])
    assert [list(to_input(table, None, False).index) for table in (whole, mixed)] == [["r0", "r1"]] * 2


def test_array_cells_are_arrays_where_the_table_says_so() -> None:
    schema = Schema([ColSpec(Array(DataType.double), "v"), ColSpec(Array(Array(DataType.long)), "g")])
    columns = [Column("v", "object", [[1.0]]), Column("g", "object", [[[1], [2, 3]]])]
    arrays = to_input(Table(1, columns, arrays=True), schema, False)
    assert isinstance(arrays["v"][0], np.ndarray) and arrays["v"][0].dtype == np.float64
    assert arrays["g"][0] == [[1], [2, 3]]  # of different lengths: no array
    assert to_input(Table(1, columns), schema, False)["v"][0] == [1.0]


def test_text_that_came_as_objects_stays_so() -> None:
    schema = Schema([ColSpec(DataType.string, "s")])
    frame = to_input(Table(2, [Column("s", "object", ["a", float("nan")])]), schema, False)
    assert frame["s"].dtype == object
