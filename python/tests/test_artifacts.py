"""Artifacts that several replicas of a node share: here, several holders in one process, whose locks differ."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from countersign_host.artifacts import Artifacts


def bring(directory: str) -> None:
    Path(directory, "MLmodel").write_text("flavors")


def refuse(directory: str) -> None:
    raise AssertionError("it is there already")


def fail(directory: str) -> None:
    Path(directory, "half").write_text("")
    raise OSError("network")


def test_files_are_brought_once_and_shared(tmp_path: Path) -> None:
    first = Artifacts(str(tmp_path)).hold("s3://b/x", bring)
    second = Artifacts(str(tmp_path)).hold("s3://b/x", refuse)
    assert first.directory == second.directory
    assert os.listdir(first.directory) == ["MLmodel"]
    assert Artifacts(str(tmp_path)).hold("s3://b/y", bring).directory != first.directory


def test_what_somebody_holds_is_not_swept_and_what_nobody_holds_is(tmp_path: Path) -> None:
    artifacts = Artifacts(str(tmp_path))
    one, other = artifacts.hold("one", bring), artifacts.hold("other", bring)
    again = artifacts.hold("one", refuse)
    for held in (one, other):
        held.release()
    artifacts.sweep(0)
    assert [os.path.isdir(held.directory) for held in (again, other)] == [True, False]
    again.release()
    artifacts.sweep(0)
    assert os.listdir(tmp_path) == []


def test_what_was_just_let_go_is_kept_for_the_one_who_comes_back(tmp_path: Path) -> None:
    artifacts = Artifacts(str(tmp_path))
    artifacts.hold("one", bring).release()
    artifacts.sweep(60)
    artifacts.hold("one", refuse).release()


def test_a_download_that_fails_leaves_nothing_and_the_next_one_is_tried(tmp_path: Path) -> None:
    artifacts = Artifacts(str(tmp_path))
    with pytest.raises(OSError, match="network"):
        artifacts.hold("one", fail)
    assert [name for name in os.listdir(tmp_path) if not name.endswith(".lock")] == []
    held = artifacts.hold("one", bring)
    assert os.listdir(held.directory) == ["MLmodel"]


def test_what_a_killed_process_left_half_is_never_taken_for_an_artifact(tmp_path: Path) -> None:
    artifacts = Artifacts(str(tmp_path))
    held = artifacts.hold("one", bring)
    held.release()
    os.rename(held.directory, f"{held.directory}.partial")
    held = Artifacts(str(tmp_path)).hold("one", bring)
    assert os.listdir(held.directory) == ["MLmodel"]
