"""Loading and predicting without a gateway."""

from __future__ import annotations

import os
from pathlib import Path

import mlflow
import numpy as np
import pytest
from mlflow.models import ModelSignature
from mlflow.types import ColSpec, Schema

from countersign_host.failures import load_failure, predict_failure
from countersign_host.frames import Column, Table, Tensors
from countersign_host.model import LoadedModel

HELPER = "FACTOR = 3\n"
CODE = """
import mlflow
import helper_of_the_model

class Model(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        if model_input["x"].iloc[0] < 0:
            raise mlflow.exceptions.MlflowException.invalid_parameter_value("no negatives")
        return (model_input["x"] * helper_of_the_model.FACTOR).to_numpy()

mlflow.models.set_model(Model())
"""
ALL_OPTIONAL = """
import mlflow

class Rows(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        return model_input.index.to_numpy()

mlflow.models.set_model(Rows())
"""


@pytest.fixture
def saved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A model with code of its own beside it; the working directory is empty."""
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    helper = tmp_path / "helper_of_the_model.py"
    helper.write_text(HELPER)
    code = tmp_path / "model_code.py"
    code.write_text(CODE)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/unused.db")
    path = str(tmp_path / "model")
    mlflow.pyfunc.save_model(path, python_model=str(code), code_paths=[str(helper)], pip_requirements=["mlflow"])
    monkeypatch.delenv("MLFLOW_TRACKING_URI")
    return path


def files(directory: str) -> list[str]:
    return sorted(str(path.relative_to(directory)) for path in Path(directory).rglob("*"))


def table(x: float) -> Table:
    return Table(1, [Column("x", "float64", np.array([x]))])


def test_loading_and_predicting_write_nowhere(saved: str) -> None:
    before = files(saved)
    answer = LoadedModel(saved).predict(table(2), [])
    assert isinstance(answer, Tensors) and answer.tensors[0].data.tolist() == [6.0]
    assert files(saved) == before
    assert os.listdir(".") == []


def test_rows_without_any_column_stay_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/unused.db")
    code = tmp_path / "all_optional.py"
    code.write_text(ALL_OPTIONAL)
    signature = ModelSignature(Schema([ColSpec("double", "x", required=False)]))
    path = str(tmp_path / "optional")
    mlflow.pyfunc.save_model(path, python_model=str(code), signature=signature, pip_requirements=["mlflow"])
    answer = LoadedModel(path).predict(Table(3, []), [])
    assert isinstance(answer, Tensors) and answer.tensors[0].data.tolist() == [0, 1, 2]


def test_an_mlflow_exception_keeps_its_code(saved: str) -> None:
    with pytest.raises(mlflow.exceptions.MlflowException) as raised:
        LoadedModel(saved).predict(table(-1), [])
    failure = predict_failure(raised.value)
    assert (failure["code"], failure["args"], failure["mlflowCode"]) == (
        "MODEL_FAILED",
        ["MlflowException"],
        "INVALID_PARAMETER_VALUE",
    )
    assert "no negatives" in failure["traceback"]


def test_a_missing_module_is_named_by_its_package() -> None:
    with pytest.raises(ModuleNotFoundError) as raised:
        __import__("nobody_has_this.part")
    assert load_failure(raised.value)["args"] == ["nobody_has_this"]


def test_a_module_that_was_missing_on_the_way_is_not_blamed() -> None:
    try:
        try:
            __import__("an_optional_one")
        except ImportError:
            raise ValueError("the weights are corrupt") from None
    except ValueError as error:
        failure = load_failure(error)
    assert (failure["code"], failure["args"]) == ("LOAD_FAILED", ["ValueError: the weights are corrupt"])


def test_a_reason_is_one_line_of_bounded_length() -> None:
    failure = load_failure(RuntimeError("two\nlines " + "x" * 1000))
    (reason,) = failure["args"]
    assert reason.startswith("RuntimeError: two lines") and len(reason) <= 500
