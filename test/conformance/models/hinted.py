"""Models whose signature is the type hint of their predict."""

from __future__ import annotations

from datetime import datetime

from mlflow.models.model import ModelInfo

from logged import log_code


def hint_list_str(name: str) -> ModelInfo:
    """list[str] in, list[str] out."""
    return log_code(name, "hint_strings", input_example=["ab", "cd"])


def hint_pydantic(name: str) -> ModelInfo:
    """A list of pydantic models, and params."""
    return log_code(name, "hint_items", input_example=[{"name": "a", "qty": 1}])


def hint_datetime(name: str) -> ModelInfo:
    """A list of datetimes in, datetimes and bytes out."""
    return log_code(name, "hint_datetimes", input_example=[datetime(2024, 1, 2)])


MODELS = (hint_list_str, hint_pydantic, hint_datetime)
