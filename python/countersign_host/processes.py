"""Worker processes of a Ray replica: the same zygote and workers as the gateway's own, driven from an event loop.

One process per version: it can be killed, gives its memory back, and its code is nobody else's.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import uuid
from collections import deque
from collections.abc import Callable
from typing import Any, cast

from .frames import _PREFIX, Json, pack_frame

# An interpreter on a busy machine, with a cold disk.
_HELLO_SECONDS = 120.0
# A fork that hangs in a lock it inherited answers nothing at all.
_PROBE_SECONDS = 20.0
# How long a predict whose caller left may run on; the next caller waits that long at most.
_ABANDONED_SECONDS = 5.0


class NotStarted(Exception):
    pass


def to_bytes(header: dict[str, Json]) -> bytes:
    return b"".join(pack_frame(header, []))


def header_of(frame: bytes) -> dict[str, Any]:
    _, header_bytes = _PREFIX.unpack_from(frame)
    start = _PREFIX.size
    header: dict[str, Any] = json.loads(frame[start : start + header_bytes])
    return header


class Link(asyncio.Protocol):
    """Frames with one process, not looked into but for the first, which says who it is.

    A protocol and not streams: what a request waits for is one future, without a task or a buffer of its own.
    """

    def __init__(self, greeted: Callable[[Link, bytes], None]) -> None:
        self._greeted: Callable[[Link, bytes], None] | None = greeted
        self._transport: asyncio.Transport | None = None
        self._received = bytearray()
        # Frames that nobody waits for yet.
        self._frames: deque[bytes] = deque()
        self._waiting: asyncio.Future[bytes | None] | None = None
        self._lost = False
        self._prints = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's, which Ray runs on, is one without saying so.
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self._received += data
        while not self._prints and len(self._received) >= _PREFIX.size:
            body_bytes, _ = _PREFIX.unpack_from(self._received)
            end = _PREFIX.size + body_bytes
            if len(self._received) < end:
                break
            frame = bytes(memoryview(self._received)[:end])
            del self._received[:end]
            self._take(frame)
        if self._prints:
            self._print_lines()

    def connection_lost(self, exc: Exception | None) -> None:
        self._lost = True
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)

    def receive(self) -> asyncio.Future[bytes | None]:
        """The next frame; None when the process is gone."""
        waiting: asyncio.Future[bytes | None] = asyncio.get_running_loop().create_future()
        if self._frames:
            waiting.set_result(self._frames.popleft())
        elif self._lost:
            waiting.set_result(None)
        else:
            self._waiting = waiting
        return waiting

    def ask(self, frame: bytes) -> asyncio.Future[bytes | None]:
        if self._transport is not None and not self._lost:
            self._transport.write(frame)
        return self.receive()

    def print_lines(self) -> None:
        """From here on it sends no frames but lines, which are for the standard error."""
        self._prints = True

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    def _take(self, frame: bytes) -> None:
        if self._greeted is not None:
            greeted, self._greeted = self._greeted, None
            greeted(self, frame)
        elif self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(frame)
        else:
            self._frames.append(frame)

    def _print_lines(self) -> None:
        *lines, rest = self._received.split(b"\n")
        self._received = bytearray(rest)
        for line in lines:
            sys.stderr.write(line.decode(errors="replace") + "\n")


class Process:
    """One worker, which does one thing at a time; callers take turns."""

    def __init__(self, link: Link, kill: Any) -> None:
        self._link = link
        self._kill = kill
        self._turn = asyncio.Lock()
        self._background: set[asyncio.Future[None]] = set()

    async def ask(self, frame: bytes) -> bytes | None:
        """The reply, None when the process died over it. Who leaves is let go at once; the turn ends with the work."""
        async with self.turn() as turn:
            return await turn.ask(frame)

    def turn(self) -> Turn:
        return Turn(self)

    async def stop(self) -> None:
        self._link.close()
        await self._kill()

    async def _settle(self, answer: asyncio.Future[Any], last: bytes | None) -> None:
        try:
            done, _ = await asyncio.wait([answer], timeout=_ABANDONED_SECONDS)
            if not done:
                await self.stop()
            elif last is not None:
                await self._link.ask(last)
        finally:
            self._turn.release()


class Turn:
    """A worker borrowed for one call, which may ask it several things one after another."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self._answer: asyncio.Future[bytes | None] | None = None
        # Asked when the turn ends early.
        self.last: bytes | None = None

    async def __aenter__(self) -> Turn:
        await self._process._turn.acquire()
        return self

    async def __aexit__(self, *_: Any) -> None:
        process, answer = self._process, self._answer
        if answer is None or (answer.done() and self.last is None):
            process._turn.release()
            return
        settling = asyncio.ensure_future(process._settle(answer, self.last))
        process._background.add(settling)
        settling.add_done_callback(process._background.discard)

    async def ask(self, frame: bytes) -> bytes | None:
        self._answer = self._process._link.ask(frame)
        return await asyncio.shield(self._answer)


class Processes:
    """Starts workers: forked from a zygote where that works, else as interpreters of their own."""

    def __init__(self, directory: str) -> None:
        """`directory` is for the socket."""
        self._path = os.path.join(directory, "host")
        self._expected: dict[str, asyncio.Future[Link]] = {}
        self._server: asyncio.Task[Any] | None = None
        self._zygote: Link | None = None
        self._zygote_turn = asyncio.Lock()
        self._forks = sys.platform == "linux"

    async def start(self) -> Process:
        """Raises NotStarted."""
        await self._listen()
        if self._forks:
            forked = await self._fork()
            if forked is not None:
                return forked
            print("no worker could be forked; workers are spawned from now on", file=sys.stderr)
            self._forks = False
        link, kill = await self._spawn("worker")
        return Process(link, kill)

    async def _listen(self) -> None:
        # One server however many ask.
        if self._server is None:
            loop = asyncio.get_running_loop()
            self._server = asyncio.ensure_future(loop.create_unix_server(lambda: Link(self._greet), self._path))
        await asyncio.shield(self._server)

    def _greet(self, link: Link, frame: bytes) -> None:
        hello = header_of(frame)
        if hello.get("role") == "output":
            link.print_lines()
            return
        waiting = self._expected.pop(hello.get("key", ""), None)
        if waiting is None or waiting.done():
            link.close()
        else:
            waiting.set_result(link)

    async def _spawn(self, module: str) -> tuple[Link, Any]:
        key, hello = self._expect()
        code = f"from countersign_host.{module} import main; import sys; main(*sys.argv[1:])"
        # From this thread, which lives as long as the replica: the kernel ends the child with the thread.
        child = subprocess.Popen(
            [sys.executable, "-c", code, self._path, key, str(os.getpid())],
            env=environment(),
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )

        async def kill() -> None:
            child.kill()
            await asyncio.get_running_loop().run_in_executor(None, child.wait)

        try:
            return await self._hello(key, hello, lambda: child.poll() is not None), kill
        except BaseException:
            await kill()
            raise

    async def _fork(self) -> Process | None:
        """None when forking does not work here."""
        try:
            async with self._zygote_turn:
                if self._zygote is None:
                    self._zygote, _ = await self._spawn("zygote")
            key, hello = self._expect()
            reply = await self._ask_zygote({"t": "fork", "id": 1, "key": key, "imports": []})
            if reply is None or reply["t"] != "forked":
                return None
            pid = reply["pid"]

            async def kill() -> None:
                await self._ask_zygote({"t": "kill", "id": 1, "pid": pid})

            try:
                link = await self._hello(key, hello, lambda: False, _PROBE_SECONDS)
                await asyncio.wait_for(link.ask(to_bytes({"t": "ping", "id": 1})), _PROBE_SECONDS)
                return Process(link, kill)
            except BaseException:
                await kill()
                raise
        except (NotStarted, asyncio.TimeoutError):
            return None

    async def _ask_zygote(self, question: dict[str, Json]) -> dict[str, Any] | None:
        async with self._zygote_turn:
            zygote = self._zygote
            if zygote is None:
                return None
            frame = await zygote.ask(to_bytes(question))
            # It also says, unasked, which children ended.
            while frame is not None and header_of(frame)["t"] == "exited":
                frame = await zygote.receive()
            if frame is None:
                self._zygote = None
                return None
            return header_of(frame)

    def _expect(self) -> tuple[str, asyncio.Future[Link]]:
        key = uuid.uuid4().hex
        hello: asyncio.Future[Link] = asyncio.get_running_loop().create_future()
        self._expected[key] = hello
        return key, hello

    async def _hello(self, key: str, hello: Any, ended: Any, seconds: float = _HELLO_SECONDS) -> Link:
        try:
            for _ in range(int(seconds * 10)):
                done, _pending = await asyncio.wait([hello], timeout=0.1)
                if done:
                    link: Link = hello.result()
                    return link
                if ended():
                    raise NotStarted("the worker's interpreter ended at once; the replica's log has its last words")
            raise NotStarted(f"the worker did not say hello within {seconds:.0f} s")
        finally:
            self._expected.pop(key, None)


def environment() -> dict[str, str]:
    """One thread per library unless the user says otherwise: replicas and workers are the parallelism."""
    threads = ["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"]
    host = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    path = os.pathsep.join(filter(None, [host, os.environ.get("PYTHONPATH")]))
    quiet = {"TOKENIZERS_PARALLELISM": "false", "GIT_PYTHON_REFRESH": "quiet", "PYTHONFAULTHANDLER": "1"}
    serving = {"_MLFLOW_IS_IN_SERVING_ENVIRONMENT": "true"}
    given = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**dict.fromkeys(threads, "1"), **quiet, **serving, **given, "PYTHONPATH": path}
