"""Small models from code: plain functions, every kind of answer, every kind of failure."""

from __future__ import annotations

import numpy as np
import pandas as pd
from mlflow.models.model import ModelInfo
from mlflow.types import ColSpec, TensorSpec

from logged import columns, log_code, signature

TEXT = ColSpec("string", "text")


def single_string(name: str) -> ModelInfo:
    """The shape of most text models: a column of strings in, a column of strings out."""
    return log_code(name, "upper", signature=signature(TEXT, outputs=columns(upper="string")))


def streamer(name: str) -> ModelInfo:
    """Can stream, which MLflow's server never asks it to."""
    return log_code(name, "words", signature=signature(TEXT), streamable=True)


def translator(name: str) -> ModelInfo:
    """Reads its model_config; its signature is inferred from the example."""
    return log_code(
        name,
        "dictionary",
        model_config={"lang_from": "en", "lang_to": "de"},
        input_example=pd.DataFrame({"prompt": ["hello world"]}),
    )


def params_unused(name: str) -> ModelInfo:
    """A predict that takes no params, under a signature that has none."""
    return log_code(name, "double_it", signature=signature(ColSpec("long", "x")))


def tensor_f32(name: str) -> ModelInfo:
    """Sums the rows of one float32 tensor."""
    return log_code(
        name,
        "row_sums",
        signature=signature(TensorSpec(np.dtype("float32"), (-1, 4)), outputs=[TensorSpec(np.dtype("float32"), (-1,))]),
    )


def tensor_image(name: str) -> ModelInfo:
    """The mean of each channel of a batch of tiny images."""
    return log_code(
        name,
        "channel_means",
        signature=signature(
            TensorSpec(np.dtype("uint8"), (-1, 2, 2, 3)), outputs=[TensorSpec(np.dtype("float64"), (-1, 3))]
        ),
    )


def out_kinds(name: str) -> ModelInfo:
    """The column `kind` chooses the kind of value that predict returns."""
    return log_code(name, "kinds", signature=signature(ColSpec("string", "kind")))


def raiser(name: str) -> ModelInfo:
    """The column `how` chooses how predict fails."""
    return log_code(name, "fails", signature=signature(ColSpec("string", "how")))


MODELS = (single_string, streamer, translator, params_unused, tensor_f32, tensor_image, out_kinds, raiser)
