"""A worker process: one model, one request at a time. Every message of the gateway gets exactly one reply.

It ends when the gateway closes the connection, and when its parent dies.
"""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

from .frames import PROTOCOL_VERSION, Channel, Json, LayoutWriter, unpack_payload

_PR_SET_PDEATHSIG = 1


def connect(path: str, key: str, role: str) -> Channel:
    connection = socket.socket(socket.AF_UNIX)
    connection.connect(path)
    channel = Channel(connection)
    hello = {"t": "hello", "version": PROTOCOL_VERSION, "role": role, "key": key, "pid": os.getpid()}
    channel.send(hello)
    return channel


def die_with(parent: int) -> None:
    """Ends this process when its parent ends, even in the middle of a predict."""
    try:
        bound = ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL) == 0
    except (OSError, AttributeError):
        bound = False
    if os.getppid() != parent:
        os._exit(1)
    if not bound:
        threading.Thread(target=_watch, args=(parent,), daemon=True).start()


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(1)


def leave_stopping_to_the_gateway() -> None:
    """A SIGTERM to the whole group must not cut off what the gateway still waits for."""
    me = os.getpid()

    def ignore(_number: int, _frame: Any) -> None:
        if os.getpid() != me:  # a child that the model forked
            os._exit(128 + signal.SIGTERM)

    signal.signal(signal.SIGTERM, ignore)


def redirect_output(path: str, key: str) -> None:
    """What the process prints, C code included, goes to the gateway's log."""
    channel = connect(path, key, "output")
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    for number in (1, 2):
        os.dup2(channel.socket.fileno(), number)
    channel.socket.close()
    for stream in (sys.stdout, sys.stderr):
        getattr(stream, "reconfigure", lambda **_: None)(line_buffering=True)


def run(path: str, key: str) -> None:
    redirect_output(path, key)
    Worker(connect(path, key, "worker")).serve()
    sys.stdout.flush()
    # No interpreter shutdown: threads of libraries may hang in it, and there is nothing to save.
    os._exit(0)


class Worker:
    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._model: Any = None
        self._items: Iterator[Json] | None = None

    def serve(self) -> None:
        while True:
            frame = self._channel.receive()
            if frame is None:
                return
            header, blocks = frame
            reply, reply_blocks = self._reply(header, blocks)
            self._channel.send({**reply, "id": header["id"]}, reply_blocks)

    def _reply(self, header: dict[str, Json], blocks: list[Any]) -> tuple[dict[str, Json], list[Any]]:
        kind = header["t"]
        if kind == "predict":
            return self._predict(header, blocks)
        if kind == "invoke":
            return self._invoke(header, blocks)
        if kind == "load":
            if header.get("alone"):  # each reply travels by itself, over another wire than this one
                self._channel.said = LayoutWriter(0)
            return self._load(header["directory"]), []
        if kind == "stream":
            return self._stream(header, blocks), []
        if kind == "pull":
            return self._pull(), []
        if kind == "cancel":
            self._cancel()
        elif kind == "ping":
            probe()
        return {"t": "end"}, []

    def _load(self, directory: str) -> dict[str, Json]:
        from .failures import load_failure
        from .model import LoadedModel, versions

        try:
            self._model = LoadedModel(directory)
            return {"t": "loaded", "streams": self._model.streams, "versions": versions()}
        except BaseException as error:
            return {"t": "failed", **load_failure(error)}

    def _predict(self, header: dict[str, Json], blocks: list[Any]) -> tuple[dict[str, Json], list[Any]]:
        from .failures import predict_failure
        from .frames import pack_payload

        payload = unpack_payload(header["p"], blocks, self._channel.heard)
        try:
            answer = self._model.predict(payload, header.get("params", []))
            description, answer_blocks = pack_payload(answer, self._channel.said)
            return {"t": "answer", "p": description}, answer_blocks
        except BaseException as error:
            return {"t": "failed", **predict_failure(error)}, []

    def _invoke(self, header: dict[str, Json], blocks: list[Any]) -> tuple[dict[str, Json], list[Any]]:
        answer = self._model.invoke(bytes(blocks[0]), header.get("contentType"), header["exact"])
        if isinstance(answer, dict):
            return {"t": "failed", **answer}, []
        return {"t": "raw", "status": answer.status, "contentType": answer.content_type}, [answer.body]

    def _stream(self, header: dict[str, Json], blocks: list[Any]) -> dict[str, Json]:
        payload = unpack_payload(header["p"], blocks, self._channel.heard)
        self._items = self._model.predict_stream(payload, header.get("params", []))
        return self._pull()

    def _pull(self) -> dict[str, Json]:
        from .failures import predict_failure

        if self._items is None:
            return {"t": "end"}
        try:
            return {"t": "item", "v": next(self._items)}
        except StopIteration:
            self._items = None
            return {"t": "end"}
        except BaseException as error:
            self._items = None
            return {"t": "failed", **predict_failure(error)}

    def _cancel(self) -> None:
        items, self._items = self._items, None
        try:
            if items is not None:
                items.close()  # type: ignore[attr-defined]
        except BaseException as error:
            print(f"closing a stream raised {type(error).__name__}: {error}", file=sys.stderr)


def probe() -> None:
    """What a fork can have broken: threads, locks of the allocator, BLAS."""
    import numpy as np

    threading.Thread(target=lambda: None).start()
    np.linalg.inv(np.eye(64) + np.ones((64, 64)))


def main(path: str, key: str, parent: str) -> None:
    die_with(int(parent))
    leave_stopping_to_the_gateway()
    run(path, key)
