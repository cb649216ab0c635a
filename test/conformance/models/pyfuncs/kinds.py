import datetime
import decimal
import uuid

import mlflow
import numpy as np
import pandas as pd
import pydantic


class Point(pydantic.BaseModel):
    a: int
    b: str | None = None


ARRAYS = {
    "np0d": lambda: np.array(5),
    "np1d_int": lambda: np.array([1, 2, 3]),
    "np1d_float": lambda: np.array([0.1, 2.5, 1e-10]),
    "np1d_f32": lambda: np.array([0.1, 2.5], dtype="float32"),
    "np2d": lambda: np.array([[1.5, 2.0], [3.0, 4.25]]),
    "np3d": lambda: np.arange(8).reshape(2, 2, 2),
    "np_bool": lambda: np.array([True, False]),
    "np_bytes": lambda: np.array([b"ab", b"c"]),
    "np_complex": lambda: np.array([1 + 2j]),
    "np_datetime": lambda: np.array(["2024-01-02T03:04:05"], dtype="datetime64[ns]"),
    "np_datetime_s": lambda: np.array(["2024-01-02T03:04:05"], dtype="datetime64[s]"),
    "np_empty": lambda: np.array([]),
    "np_nan": lambda: np.array([1.0, np.nan, np.inf, -np.inf]),
    "np_obj": lambda: np.array([1, "a", None], dtype=object),
    "np_str": lambda: np.array(["a", "ü"]),
    "np_u64": lambda: np.array([2**64 - 1], dtype="uint64"),
}

FRAMES = {
    "df": lambda: pd.DataFrame({"a": [1, 2], "b": ["x", "y"]}),
    "df_bytes": lambda: pd.DataFrame({"b": [b"hello"]}),
    "df_category": lambda: pd.DataFrame({"c": pd.Categorical(["x", "y"])}),
    "df_datetime": lambda: pd.DataFrame({"t": pd.to_datetime(["2024-01-02T03:04:05.678901", None])}),
    "df_dupcols": lambda: pd.DataFrame([[1, 2]], columns=["a", "a"]),
    "df_empty": lambda: pd.DataFrame({"a": []}),
    "df_index": lambda: pd.DataFrame({"a": [1, 2]}, index=["r1", "r2"]),
    "df_intcols": lambda: pd.DataFrame([[1, 2], [3, 4]]),
    "df_nan": lambda: pd.DataFrame({"a": [1.0, None], "b": ["x", None]}),
    "df_nested": lambda: pd.DataFrame({"v": [[1, 2], [3]], "o": [{"k": 1}, {}]}),
    "df_nullable": lambda: pd.DataFrame({"n": pd.array([1, None], dtype="Int64")}),
    "series": lambda: pd.Series([1, 2, 3]),
    "series_named": lambda: pd.Series([1.5, 2.5], name="score"),
}

CONTAINERS = {
    "deep": lambda: [[[[[["deep"]]]]]],
    "dict_arrays": lambda: {"p": np.array([0.25, 0.75]), "label": np.array([1])},
    "dict_df": lambda: {"df": pd.DataFrame({"a": [1]})},
    "dict_intkeys": lambda: {1: "a", 2: "b"},
    "dict_npkeys": lambda: {np.int64(1): "a"},
    "dict_tuplekeys": lambda: {(1, 2): "a"},
    "empty_dict": lambda: {},
    "empty_list": lambda: [],
    "generator": lambda: (number for number in range(3)),
    "list_arrays": lambda: [np.array([1, 2]), np.array([3])],
    "list_dict": lambda: [{"a": 1}, {"b": None}],
    "list_int": lambda: [1, 2],
    "list_np": lambda: [np.float32(0.1), np.int64(7), np.bool_(True)],
    "neginf_list": lambda: [float("-inf")],
    "nested": lambda: {"a": [{"b": np.array([[1.0]]), "c": {"d": [b"\x00\xff", datetime.date(2024, 1, 2)]}}]},
    "predictions_key": lambda: {"predictions": [1]},
    "pydantic": lambda: Point(a=1, b="z"),
    "pydantic_list": lambda: [Point(a=1)],
    "set": lambda: {1, 2},
    "tuple": lambda: (1, "a"),
}

SCALARS = {
    "bigint": lambda: 2**70,
    "bool": lambda: True,
    "bytearray": lambda: bytearray(b"abc"),
    "bytes": lambda: b"hello world",
    "bytes_long": lambda: b"x" * 100,
    "date": lambda: datetime.date(2024, 1, 2),
    "datetime": lambda: datetime.datetime(2024, 1, 2, 3, 4, 5, 678),
    "datetime_tz": lambda: datetime.datetime(2024, 1, 2, tzinfo=datetime.UTC),
    "decimal": lambda: decimal.Decimal("1.10"),
    "float": lambda: 0.1 + 0.2,
    "float_big": lambda: 1e300,
    "float_int": lambda: 5.0,
    "float_small": lambda: 5e-324,
    "inf": lambda: float("inf"),
    "int": lambda: 42,
    "int53": lambda: 2**53 + 1,
    "na": lambda: pd.NA,
    "nan": lambda: float("nan"),
    "nat": lambda: pd.NaT,
    "negzero": lambda: -0.0,
    "none": lambda: None,
    "np_datetime64": lambda: np.datetime64("2024-01-02T03:04:05"),
    "np_f32_scalar": lambda: np.float32(0.1),
    "np_scalar": lambda: np.float64(1.5),
    "object": lambda: object(),
    "str": lambda: "plain text",
    "surrogate": lambda: "\ud83d",
    "time": lambda: datetime.time(3, 4, 5),
    "timedelta": lambda: datetime.timedelta(seconds=90),
    "timestamp": lambda: pd.Timestamp("2024-01-02T03:04:05.123456789"),
    "unicode": lambda: 'Zürich \U0001f600 \u2028 \x00 "q"',
    "uuid": lambda: uuid.UUID(int=1),
}

KINDS = ARRAYS | FRAMES | CONTAINERS | SCALARS


class Kinds(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        return KINDS[model_input["kind"].iloc[0]]()


mlflow.models.set_model(Kinds())
