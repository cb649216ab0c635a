"""A request of /invocations through MLflow's own code: its parser, its checks, its writer."""

from __future__ import annotations

import functools
import importlib
import io
import json
import sys
import types
from dataclasses import dataclass
from typing import Any

from .failures import Failure, failure, is_mlflow

# Packages that check or convert a request before the model sees it: what they raise is the caller's mistake.
_CHECKERS = {"countersign_host", "mlflow", "pydantic", "pydantic_core", "pandas", "numpy"}
# What a message of MLflow's begins with, and a sentence that says the same without the caller's data.
_SENTENCES = {
    "Failed to parse input from JSON": "it is not JSON",
    "Ensure that input is a valid JSON": "it is not JSON",
    "The input must be a JSON dictionary": "it must be a JSON object with exactly one of the input fields "
    "dataframe_split, dataframe_records, instances, inputs",
    "Request payload must be a dictionary with 'inputs'": "the model takes its data in `inputs`",
    "Failed to parse input as a Pandas DataFrame": "it is no table that pandas can read",
}
_MISFIT = "it does not fit what the model takes"


@dataclass
class Answer:
    status: int
    content_type: str
    body: bytes


def invoke(model: Any, input_schema: Any, body: bytes, content_type: str | None, exact: bool) -> Answer | Failure:
    """`model` is a PyFuncModel. `exact`: as MLflow's server answers, also where its answer is no JSON, or blames
    the caller for a failure of the model."""
    watched = _Watched(model)
    try:
        answer = _score(watched, input_schema, body, content_type)
        return answer if exact else _without_nan(answer)
    except BaseException as error:
        if exact and not is_mlflow(error):
            return Answer(500, "text/plain; charset=utf-8", b"Internal Server Error")
        return _failure(error, watched, exact)


class _Watched:
    """The model as MLflow's server knows it; keeps what its predict raised."""

    def __init__(self, model: Any) -> None:
        self.metadata = model.metadata
        self.answered = False
        self.raised: BaseException | None = None

        # MLflow looks whether predict takes params.
        @functools.wraps(model.predict)
        def predict(*args: Any, **keywords: Any) -> Any:
            try:
                answer = model.predict(*args, **keywords)
            except BaseException as error:
                self.raised = error
                raise
            self.answered = True
            return answer

        self.predict = predict


def _score(model: _Watched, input_schema: Any, body: bytes, content_type: str | None) -> Answer:
    server = _scoring_server()
    # While MLflow served with Flask, it took the body as text.
    data: Any = body.decode("utf-8") if hasattr(server, "flask") else body
    invocations = getattr(server, "invocations", None) or functools.partial(_invocations, server)
    answered = invocations(data, content_type, model, input_schema)
    charset = "; charset=utf-8" if answered.mimetype.startswith("text/") else ""
    return Answer(answered.status, answered.mimetype + charset, answered.response.encode())


@functools.lru_cache(maxsize=1)
def _scoring_server() -> Any:
    """MLflow 2 imported Flask with it for long, which mlflow-skinny does not bring, and we do not need."""
    name = "mlflow.pyfunc.scoring_server"
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name != "flask":
            raise
    sys.modules["flask"] = types.ModuleType("flask")
    try:
        return importlib.import_module(name)
    finally:
        del sys.modules["flask"]


def _invocations(server: Any, data: str, content_type: Any, model: Any, schema: Any) -> Any:
    """What MLflow had inside its route before 2.4."""
    if content_type.partition(";")[0].strip() == "text/csv":
        frame = server.parse_csv_input(io.StringIO(data), schema)
    else:
        frame = server.infer_and_parse_json_input(data, schema)
    written = io.StringIO()
    server.predictions_to_json(model.predict(frame), written)
    return types.SimpleNamespace(response=written.getvalue(), status=200, mimetype="application/json")


def _without_nan(answer: Answer) -> Answer:
    """Python's tokens NaN and Infinity are no JSON: null."""
    if b"NaN" not in answer.body and b"Infinity" not in answer.body:
        return answer
    value = json.loads(answer.body, parse_constant=lambda _: None)
    return Answer(answer.status, answer.content_type, json.dumps(value).encode())


def _failure(error: BaseException, watched: _Watched, exact: bool) -> Failure:
    if watched.answered:
        return failure("MODEL_OUTPUT_UNSUPPORTED", ["a value that is no JSON"], error)
    if watched.raised is not None and not _is_check(watched.raised):
        # Nobody but the model knows what its data has to be: MLflow takes what it raised for a refusal.
        return failure("MODEL_FAILED", [type(watched.raised).__name__], error)
    # MLflow's server has its own words, and its own code, for what is no exception of MLflow.
    told = error if exact or watched.raised is None else watched.raised
    refusal = failure("INVALID_BODY", [_sentence(error)], told)
    # A mistake of the caller's, whatever MLflow calls it.
    return refusal if exact or _is_of_caller(told) else {**refusal, "mlflowCode": None}


def _is_check(error: BaseException) -> bool:
    """It came before any code of the model's ran."""
    trace = error.__traceback__
    while trace is not None:
        package = trace.tb_frame.f_globals.get("__name__", "").partition(".")[0]
        if package not in _CHECKERS and package not in sys.stdlib_module_names:
            return False
        trace = trace.tb_next
    return True


def _is_of_caller(error: BaseException) -> bool:
    return is_mlflow(error) and error.get_http_status_code() < 500  # type: ignore[attr-defined]


def _sentence(error: BaseException) -> str:
    message = str(error)
    return next((said for beginning, said in _SENTENCES.items() if message.startswith(beginning)), _MISFIT)
