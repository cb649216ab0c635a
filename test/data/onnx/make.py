"""Makes the tiny ONNX models beside this file. Run with any Python that has `onnx` and `numpy`: python make.py

They are committed, so that the tests of the onnx engine need no Python. Opset and IR version are fixed and old:
any onnxruntime reads them.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper

HERE = Path(__file__).parent
FLOAT, DOUBLE, INT64, INT32 = TensorProto.FLOAT, TensorProto.DOUBLE, TensorProto.INT64, TensorProto.INT32
BOOL, STRING, HALF = TensorProto.BOOL, TensorProto.STRING, TensorProto.FLOAT16
value = helper.make_tensor_value_info
node = helper.make_node


def model(graph: onnx.GraphProto, standard: bool = True) -> onnx.ModelProto:
    opsets = [helper.make_opsetid("ai.onnx.ml", 3)]
    if standard:
        opsets.append(helper.make_opsetid("", 15))
    return helper.make_model(graph, opset_imports=opsets, ir_version=8, producer_name="countersign tests")


def save(name: str, made: onnx.ModelProto) -> None:
    onnx.checker.check_model(made)
    (HERE / f"{name}.onnx").write_bytes(made.SerializeToString(deterministic=True))


def sum_and_product() -> onnx.ModelProto:
    """Two inputs, two outputs, one value per row each."""
    return model(
        helper.make_graph(
            [node("Add", ["a", "b"], ["sum"]), node("Mul", ["a", "b"], ["product"])],
            "sum_and_product",
            [value("a", FLOAT, ["rows"]), value("b", FLOAT, ["rows"])],
            [value("sum", FLOAT, ["rows"]), value("product", FLOAT, ["rows"])],
        )
    )


def affine(name: str, bias: float) -> onnx.ModelProto:
    """A matrix of three columns in, one value per row out: x0 + 2 x1 + 3 x2 + bias."""
    weights = [
        helper.make_tensor("w", FLOAT, [3, 1], [1.0, 2.0, 3.0]),
        helper.make_tensor("bias", FLOAT, [], [bias]),
    ]
    return model(
        helper.make_graph(
            [node("MatMul", ["x", "w"], ["xw"]), node("Add", ["xw", "bias"], ["y"])],
            name,
            [value("x", FLOAT, ["rows", 3])],
            [value("y", FLOAT, ["rows", 1])],
            weights,
        )
    )


def tree_classifier(labels: dict[str, list[str] | list[int]], standard: bool = True) -> onnx.ModelProto:
    """Two stumps over two columns, with a ZipMap at the end, as converters of scikit-learn write them."""
    strings = "classlabels_strings" in labels
    tree = node(
        "TreeEnsembleClassifier",
        ["x"],
        ["label", "scores"],
        domain="ai.onnx.ml",
        nodes_treeids=[0, 0, 0, 1, 1, 1],
        nodes_nodeids=[0, 1, 2, 0, 1, 2],
        nodes_featureids=[0, 0, 0, 1, 0, 0],
        nodes_values=[2.0, 0.0, 0.0, 5.0, 0.0, 0.0],
        nodes_modes=["BRANCH_LEQ", "LEAF", "LEAF", "BRANCH_LEQ", "LEAF", "LEAF"],
        nodes_truenodeids=[1, 0, 0, 1, 0, 0],
        nodes_falsenodeids=[2, 0, 0, 2, 0, 0],
        nodes_missing_value_tracks_true=[0] * 6,
        nodes_hitrates=[1.0] * 6,
        class_treeids=[0, 0, 1, 1],
        class_nodeids=[1, 2, 1, 2],
        class_ids=[0, 1, 1, 2],
        class_weights=[0.5, 0.5, 0.5, 0.5],
        post_transform="NONE",
        **({"classlabels_strings": labels["classlabels_strings"]} if strings else {}),
        **({} if strings else {"classlabels_int64s": labels["classlabels_int64s"]}),
    )
    zipmap = node("ZipMap", ["scores"], ["probabilities"], domain="ai.onnx.ml", **labels)
    probabilities = onnx.ValueInfoProto(name="probabilities")
    key = STRING if strings else INT64
    map_type = helper.make_map_type_proto(key, helper.make_tensor_type_proto(FLOAT, []))
    probabilities.type.CopyFrom(helper.make_sequence_type_proto(map_type))
    return model(
        helper.make_graph(
            [tree, zipmap],
            "tree_classifier",
            [value("x", FLOAT, ["rows", 2])],
            [value("label", STRING if strings else INT64, ["rows"]), probabilities],
        ),
        standard,
    )


def sequence() -> onnx.ModelProto:
    """An output that is a list of tensors, which onnxruntime-node cannot read."""
    output = onnx.ValueInfoProto(name="list")
    output.type.CopyFrom(helper.make_sequence_type_proto(helper.make_tensor_type_proto(FLOAT, ["rows"])))
    return model(
        helper.make_graph(
            [node("SequenceConstruct", ["x", "x"], ["list"])],
            "sequence",
            [value("x", FLOAT, ["rows"])],
            [output],
        )
    )


def echo() -> onnx.ModelProto:
    """One input and output per type."""
    types = {
        "double": DOUBLE, "float": FLOAT, "half": HALF, "int64": INT64, "int32": INT32,
        "int8": TensorProto.INT8, "uint8": TensorProto.UINT8, "bool": BOOL, "string": STRING,
    }  # fmt: skip
    return model(
        helper.make_graph(
            [node("Identity", [f"{name}_in"], [f"{name}_out"]) for name in types],
            "echo",
            [value(f"{name}_in", kind, ["rows"]) for name, kind in types.items()],
            [value(f"{name}_out", kind, ["rows"]) for name, kind in types.items()],
        )
    )


def upper() -> onnx.ModelProto:
    """Strings to strings, by column."""
    return model(
        helper.make_graph(
            [node("StringNormalizer", ["text"], ["upper"], case_change_action="UPPER")],
            "upper",
            [value("text", STRING, ["rows"])],
            [value("upper", STRING, ["rows"])],
        )
    )


def slow() -> onnx.ModelProto:
    """As many thousand rounds as the largest value says; the answer is the input. About a second per 700."""
    thousand = helper.make_tensor("thousand", INT64, [], [1000])
    body = helper.make_graph(
        [
            node("Identity", ["go_in"], ["go_out"]),
            node("MatMul", ["v_in", "unit"], ["product"]),
            node("Clip", ["product", "low", "high"], ["v_out"]),
        ],
        "round",
        [value("i", INT64, []), value("go_in", BOOL, []), value("v_in", FLOAT, [16, 16])],
        [value("go_out", BOOL, []), value("v_out", FLOAT, [16, 16])],
    )
    weights = [
        thousand,
        helper.make_tensor("low", FLOAT, [], [-9.0]),
        helper.make_tensor("high", FLOAT, [], [9.0]),
        helper.make_tensor("go", BOOL, [], [True]),
        helper.make_tensor("sides", INT64, [2], [16, 16]),
    ]
    return model(
        helper.make_graph(
            [
                node("ConstantOfShape", ["sides"], ["blank"]),
                node("EyeLike", ["blank"], ["unit"], dtype=FLOAT),
                node("ReduceMax", ["n"], ["most"], keepdims=0),
                node("Mul", ["most", "thousand"], ["rounds"]),
                node("Loop", ["rounds", "go", "unit"], ["v"], body=body),
                node("ReduceMax", ["v"], ["one"], keepdims=0),
                node("Cast", ["one"], ["one_int"], to=INT64),
                node("Mul", ["n", "one_int"], ["n_out"]),
            ],
            "slow",
            [value("n", INT64, ["rows"])],
            [value("n_out", INT64, ["rows"])],
            weights,
        )
    )


def lookup() -> onnx.ModelProto:
    """Fails at run time for an index outside 0..2."""
    table = helper.make_tensor("table", FLOAT, [3], [10.0, 20.0, 30.0])
    return model(
        helper.make_graph(
            [node("Gather", ["table", "index"], ["found"])],
            "lookup",
            [value("index", INT64, ["rows"])],
            [value("found", FLOAT, ["rows"])],
            [table],
        )
    )


def external() -> onnx.ModelProto:
    """Weights in a file of their own."""
    made = affine("external", 0.5)
    weights = made.graph.initializer[0]
    (HERE / "external.weights").write_bytes(np.array([1, 2, 3], np.float32).tobytes())
    weights.ClearField("float_data")
    weights.data_location = TensorProto.EXTERNAL
    for key, text in {"location": "external.weights", "offset": "0", "length": "12"}.items():
        weights.external_data.add(key=key, value=text)
    return made


if __name__ == "__main__":
    save("sum-and-product", sum_and_product())
    save("affine", affine("affine", 0.5))
    save("affine-other", affine("affine_other", 100.0))
    save("tree-strings", tree_classifier({"classlabels_strings": ["red", "green", "blue"]}))
    save("tree-integers", tree_classifier({"classlabels_int64s": [7, -1, 9]}, standard=False))
    save("sequence", sequence())
    save("echo", echo())
    save("upper", upper())
    save("slow", slow())
    save("lookup", lookup())
    (HERE / "external.onnx").write_bytes(external().SerializeToString(deterministic=True))
