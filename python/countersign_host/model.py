"""One loaded model, and its exceptions told as codes. The local worker and the Ray replica both use it."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Iterator
from typing import Any

from . import convert
from .frames import Json, Payload, Uncarried

Failure = dict[str, Json]


class LoadedModel:
    """Loads from a local directory, into which nothing is written."""

    def __init__(self, directory: str) -> None:
        # A cache beside the model's own code would lie in the artifact. What is compiled already is used.
        sys.dont_write_bytecode = True
        os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
        import mlflow.pyfunc

        _disable_tracing()
        # Versions are compared when the environment is chosen; MLflow's own warnings would only repeat it.
        self._model = mlflow.pyfunc.load_model(directory, suppress_warnings=True)
        metadata = self._model.metadata
        self._inputs = metadata.get_input_schema()
        self._params = metadata.get_params_schema() if hasattr(metadata, "get_params_schema") else None
        self._from_type_hint = bool(getattr(metadata, "_is_signature_from_type_hint", lambda: False)())

    @property
    def streams(self) -> bool:
        return getattr(self._model, "_predict_stream_fn", None) is not None

    def predict(self, payload: Payload, params: list[Json]) -> Payload:
        data = convert.to_input(payload, self._inputs, self._from_type_hint)
        return convert.from_output(self._model.predict(data, **self._keywords(params)))

    def predict_stream(self, payload: Payload, params: list[Json]) -> Iterator[Json]:
        data = convert.to_stream_input(payload, self._inputs, self._from_type_hint)
        for item in self._model.predict_stream(data, **self._keywords(params)):
            yield convert.from_item(item)

    def _keywords(self, params: list[Json]) -> dict[str, Any]:
        return {"params": convert.to_params(params, self._params)} if params else {}


def _disable_tracing() -> None:
    """Spans would be written to a tracking store, which MLflow makes in the working directory if need be."""
    try:
        from mlflow.tracing import disable
    except ImportError:  # before 2.14
        return
    disable()


def versions() -> dict[str, str]:
    import mlflow
    import numpy
    import pandas

    python = ".".join(map(str, sys.version_info[:3]))
    return {
        "python": python,
        "mlflow": mlflow.__version__,
        "numpy": numpy.__version__,
        "pandas": pandas.__version__,
    }


def predict_failure(error: BaseException) -> Failure:
    if isinstance(error, Uncarried):
        return _failure("MODEL_OUTPUT_UNSUPPORTED", [str(error)], error)
    return _failure("MODEL_FAILED", [type(error).__name__], error)


def load_failure(error: BaseException) -> Failure:
    missing = _missing_module(error)
    if missing is not None:
        return _failure("MODULE_MISSING", [missing], error)
    return _failure("LOAD_FAILED", [_sentence(error)], error)


def _failure(code: str, args: list[str], error: BaseException) -> Failure:
    mlflow_code = getattr(error, "error_code", None) if _is_mlflow(error) else None
    trace = "".join(traceback.format_exception(type(error), error, error.__traceback__))
    return {"code": code, "args": args, "mlflowCode": mlflow_code, "traceback": trace}


def _is_mlflow(error: BaseException) -> bool:
    return any(base.__name__ == "MlflowException" for base in type(error).__mro__)


def _missing_module(error: BaseException) -> str | None:
    """The top-level module that was not found, where that is what the error is about."""
    link: BaseException | None = error
    while link is not None:
        if isinstance(link, ModuleNotFoundError) and link.name and link.name in str(error):
            return link.name.partition(".")[0]
        link = link.__cause__ or link.__context__
    return None


def _sentence(error: BaseException) -> str:
    """The error on one line, not longer than a person reads."""
    text = " ".join(str(error).split())
    text = f"{type(error).__name__}: {text}" if text else type(error).__name__
    return text if len(text) <= 500 else text[:499] + "…"
