"""Exceptions told as codes of the catalogue (src/errors/catalogue.ts); they never cross the wire as objects."""

from __future__ import annotations

import traceback

from .frames import Json, Uncarried

Failure = dict[str, Json]


def predict_failure(error: BaseException) -> Failure:
    if isinstance(error, Uncarried):
        return failure("MODEL_OUTPUT_UNSUPPORTED", [str(error)], error)
    return failure("MODEL_FAILED", [type(error).__name__], error)


def load_failure(error: BaseException) -> Failure:
    missing = _missing_module(error)
    if missing is not None:
        return failure("MODULE_MISSING", [missing], error)
    return failure("LOAD_FAILED", [_sentence(error)], error)


def failure(code: str, args: list[str], error: BaseException) -> Failure:
    mlflow_code = getattr(error, "error_code", None) if is_mlflow(error) else None
    trace = "".join(traceback.format_exception(type(error), error, error.__traceback__))
    return {"code": code, "args": args, "mlflowCode": mlflow_code, "traceback": trace}


def is_mlflow(error: BaseException) -> bool:
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
