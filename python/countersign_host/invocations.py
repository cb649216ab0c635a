"""MLflow's `/invocations` on Ray's own port: versions by their number, as gateways told of them.

They tell through the deployment's `user_config`, which Ray keeps and hands to every replica:
{"default": "2", "versions": {"1": SOURCE, "2": SOURCE, "3": {"application": NAME}}}. A version whose requirements this
environment does not meet stands in another application.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from .frames import _PREFIX, pack_frame, unpack_frame


@dataclass
class Answer:
    status: int
    content_type: str
    body: bytes


@dataclass
class Elsewhere:
    application: str


class UnknownVersion(Exception):
    pass


class Known:
    """The versions that were told of."""

    def __init__(self, config: dict[str, Any] | None) -> None:
        self._default: str | None = (config or {}).get("default")
        self._versions: dict[str, Any] = (config or {}).get("versions", {})

    @property
    def default_source(self) -> str | None:
        """Of the default version, where it is one of ours."""
        place = self._versions.get(self._default or "")
        return place if isinstance(place, str) else None

    def find(self, asked: str) -> tuple[str, str | Elsewhere]:
        """The version that a header names, and its source. Raises UnknownVersion."""
        if not asked and self._default is None:
            raise UnknownVersion("no gateway told of a default version; name one in serve_multiplexed_model_id")
        version = (asked.lstrip("0") or "0") if asked.isdecimal() else asked or str(self._default)
        place = self._versions.get(version)
        if place is None:
            there = ", ".join(sorted(self._versions, key=lambda each: (len(each), each))) or "none"
            hint = "aliases are known to the gateway only; " if asked.startswith("@") else ""
            raise UnknownVersion(f"no version '{asked}' has been served from here; {hint}known: {there}")
        return version, place if isinstance(place, str) else Elsewhere(place["application"])

    def numbers(self, sources: list[str]) -> list[str]:
        """The versions that have these sources."""
        return [number for number, place in self._versions.items() if place in sources]


def question(body: bytes, content_type: str | None) -> bytes:
    return b"".join(pack_frame({"t": "invoke", "id": 1, "contentType": content_type, "exact": True}, [body]))


def body_of(frame: bytes) -> bytes:
    """What such a question carries."""
    return bytes(_unpack(frame)[1][0])


def json_frame(value: Any) -> bytes:
    head = {"t": "raw", "id": 1, "status": 200, "contentType": "application/json"}
    return b"".join(pack_frame(head, [json.dumps(value).encode()]))


def _unpack(frame: bytes) -> tuple[dict[str, Any], list[Any]]:
    _, header_bytes = _PREFIX.unpack_from(frame)
    return unpack_frame(memoryview(frame)[_PREFIX.size :], header_bytes)


def answer(frame: bytes) -> Answer:
    """What a worker replied, as MLflow's server would say it."""
    header, blocks = _unpack(frame)
    if header["t"] == "raw":
        return Answer(header["status"], header["contentType"], bytes(blocks[0]))
    of_caller = header["code"] == "INVALID_BODY"
    default_code = "BAD_REQUEST" if of_caller else "INTERNAL_ERROR"
    return refusal(400 if of_caller else 500, header["mlflowCode"] or default_code, _sentence(header))


def refusal(status: int, code: str, message: str) -> Answer:
    return Answer(status, "application/json", json.dumps({"error_code": code, "message": message}).encode())


def _sentence(header: dict[str, Any]) -> str:
    said = header["args"][0] if header["args"] else ""
    sentences = {
        "MODEL_FAILED": f"the model raised {said}",
        # The words of what was raised may name paths and hosts; they are in the log.
        "LOAD_FAILED": "the version cannot be loaded; the log of the replica has the reason",
        "MODULE_MISSING": f"the version cannot be loaded: the cluster's Python has no module {said}",
        "ARTIFACT_UNFETCHED": "its artifact cannot be fetched; the log of the replica has the reason",
        "ARTIFACT_GONE": "the cluster has the artifact no more; a gateway brings it back when it asks for the version",
        "WORKER_LOST": "the process of the version ended over the request",
    }
    return sentences.get(header["code"], said)
