"""Models that answer a description of what reached them: every conversion on the way in can be seen."""

from __future__ import annotations

import numpy as np
from mlflow.models.model import ModelInfo
from mlflow.types import ColSpec, DataType, ParamSpec, TensorSpec
from mlflow.types.schema import AnyType, Array, Map, Object, Property

from logged import log_echo, signature

SCALARS = {
    "b": "boolean",
    "i": "integer",
    "l": "long",
    "f": "float",
    "d": "double",
    "s": "string",
    "bin": "binary",
    "t": "datetime",
}


def scalar_types(name: str) -> ModelInfo:
    """A required column of every scalar type."""
    return log_echo(name, "echo", signature(*(ColSpec(t, column) for column, t in SCALARS.items())))


def scalar_optional(name: str) -> ModelInfo:
    """An optional column of every scalar type, so that a request can carry one conversion alone."""
    inputs = (ColSpec(t, column, required=False) for column, t in SCALARS.items())
    return log_echo(name, "echo", signature(*inputs))


def optional_cols(name: str) -> ModelInfo:
    """Two required columns and four optional ones."""
    required = [ColSpec("string", "id"), ColSpec("double", "x")]
    optional = {"opt_d": "double", "opt_l": "long", "opt_s": "string", "opt_b": "boolean"}
    inputs = (*required, *(ColSpec(t, column, required=False) for column, t in optional.items()))
    return log_echo(name, "echo", signature(*inputs))


def complex_types(name: str) -> ModelInfo:
    """Columns of arrays, objects, maps, nested and of any type."""
    person = Object(
        [
            Property("name", DataType.string),
            Property("age", DataType.long),
            Property("score", DataType.double, required=False),
            Property("tags", Array(DataType.string), required=False),
        ]
    )
    inputs = (
        ColSpec(Array(DataType.double), "vec"),
        ColSpec(person, "person"),
        ColSpec(Map(DataType.long), "counts"),
        ColSpec(Array(Array(DataType.long)), "grid", required=False),
        ColSpec(Array(person), "people", required=False),
        ColSpec(Map(Array(DataType.string)), "groups", required=False),
        ColSpec(AnyType(), "extra", required=False),
    )
    return log_echo(name, "echo", signature(*inputs))


def tensor_fixed(name: str) -> ModelInfo:
    """One tensor without a name and without a free dimension."""
    return log_echo(name, "echo", signature(TensorSpec(np.dtype("float64"), (2, 3))))


def tensor_str(name: str) -> ModelInfo:
    """One tensor of strings."""
    return log_echo(name, "echo", signature(TensorSpec(np.dtype("str"), (-1, 2))))


def tensor_named(name: str) -> ModelInfo:
    """Three tensors by name, each of another type and rank."""
    inputs = (
        TensorSpec(np.dtype("float32"), (-1, 3), "a"),
        TensorSpec(np.dtype("int64"), (-1,), "b"),
        TensorSpec(np.dtype("bool"), (-1, 1), "c"),
    )
    return log_echo(name, "echo", signature(*inputs))


def no_signature(name: str) -> ModelInfo:
    """Whatever arrives."""
    return log_echo(name, "echo")


def params_all(name: str) -> ModelInfo:
    """One column, and params of every type: scalars, one without a default, arrays, an object."""
    settings = Object([Property("k", DataType.string), Property("n", DataType.long, required=False)])
    params = [
        ParamSpec("p_bool", "boolean", True),
        ParamSpec("p_int", "integer", 3),
        ParamSpec("p_long", "long", 2**40),
        ParamSpec("p_float", "float", 0.5),
        ParamSpec("p_double", "double", 0.25),
        ParamSpec("p_str", "string", "hi"),
        ParamSpec("p_dt", "datetime", np.datetime64("2024-01-02T03:04:05")),
        ParamSpec("p_none", "string", None),
        ParamSpec("a_str", "string", ["a", "b"], (-1,)),
        ParamSpec("a_double", "double", [0.1, 0.2], (-1,)),
        ParamSpec("a_long", "long", [1, 2, 3], (-1,)),
        ParamSpec("obj", settings, {"k": "v"}),
    ]
    return log_echo(name, "echo_params", signature(ColSpec("double", "x"), params=params))


def prompt_llm(name: str) -> ModelInfo:
    """What a completion model takes: a `prompt`, and how to sample."""
    params = [
        ParamSpec("temperature", "double", 0.7),
        ParamSpec("max_tokens", "long", 16),
        ParamSpec("stop", "string", ["\n"], (-1,)),
    ]
    return log_echo(name, "echo_prompt", signature(ColSpec("string", "prompt"), params=params))


MODELS = (
    scalar_types,
    scalar_optional,
    optional_cols,
    complex_types,
    tensor_fixed,
    tensor_str,
    tensor_named,
    no_signature,
    params_all,
    prompt_llm,
)
