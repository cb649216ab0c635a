"""The way past enforcement is taken only where enforcement changes nothing, and answers the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mlflow.models import ModelSignature
from mlflow.types.schema import ColSpec, Schema
from sklearn.linear_model import LinearRegression  # type: ignore[import-untyped]

from countersign_host.frames import Column, Table
from countersign_host.model import LoadedModel

NAMES = ["a", "b"]
FULL_WAY = "the full way was taken"


def table(values: Any, dtype: str = "float64", names: list[str] = NAMES, **more: Any) -> Table:
    block = np.array(values, dtype).T.copy()
    columns = [Column(name, dtype, cells, None) for name, cells in zip(names, block)]
    return Table(len(values), columns, **{"block": block, **more})


@pytest.fixture(scope="module")
def linear(tmp_path_factory: pytest.TempPathFactory) -> LoadedModel:
    """2a + 3b, in double columns."""
    frame = pd.DataFrame([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0]], columns=NAMES)
    path = tmp_path_factory.mktemp("models") / "linear"
    mlflow.sklearn.save_model(
        LinearRegression().fit(frame, [0.0, 2.0, 3.0, 5.0]),
        str(path),
        signature=ModelSignature(inputs=Schema([ColSpec("double", name) for name in NAMES])),
        serialization_format="cloudpickle",
        pip_requirements=["mlflow", "scikit-learn"],
    )
    return LoadedModel(str(path))


def answers(model: LoadedModel, payload: Table) -> list[float]:
    return [float(value) for value in model.predict(payload, []).tensors[0].data]  # type: ignore[union-attr]


def took_full_way(model: LoadedModel, payload: Table, monkeypatch: pytest.MonkeyPatch) -> bool:
    def refuse(*_args: Any, **_more: Any) -> Any:
        raise RuntimeError(FULL_WAY)

    monkeypatch.setattr(type(model._model), "predict", refuse)
    try:
        model.predict(payload, [])
    except RuntimeError as error:
        return str(error) == FULL_WAY
    return False


def test_columns_as_the_signature_asks_for_them_go_the_direct_way(
    linear: LoadedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not took_full_way(linear, table([[1, 2]]), monkeypatch)
    assert not took_full_way(linear, table([[1, 2], [3, 4]]), monkeypatch)


@pytest.mark.parametrize(
    "payload",
    [
        table([[1, 2]], "float32"),
        table([[1, 2]], "int32"),
        table([[1, 2]], names=["b", "a"]),
        table([[1, 2, 3]], names=["a", "b", "c"]),
        table([[1, 2]], labels=["r"]),
        table([[1]], names=["a"]),
    ],
    ids=["narrower", "integers", "another order", "a column more", "row labels", "a column less"],
)
def test_all_else_goes_the_full_way(linear: LoadedModel, payload: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    assert took_full_way(linear, payload, monkeypatch)


def test_nulls_go_the_full_way(linear: LoadedModel, monkeypatch: pytest.MonkeyPatch) -> None:
    column = Column("a", "float64", np.array([1.0]), np.array([True]))
    payload = Table(1, [column, Column("b", "float64", np.array([1.0]), None)])
    assert took_full_way(linear, payload, monkeypatch)


def test_a_model_of_own_code_goes_the_full_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code = tmp_path / "own.py"
    code.write_text(
        "import mlflow\n"
        "class Own(mlflow.pyfunc.PythonModel):\n"
        "    def predict(self, context, model_input, params=None):\n"
        "        return model_input\n"
        "mlflow.models.set_model(Own())\n"
    )
    signature = ModelSignature(inputs=Schema([ColSpec("double", name) for name in NAMES]))
    path = str(tmp_path / "model")
    mlflow.pyfunc.save_model(path, python_model=str(code), signature=signature, pip_requirements=["mlflow"])
    assert took_full_way(LoadedModel(path), table([[1, 2]]), monkeypatch)


@given(st.lists(st.tuples(*[st.floats(-1e6, 1e6)] * 2), min_size=1, max_size=5))
def test_both_ways_answer_the_same(linear: LoadedModel, rows: list[tuple[float, float]]) -> None:
    full = linear._model.predict(pd.DataFrame(rows, columns=NAMES))
    assert answers(linear, table(rows)) == [float(value) for value in full]
