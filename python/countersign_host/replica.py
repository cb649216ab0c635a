"""The deployment of a model on Ray Serve: versions of it, by the package that holds their artifact.

A request is `POST /WHAT` with a frame as its body (src/frames/) and the package's URI in the header that Ray routes
by; the answer is a frame. Frames go on to a worker process as they are. Every answer says in a header which replica
gave it and what is loaded there, for gateways that choose replicas themselves (src/engine/ray/replica-note.ts).
"""

from __future__ import annotations

import asyncio
import hashlib
import importlib.util
import io
import os
import shutil
import sys
import tempfile
import zipfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from ray import serve
from ray.experimental.internal_kv import _internal_kv_get
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from .processes import NotStarted, Process, Processes, header_of, to_bytes
from .shelf import Shelf

MODEL_ID = "serve_multiplexed_model_id"
NOTE = "countersign-replica"
# A version that nobody used for so long may give way to another one that would be here for the second time.
_COLD_SECONDS = 60.0


class Refused(Exception):
    """A load that failed, told as a frame."""

    def __init__(self, frame: bytes) -> None:
        super().__init__("a load failed")
        self.frame = frame


def _failed(code: str, *args: str, trace: str = "") -> bytes:
    said = {"t": "failed", "id": 1, "code": code, "args": list(args), "mlflowCode": None, "traceback": trace}
    return to_bytes(said)


@dataclass
class Version:
    process: Process
    directory: str
    # The worker's reply to the load.
    greeting: bytes


@serve.deployment(name="Replica")
class Replica:
    def __init__(self, max_versions: int) -> None:
        missing = [name for name in ("mlflow", "numpy", "pandas") if importlib.util.find_spec(name) is None]
        if missing:
            raise RuntimeError(f"the cluster's Python has no {', '.join(missing)}: {sys.executable}")
        self._processes = Processes()
        self._shelf: Shelf[Version] = Shelf(max_versions, self._load, self._unload, self._changed)
        self._room = max_versions
        self._changes = 0
        self._note = ""
        self._announced: list[str] = []
        self._write_note([])

    async def __call__(self, request: Request) -> Response:
        what = request.scope["path"].rpartition("/")[2]
        if what == "status":
            return self._response(b"")
        uri = request.headers.get(MODEL_ID, "")
        if what not in ("load", "spread", "predict", "invoke", "stream") or not uri.startswith("gcs://"):
            return Response("a frame of countersign's gateway is expected here\n", 404)
        frame = await request.body()
        if what == "stream":
            note = {NOTE: self._note}
            return StreamingResponse(self._stream(uri, frame), media_type="application/octet-stream", headers=note)
        if what == "spread" and not self._shelf.has_place(uri, _COLD_SECONDS):
            return self._response(_failed("NO_ROOM"))
        return self._response(await self._answer(uri, what, frame))

    def _response(self, body: bytes) -> Response:
        return Response(body, media_type="application/octet-stream", headers={NOTE: self._note})

    def _changed(self, uris: list[str]) -> None:
        self._write_note(uris)
        if uris != self._announced:
            self._announced = uris
            _announce(uris)

    def _write_note(self, uris: list[str]) -> None:
        self._changes += 1
        coming = self._shelf.coming
        has = ",".join(_short(uri) + ("~" if uri in coming else "") for uri in uris)
        me = serve.get_replica_context().replica_id.unique_id
        self._note = f"{me};{self._changes};{self._shelf.loads};{self._room};{has}"

    async def _answer(self, uri: str, what: str, frame: bytes) -> bytes:
        try:
            async with self._shelf.borrow(uri) as version:
                if what in ("load", "spread"):
                    return version.greeting
                return await version.process.ask(frame) or self._lost(uri, version)
        except Refused as refused:
            return refused.frame

    async def _stream(self, uri: str, frame: bytes) -> AsyncIterator[bytes]:
        try:
            async with self._shelf.borrow(uri) as version, version.process.turn() as turn:
                turn.last = to_bytes({"t": "cancel", "id": 1})
                reply = await turn.ask(frame)
                while reply is not None and header_of(reply)["t"] == "item":
                    yield reply
                    reply = await turn.ask(to_bytes({"t": "pull", "id": 1}))
                turn.last = None
                yield reply or self._lost(uri, version)
        except Refused as refused:
            yield refused.frame

    def _lost(self, uri: str, version: Version) -> bytes:
        self._shelf.drop(uri, version)
        return _failed("WORKER_LOST")

    async def _load(self, uri: str) -> Version:
        loop = asyncio.get_running_loop()
        directory = await loop.run_in_executor(None, _fetch, uri)
        process: Process | None = None
        try:
            process = await self._processes.start()
            question = {"t": "load", "id": 1, "directory": directory, "alone": True}
            greeting = await process.ask(to_bytes(question))
            if greeting is None:
                raise Refused(_failed("LOAD_FAILED", "its process ended while loading"))
            if header_of(greeting)["t"] != "loaded":
                raise Refused(greeting)
            return Version(process, directory, greeting)
        except BaseException as error:
            if process is not None:
                await process.stop()
            shutil.rmtree(directory, ignore_errors=True)
            if isinstance(error, NotStarted):
                raise Refused(_failed("LOAD_FAILED", str(error))) from error
            raise

    async def _unload(self, version: Version) -> None:
        await version.process.stop()
        await asyncio.get_running_loop().run_in_executor(None, _remove, version.directory)


def _short(uri: str) -> str:
    return hashlib.sha256(uri.encode()).hexdigest()[:12]


def _remove(directory: str) -> None:
    shutil.rmtree(directory, ignore_errors=True)


def _fetch(uri: str) -> str:
    """The artifact, unpacked. Raises Refused where the cluster has it no more."""
    data = _internal_kv_get(uri.encode())
    if data is None:
        raise Refused(_failed("ARTIFACT_GONE"))
    directory = tempfile.mkdtemp(prefix="countersign-artifact-")
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        package.extractall(directory)
    return directory


def _announce(uris: list[str]) -> None:
    """Tells Ray's router which versions are here, so that their requests come here. A wrong guess costs a load only."""
    try:
        from ray.serve._private.common import RequestRoutingInfo
        from ray.serve.context import _get_global_client, _get_internal_replica_context

        context = _get_internal_replica_context()
        here = RequestRoutingInfo(replica_id=context.replica_id, multiplexed_model_ids=uris)
        _get_global_client().record_request_routing_info(here)
    except Exception as error:  # of Ray's insides, which another release may have changed
        print(f"Ray's router does not hear which versions are loaded: {error!r}", file=sys.stderr)


def build(args: dict[str, Any]) -> Any:
    os.environ.setdefault("PYTHONUNBUFFERED", "1")
    return Replica.bind(int(args["max_versions"]))  # type: ignore[attr-defined]
