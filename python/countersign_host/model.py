"""One loaded model. The local worker and the Ray replica both use it."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from typing import Any

from . import convert, scoring
from .bare_rows import keeping_rows
from .direct import Direct
from .failures import Failure
from .frameless import Frameless
from .frames import Json, Payload, Table


class LoadedModel:
    """Loads from a local directory, into which nothing is written."""

    def __init__(self, directory: str) -> None:
        # A cache beside the model's own code would lie in the artifact. What is compiled already is used.
        sys.dont_write_bytecode = True
        os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
        # As in MLflow's server, where type hints read text as bytes and datetimes.
        os.environ["_MLFLOW_IS_IN_SERVING_ENVIRONMENT"] = "true"
        import mlflow.pyfunc

        _disable_tracing()
        # Versions are compared when the environment is chosen; MLflow's own warnings would only repeat it.
        self._model = mlflow.pyfunc.load_model(directory, suppress_warnings=True, **_model_config())
        metadata = self._model.metadata
        self._inputs = metadata.get_input_schema()
        self._params = metadata.get_params_schema() if hasattr(metadata, "get_params_schema") else None
        self._from_type_hint = bool(getattr(metadata, "_is_signature_from_type_hint", lambda: False)())
        self._direct = Direct(self._model, self._inputs)
        self._frameless = Frameless(self._model)

    @property
    def streams(self) -> bool:
        return getattr(self._model, "_predict_stream_fn", None) is not None

    def predict(self, payload: Payload, params: list[Json]) -> Payload:
        if not params:
            answer = self._frameless.predict(payload)
            if answer is not None:
                return convert.from_output(answer)
        data = convert.to_input(payload, self._inputs, self._from_type_hint)
        if not params and self._direct.takes(payload, data):
            answer = self._direct.predict(data)
            self._frameless.learn(payload, answer)
            return convert.from_output(answer)
        model = keeping_rows(self._model, data.index) if _is_bare(payload) else self._model
        return convert.from_output(model.predict(data, **self._keywords(params)))

    def predict_stream(self, payload: Payload, params: list[Json]) -> Iterator[Json]:
        data = convert.to_stream_input(payload, self._inputs, self._from_type_hint)
        for item in self._model.predict_stream(data, **self._keywords(params)):
            yield convert.from_item(item)

    def invoke(self, body: bytes, content_type: str | None, exact: bool) -> scoring.Answer | Failure:
        return scoring.invoke(self._model, self._inputs, body, content_type, exact)

    def _keywords(self, params: list[Json]) -> dict[str, Any]:
        return {"params": convert.to_params(params, self._params)} if params else {}


def _is_bare(payload: Payload) -> bool:
    return isinstance(payload, Table) and payload.rows > 0 and not payload.columns


def _model_config() -> dict[str, Any]:
    """What overrides the model's own configuration, under the name that MLflow's server has for it."""
    config = os.environ.get("SERVING_MODEL_CONFIG")
    return {"model_config": json.loads(config)} if config else {}


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
