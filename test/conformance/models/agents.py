"""Models of MLflow's own chat and agent interfaces, which bring their signatures along."""

from __future__ import annotations

from mlflow.models.model import ModelInfo

from logged import log_code


def chat_model(name: str) -> ModelInfo:
    """A ChatModel: takes `messages`."""
    return log_code(name, "chat")


def responses_agent(name: str) -> ModelInfo:
    """A ResponsesAgent: takes `input`."""
    return log_code(name, "responses")


MODELS = (chat_model, responses_agent)
