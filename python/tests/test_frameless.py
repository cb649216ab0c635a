"""Estimators of scikit-learn answer arrays as they answer frames, and are asked without a frame only where they do."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pandas as pd
import pytest
from mlflow.models import ModelSignature
from mlflow.types.schema import ColSpec, Schema
from sklearn.cluster import KMeans  # type: ignore[import-untyped]
from sklearn.ensemble import (  # type: ignore[import-untyped]
    GradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
    VotingRegressor,
)
from sklearn.linear_model import LinearRegression, LogisticRegression  # type: ignore[import-untyped]
from sklearn.naive_bayes import GaussianNB  # type: ignore[import-untyped]
from sklearn.neighbors import KNeighborsRegressor  # type: ignore[import-untyped]
from sklearn.neural_network import MLPRegressor  # type: ignore[import-untyped]
from sklearn.pipeline import make_pipeline  # type: ignore[import-untyped]
from sklearn.preprocessing import StandardScaler  # type: ignore[import-untyped]
from sklearn.svm import SVC  # type: ignore[import-untyped]
from sklearn.tree import DecisionTreeClassifier  # type: ignore[import-untyped]

from countersign_host.frames import Column, Table, Tensors
from countersign_host.model import LoadedModel

NAMES = ["a", "b", "c"]
random = np.random.default_rng(7)
FRAME = pd.DataFrame(random.normal(size=(80, 3)), columns=NAMES)
NUMBERS = FRAME["a"] * 2 + FRAME["b"] ** 2
CLASSES = np.where(NUMBERS > 1, "high", "low")


class OwnTree(DecisionTreeClassifier):  # type: ignore[misc]
    """Whatever a subclass does with a frame is its own business."""


def load(path: Path, estimator: Any, target: Any, kind: str = "double", frame: Any = FRAME, **more: Any) -> LoadedModel:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        mlflow.sklearn.save_model(
            estimator.fit(frame, target),
            str(path / "model"),
            signature=ModelSignature(inputs=Schema([ColSpec(kind, name) for name in NAMES])),
            serialization_format="cloudpickle",
            pip_requirements=["mlflow", "scikit-learn"],
            **more,
        )
    return LoadedModel(str(path / "model"))


def table(values: Any, dtype: str = "float64", names: list[str] = NAMES, **more: Any) -> Table:
    block = np.array(values, dtype).reshape(-1, len(names)).T.copy()
    columns = [Column(name, dtype, cells, None) for name, cells in zip(names, block)]
    return Table(block.shape[1], columns, **{"block": block, **more})


def ask(model: LoadedModel, payload: Table) -> tuple[str, list[Any]]:
    answer = model.predict(payload, [])
    assert isinstance(answer, Tensors)
    return answer.tensors[0].dtype, list(answer.tensors[0].data)


def went_without_a_frame(model: LoadedModel, payload: Table, monkeypatch: pytest.MonkeyPatch) -> bool:
    def refuse(*_args: Any, **_more: Any) -> Any:
        raise RuntimeError("a frame was made")

    ask(model, payload)
    with monkeypatch.context() as patch:
        patch.setattr("countersign_host.convert.to_input", refuse)
        try:
            ask(model, payload)
        except RuntimeError:
            return False
    return True


@pytest.mark.parametrize(
    ("estimator", "target"),
    [
        (RandomForestClassifier(5, random_state=1), CLASSES),
        (RandomForestRegressor(5, random_state=1), NUMBERS),
        (GradientBoostingRegressor(n_estimators=5), NUMBERS),
        (DecisionTreeClassifier(), CLASSES),
        (LinearRegression(), NUMBERS),
        (LinearRegression(), np.stack([NUMBERS, NUMBERS * 2], axis=1)),
        (LogisticRegression(), CLASSES),
        (SVC(), CLASSES),
        (GaussianNB(), CLASSES),
        (KNeighborsRegressor(), NUMBERS),
        (MLPRegressor(hidden_layer_sizes=(4,), max_iter=20), NUMBERS),
        (KMeans(3, n_init=1, random_state=1), None),
    ],
    ids=lambda value: type(value).__name__,
)
def test_answers_are_those_of_frames(
    tmp_path: Path, estimator: Any, target: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = load(tmp_path, estimator, target)
    assert went_without_a_frame(model, table([[1, 2, 3]]), monkeypatch)
    for rows in (1, 2, 7, 64, 1000):
        values = random.normal(scale=3, size=(rows, 3))
        of_frame = np.asarray(model._model.predict(pd.DataFrame(values, columns=NAMES)))
        dtype, data = ask(model, table(values))
        assert (dtype, np.array_equal(np.array(data, of_frame.dtype), of_frame.reshape(-1))) == (dtype, True)


def test_integers_are_numbers_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = (FRAME * 10).astype("int64")
    model = load(tmp_path, RandomForestClassifier(3, random_state=1), CLASSES, "long", whole)
    assert went_without_a_frame(model, table([[1, 2, 3]], "int64"), monkeypatch)
    values = whole.to_numpy()
    assert ask(model, table(values, "int64"))[1] == list(model._model.predict(whole))


def test_no_warning_is_made_of_it(tmp_path: Path) -> None:
    model = load(tmp_path, RandomForestClassifier(2), CLASSES)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for _ in range(3):
            ask(model, table([[1, 2, 3]]))


def test_what_raises_says_what_it_says_of_a_frame(tmp_path: Path) -> None:
    model = load(tmp_path, LinearRegression(), NUMBERS)
    ask(model, table([[1, 2, 3]]))
    with pytest.raises(ValueError, match="NaN"):
        ask(model, table([[1, float("nan"), 3]]))
    assert len(ask(model, table([[1, 2, 3]]))[1]) == 1


def test_a_frame_is_made_where_more_than_its_values_may_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    makers = [
        make_pipeline(StandardScaler(), LinearRegression()),
        VotingRegressor([("a", LinearRegression()), ("b", LinearRegression())]),
    ]
    for number, estimator in enumerate(makers):
        (tmp_path / str(number)).mkdir()
        model = load(tmp_path / str(number), estimator, NUMBERS)
        assert not went_without_a_frame(model, table([[1, 2, 3]]), monkeypatch)
    (tmp_path / "own").mkdir()
    assert not went_without_a_frame(load(tmp_path / "own", OwnTree(), CLASSES), table([[1, 2, 3]]), monkeypatch)


def test_names_of_the_fit_in_another_order_are_refused_as_ever(tmp_path: Path) -> None:
    fitted = FRAME[["c", "b", "a"]]
    model = load(tmp_path, LinearRegression(), NUMBERS, frame=fitted)
    for _ in range(2):
        with pytest.raises(Exception, match="feature names should match"):
            ask(model, table([[1, 2, 3]]))


def test_probabilities_too_where_they_are_what_predict_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = load(tmp_path, RandomForestClassifier(3, random_state=1), CLASSES, pyfunc_predict_fn="predict_proba")
    assert went_without_a_frame(model, table([[1, 2, 3]]), monkeypatch)
    values = random.normal(size=(5, 3))
    of_frame = model._model.predict(pd.DataFrame(values, columns=NAMES))
    assert ask(model, table(values))[1] == of_frame.reshape(-1).tolist()


def test_labelled_rows_and_other_dtypes_take_their_own_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = load(tmp_path, LinearRegression(), NUMBERS)
    assert went_without_a_frame(model, table([[1, 2, 3]]), monkeypatch)
    assert not went_without_a_frame(model, table([[1, 2, 3]], labels=["r"]), monkeypatch)
    assert not went_without_a_frame(model, table([[1, 2, 3]], "float32"), monkeypatch)
