"""ONNX graphs, which need no Python to run."""

from __future__ import annotations

import mlflow.onnx
import numpy as np
import onnx
from mlflow.models import ModelSignature
from mlflow.models.model import ModelInfo
from mlflow.types import ColSpec, TensorSpec
from onnx import TensorProto, helper
from skl2onnx import convert_sklearn
from skl2onnx.common.data_types import FloatTensorType

from iris import iris, logistic
from logged import columns, signature

OPSET = 15


def onnx_iris(name: str) -> ModelInfo:
    """One tensor in, two out, all named."""
    outputs = [TensorSpec(np.dtype("int64"), (-1,), "label"), TensorSpec(np.dtype("float32"), (-1, 3), "probabilities")]
    inputs = TensorSpec(np.dtype("float32"), (-1, 4), "X")
    return log_graph(name, classifier(), signature(inputs, outputs=outputs))


def onnx_df(name: str) -> ModelInfo:
    """Columns over the same graph, whose two-dimensional output MLflow cannot put into a frame."""
    return log_graph(name, classifier(), signature(*(ColSpec("double", column) for column in "abcd")))


def onnx_cols(name: str) -> ModelInfo:
    """A column for each input and each output of the graph."""
    inputs, outputs = columns(a="float", b="float"), columns(sum="float", product="float")
    return log_graph(name, arithmetic(), signature(*inputs, outputs=outputs))


def log_graph(name: str, graph: onnx.ModelProto, signature: ModelSignature) -> ModelInfo:
    return mlflow.onnx.log_model(graph, name=name, signature=signature, registered_model_name=name)


def classifier() -> onnx.ModelProto:
    x, y, _ = iris()
    model = logistic().fit(x.to_numpy(), y)
    return convert_sklearn(
        model,
        initial_types=[("X", FloatTensorType([None, 4]))],
        target_opset=OPSET,
        options={id(model): {"zipmap": False}},
    )


def arithmetic() -> onnx.ModelProto:
    vector = {name: helper.make_tensor_value_info(name, TensorProto.FLOAT, [None]) for name in VECTORS}
    graph = helper.make_graph(
        [helper.make_node("Add", ["a", "b"], ["sum"]), helper.make_node("Mul", ["a", "b"], ["product"])],
        "arithmetic",
        inputs=[vector["a"], vector["b"]],
        outputs=[vector["sum"], vector["product"]],
    )
    # The intermediate representation that goes with this operator set, so that older runtimes read it too.
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=8)
    onnx.checker.check_model(model)
    return model


VECTORS = ("a", "b", "sum", "product")
MODELS = (onnx_iris, onnx_df, onnx_cols)
