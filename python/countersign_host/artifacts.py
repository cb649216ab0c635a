"""Artifacts on the disk of a node, shared by the replicas there.

    ROOT/NAME          the files of one artifact; they appear by one rename
    ROOT/NAME.lock     held by whoever uses them (shared) or brings them (alone)

The kernel lets go of a lock with its process: what a replica leaves that was killed is known for left, used by the next
one, or swept. Blocks; not for an event loop.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass

# How long files that nobody uses are kept, for the version that comes back.
_KEPT_SECONDS = 600.0


@dataclass(eq=False)
class Held:
    """Files that stay as long as this is held."""

    directory: str
    _lock: int

    def release(self) -> None:
        if self._lock >= 0:
            os.utime(self._lock)  # not used since
            os.close(self._lock)
            self._lock = -1


class Artifacts:
    def __init__(self, root: str | None = None) -> None:
        self.root = _own_directory() if root is None else root
        os.makedirs(self.root, exist_ok=True)

    def hold(self, source: str, bring: Callable[[str], None]) -> Held:
        """The files of the artifact, after `bring` filled an empty directory with them where they are not there."""
        directory = os.path.join(self.root, hashlib.sha256(source.encode()).hexdigest()[:32])
        while True:
            lock = _lock(directory, fcntl.LOCK_SH)
            if os.path.isdir(directory):
                return Held(directory, lock)
            os.close(lock)
            lock = _lock(directory, fcntl.LOCK_EX)
            try:
                if not os.path.isdir(directory):
                    _fill(directory, bring)
            finally:
                os.close(lock)

    def sweep(self, kept_seconds: float = _KEPT_SECONDS) -> None:
        """Removes what nobody uses and nobody used for so long."""
        for name in os.listdir(self.root):
            if not name.endswith(".lock"):
                continue
            path = os.path.join(self.root, name)
            lock = _lock(path.removesuffix(".lock"), fcntl.LOCK_EX | fcntl.LOCK_NB)
            if lock < 0:
                continue
            try:
                if time.time() - os.fstat(lock).st_mtime >= kept_seconds:
                    _remove(path.removesuffix(".lock"))
                    os.unlink(path)
            finally:
                os.close(lock)


def _fill(directory: str, bring: Callable[[str], None]) -> None:
    partial = f"{directory}.partial"
    _remove(partial)  # of somebody who was killed over it
    os.mkdir(partial)
    try:
        bring(partial)
        os.rename(partial, directory)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _remove(directory: str) -> None:
    for path in (directory, f"{directory}.partial"):
        shutil.rmtree(path, ignore_errors=True)


def _lock(directory: str, how: int) -> int:
    """The lock file, locked; -1 where somebody else holds it and `how` does not wait."""
    path = f"{directory}.lock"
    while True:
        lock = os.open(path, os.O_CREAT | os.O_RDWR, 0o600)
        try:
            fcntl.flock(lock, how)
        except BlockingIOError:
            os.close(lock)
            return -1
        try:
            if os.stat(path).st_ino == os.fstat(lock).st_ino:
                return lock
        except FileNotFoundError:
            pass
        os.close(lock)  # It was swept in between.


def _own_directory() -> str:
    """Nobody else may put files there that we would run."""
    # Sockets lie in it too, of whose paths the kernel takes a hundred bytes.
    temporary = tempfile.gettempdir() if len(tempfile.gettempdir()) < 50 else "/tmp"
    path = os.path.join(temporary, f"countersign-{os.getuid()}")
    os.makedirs(path, mode=0o700, exist_ok=True)
    found = os.lstat(path)
    if found.st_uid != os.getuid() or found.st_mode & 0o022:
        return tempfile.mkdtemp(prefix="countersign-", dir=temporary)
    return path
