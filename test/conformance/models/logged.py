"""How the themes log their models."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mlflow
from mlflow.models import ModelSignature
from mlflow.models.model import ModelInfo
from mlflow.pyfunc import PythonModel
from mlflow.types import ColSpec, ParamSchema, ParamSpec, Schema, TensorSpec

LogModel = Callable[[str], ModelInfo]
"""Logs one model under the name it is given and registers it. The function's own name is the model's."""

PYFUNCS = Path(__file__).parent / "pyfuncs"
# MLflow runs a model from code while it logs it.
sys.path.append(str(PYFUNCS))


def log_code(name: str, file: str, **options: Any) -> ModelInfo:
    """A model from code: `pyfuncs/{file}.py` calls `mlflow.models.set_model`."""
    return log_python(name, str(PYFUNCS / f"{file}.py"), **options)


def log_echo(name: str, file: str, signature: ModelSignature | None = None) -> ModelInfo:
    """A model from code that imports `describe`, which is packed along."""
    return log_code(name, file, signature=signature, code_paths=[str(PYFUNCS / "describe.py")])


def log_python(name: str, model: str | PythonModel, **options: Any) -> ModelInfo:
    return mlflow.pyfunc.log_model(
        name=name,
        python_model=model,
        registered_model_name=name,
        # Inferring them would start every model once more, to answer what is known.
        pip_requirements=[f"mlflow=={mlflow.__version__}"],
        **options,
    )


def signature(
    *inputs: ColSpec | TensorSpec,
    outputs: list[ColSpec] | list[TensorSpec] | None = None,
    params: list[ParamSpec] | None = None,
) -> ModelSignature:
    return ModelSignature(
        inputs=Schema(list(inputs)),
        outputs=Schema(outputs) if outputs else None,
        params=ParamSchema(params) if params else None,
    )


def columns(**types: str) -> list[ColSpec]:
    """Required columns, by name."""
    return [ColSpec(type=type, name=name) for name, type in types.items()]
