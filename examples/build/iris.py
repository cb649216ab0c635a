"""The models of the iris flowers: two forests as ONNX graphs, a boosting estimator, a plain scikit-learn classifier."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path

import joblib
import numpy as np
import onnx
import onnxruntime
import pandas as pd
from onnx import TensorProto, helper, numpy_helper
from skl2onnx import convert_sklearn
from skl2onnx.common.data_types import FloatTensorType
from sklearn.datasets import load_iris
from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score

SEED = 42
OPSET = 15
FOREST_SIZES = {1: 10, 2: 20}  # version: trees


@dataclass(frozen=True)
class Iris:
    """The data set, with its columns as scikit-learn names them."""

    x: pd.DataFrame
    y: np.ndarray
    labels: list[str]

    @property
    def species(self) -> np.ndarray:
        named: np.ndarray = np.array(self.labels)[self.y]
        return named

    def examples(self) -> pd.DataFrame:
        """One flower of each species."""
        return self.x.iloc[[0, 50, 100]].reset_index(drop=True)


def iris() -> Iris:
    data = load_iris()
    frame = pd.DataFrame(data.data, columns=list(data.feature_names))
    return Iris(frame, data.target, [str(name) for name in data.target_names])


def forest(trees: int) -> RandomForestClassifier:
    data = iris()
    return RandomForestClassifier(n_estimators=trees, random_state=SEED, n_jobs=1).fit(data.x.to_numpy(), data.species)


def forest_graph(trees: int) -> onnx.ModelProto:
    """The forest as a graph whose outputs are all flat: MLflow answers one column per output, each of one dimension."""
    estimator = forest(trees)
    model = convert_sklearn(
        estimator,
        initial_types=[("X", FloatTensorType([None, 4]))],
        target_opset=OPSET,
        options={id(estimator): {"zipmap": False}},
    )
    model = split_probabilities(model, [str(label) for label in estimator.classes_])
    require_agreement(model, estimator)
    return model


def split_probabilities(model: onnx.ModelProto, labels: list[str]) -> onnx.ModelProto:
    """Replace the matrix of probabilities by an output of its own for every label."""
    graph = model.graph
    label, matrix = graph.output
    for node in graph.node:
        node.output[:] = ["label" if name == label.name else name for name in node.output]
    # The trees' shares are added in float32 and can pass 1 by a bit: no probability of 1.0000001.
    constants: dict[str, np.generic] = {"none": np.float32(0), "all": np.float32(1)}
    graph.node.append(helper.make_node("Clip", [matrix.name, *constants], ["shares"], name="clip"))
    for index, name in enumerate(labels):
        constants[f"column_{index}"] = np.int64(index)
        graph.node.append(
            helper.make_node("Gather", ["shares", f"column_{index}"], [name], name=f"pick_{name}", axis=1)
        )
    graph.initializer.extend(numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items())
    del graph.output[:]
    graph.output.append(helper.make_tensor_value_info("label", TensorProto.STRING, [None]))
    graph.output.extend(helper.make_tensor_value_info(name, TensorProto.FLOAT, [None]) for name in labels)
    # The converter names the default domain twice.
    opsets = {opset.domain: opset.version for opset in model.opset_import}
    del model.opset_import[:]
    model.opset_import.extend(helper.make_opsetid(domain, version) for domain, version in opsets.items())
    onnx.checker.check_model(model, full_check=True)
    return model


def require_agreement(model: onnx.ModelProto, estimator: RandomForestClassifier) -> None:
    """The graph must say what the estimator says about every flower."""
    x = iris().x.to_numpy()
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    label, *shares = session.run(None, {"X": x.astype(np.float32)})
    if not (label == estimator.predict(x)).all():
        raise RuntimeError("the forest's graph names other species than scikit-learn does")
    np.testing.assert_allclose(np.stack(shares, axis=1), estimator.predict_proba(x), atol=1e-6)


def boosting() -> GradientBoostingClassifier:
    data = iris()
    return GradientBoostingClassifier(n_estimators=30, max_depth=2, random_state=SEED).fit(data.x.to_numpy(), data.y)


def logistic() -> LogisticRegression:
    data = iris()
    return LogisticRegression(max_iter=500, random_state=SEED).fit(data.x, data.y)


def accuracy(estimator: RandomForestClassifier | GradientBoostingClassifier | LogisticRegression) -> float:
    """Mean accuracy of five folds, for the metric that is logged beside a model."""
    data = iris()
    return float(cross_val_score(estimator, data.x.to_numpy(), data.species, cv=5).mean())


def main(out: Path) -> None:
    out.mkdir(parents=True, exist_ok=True)
    joblib.dump(boosting(), out / "estimator.joblib", compress=3)
    (out / "labels.json").write_text(json.dumps(iris().labels), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
