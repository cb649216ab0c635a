"""How versions are found by number, and how a worker's reply reads as one of MLflow's."""

from __future__ import annotations

import json

import pytest

from countersign_host.frames import pack_frame
from countersign_host.invocations import Elsewhere, Known, UnknownVersion, answer

TOLD = {"default": "2", "versions": {"1": "s3://b/1", "2": "gcs://two.zip", "10": {"application": "other"}}}


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("", ("2", "gcs://two.zip")),
        ("2", ("2", "gcs://two.zip")),
        ("01", ("1", "s3://b/1")),
        ("10", ("10", Elsewhere("other"))),
    ],
)
def test_a_version_is_found_by_its_number_and_the_default_without_one(asked: str, found: object) -> None:
    assert Known(TOLD).find(asked) == found


@pytest.mark.parametrize(
    ("asked", "words"),
    [("3", "known: 1, 2, 10"), ("@production", "aliases are known to the gateway only"), ("x", "'x'")],
)
def test_any_other_is_unknown_and_those_that_are_known_are_named(asked: str, words: str) -> None:
    with pytest.raises(UnknownVersion, match=words):
        Known(TOLD).find(asked)


def test_without_a_default_one_has_to_be_named() -> None:
    with pytest.raises(UnknownVersion, match="name one"):
        Known(None).find("")


def test_the_default_that_stands_in_another_application_is_not_kept_here() -> None:
    assert Known(TOLD).default_source == "gcs://two.zip"
    assert Known({**TOLD, "default": "10"}).default_source is None
    assert Known(None).default_source is None


def test_a_reply_of_mlflow_is_handed_on_as_it_is() -> None:
    head = {"t": "raw", "id": 1, "status": 400, "contentType": "application/json"}
    said = answer(b"".join(pack_frame(head, [b'{"error_code": "x"}'])))
    assert (said.status, said.body) == (400, b'{"error_code": "x"}')


@pytest.mark.parametrize(
    ("failed", "status", "code", "words"),
    [
        (("INVALID_BODY", "it is not JSON", "BAD_REQUEST"), 400, "BAD_REQUEST", "it is not JSON"),
        (("MODEL_FAILED", "KeyError", None), 500, "INTERNAL_ERROR", "the model raised KeyError"),
        (("LOAD_FAILED", "/secret/path", None), 500, "INTERNAL_ERROR", "the log of the replica has the reason"),
        (("ARTIFACT_GONE", "", None), 500, "INTERNAL_ERROR", "a gateway brings it back"),
    ],
)
def test_a_failure_has_the_shape_of_one_of_mlflow(
    failed: tuple[str, str, str | None], status: int, code: str, words: str
) -> None:
    head = {
        "t": "failed",
        "id": 1,
        "code": failed[0],
        "args": [failed[1]],
        "mlflowCode": failed[2],
        "traceback": "secret",
    }
    said = answer(b"".join(pack_frame(head, [])))
    body = json.loads(said.body)
    assert (said.status, body["error_code"]) == (status, code)
    assert words in body["message"]
    assert "secret" not in said.body.decode()
