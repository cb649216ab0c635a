"""One process per environment that only imports, and forks workers that share what it imported.

It must never load or predict: a forked xgboost, lightgbm, torch or HistGradientBoosting would hang then.
Workers die with it, and it ends when the gateway closes the connection.
"""

from __future__ import annotations

import gc
import importlib
import os
import select
import signal
import socket
import sys
import threading
from typing import Any

from . import worker
from .frames import Json


class Zygote:
    def __init__(self, path: str, key: str) -> None:
        self._path = path
        self._children: set[int] = set()
        self._imported: set[str] = set()
        self._wake, waker = socket.socketpair()
        for end in (self._wake, waker):
            end.setblocking(False)
        self._waker = waker
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(waker.fileno())
        self._import("numpy", "pandas", "mlflow.pyfunc", "countersign_host.model")
        self._channel = worker.connect(path, key, "zygote")

    def serve(self) -> None:
        try:
            while self._handle_next():
                pass
        finally:
            # A child may still end while the interpreter takes itself apart.
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)

    def _handle_next(self) -> bool:
        ready, _, _ = select.select([self._channel.socket, self._wake], [], [])
        if self._wake in ready:
            self._wake.recv(4096)
            self._reap()
        if self._channel.socket in ready:
            frame = self._channel.receive()
            if frame is None:
                return False
            header, _blocks = frame
            self._channel.send({**self._reply(header), "id": header["id"]})
        return True

    def _reply(self, header: dict[str, Json]) -> dict[str, Json]:
        if header["t"] == "kill":
            # Only what has not been reaped yet: the number may be another process by now.
            if header["pid"] in self._children:
                os.kill(header["pid"], signal.SIGKILL)
            return {"t": "end"}
        self._import(*header["imports"])
        if threading.active_count() > 1:
            names = ", ".join(thread.name for thread in threading.enumerate()[1:])
            return {"t": "failed", **_failure(f"importing left threads behind: {names}")}
        return self._fork(header["key"])

    def _import(self, *names: str) -> None:
        new = [name for name in names if name not in self._imported]
        for name in new:
            self._imported.add(name)
            try:
                importlib.import_module(name)
            except Exception as error:
                # The worker that needs it will say so in full.
                print(f"{name} cannot be imported: {type(error).__name__}: {error}", file=sys.stderr)
        if new:
            # Shared pages stay shared only while no collection touches them.
            gc.collect()
            gc.freeze()

    def _fork(self, key: str) -> dict[str, Json]:
        me = os.getpid()
        sys.stdout.flush()
        sys.stderr.flush()
        try:
            pid = os.fork()
        except OSError as error:
            return {"t": "failed", **_failure(f"no process could be forked: {error}")}
        if pid == 0:
            self._become_worker(me, key)
        self._children.add(pid)
        return {"t": "forked", "pid": pid}

    def _become_worker(self, parent: int, key: str) -> None:
        try:
            worker.die_with(parent)
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            for inherited in (self._channel.socket, self._wake, self._waker):
                inherited.close()
            worker.leave_stopping_to_the_gateway()
            # Python's own random is seeded anew by fork itself, numpy's is not.
            sys.modules["numpy"].random.seed()
            worker.run(self._path, key)
        finally:
            os._exit(1)

    def _reap(self) -> None:
        for pid in list(self._children):
            done, status = os.waitpid(pid, os.WNOHANG)
            if done:
                self._children.discard(pid)
                code = -os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)
                self._channel.send({"t": "exited", "pid": pid, "status": code})


def _failure(reason: str) -> dict[str, Any]:
    return {"code": "WORKER_NOT_STARTED", "args": [reason], "mlflowCode": None, "traceback": ""}


def main(path: str, key: str, parent: str) -> None:
    worker.die_with(int(parent))
    worker.leave_stopping_to_the_gateway()
    Zygote(path, key).serve()
