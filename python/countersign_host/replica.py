"""The deployment of a model on Ray Serve: versions of it, by where their artifact comes from.

A request is `POST /WHAT` with a frame as its body (src/frames/) and the artifact's URI in the header that Ray routes
by, percent-encoded: `gcs://` for a package in the cluster, else one that MLflow's own client reads. The answer is a
frame. Frames go on to a worker process as they are. Every answer says in a header which replica
gave it and what is loaded there, for gateways that choose replicas themselves (src/engine/ray/replica-note.ts).
"""

from __future__ import annotations

import asyncio
import hashlib
import importlib.util
import io
import json
import os
import subprocess
import sys
import uuid
import zipfile
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from ray import serve
from ray.experimental.internal_kv import _internal_kv_get
from ray.serve.exceptions import RayServeException
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from . import access_log
from .artifacts import Artifacts, Held
from .invocations import Answer, Elsewhere, Known, UnknownVersion, answer, body_of, json_frame, question, refusal
from .processes import NotStarted, Process, Processes, environment, header_of, to_bytes
from .shelf import Shelf
from .use import Use

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
    files: Held
    # The worker's reply to the load.
    greeting: bytes


@serve.deployment(name="Replica")
class Replica:
    def __init__(self, max_versions: int) -> None:
        missing = [name for name in ("mlflow", "numpy", "pandas") if importlib.util.find_spec(name) is None]
        if missing:
            raise RuntimeError(f"the cluster's Python has no {', '.join(missing)}: {sys.executable}")
        access_log.leave_out_gateways()
        self._artifacts = Artifacts()
        self._artifacts.sweep()
        self._held: set[Held] = set()
        # Its own folder, for the socket of its workers.
        self._processes = Processes(self._hold(uuid.uuid4().hex, lambda _: None).directory)
        self._known = Known(None)
        self._use = Use(serve.get_replica_context().app_name)
        self._shelf: Shelf[Version] = Shelf(max_versions, self._load, self._unload, self._changed)
        self._changes = 0
        self._note = ""
        self._announced: list[str] = []
        self._write_note([])

    def __del__(self) -> None:
        """Ray calls it when a replica is stopped. What one leaves that was killed, the next one on the node sweeps."""
        self._use.forget()
        for files in list(self._held):
            self._release(files)
        self._artifacts.sweep(0)

    async def reconfigure(self, user_config: dict[str, Any] | None) -> None:
        """Ray calls it before the first request, and whenever a gateway tells of a version."""
        self._known = Known(user_config)
        default = self._known.default_source
        self._shelf.pin(set() if default is None else {default})
        self._changed(self._shelf.keys)
        if default is None:
            return
        try:
            async with self._shelf.borrow(default):
                pass
        except Refused:
            pass  # Who asks for it is told; a replica without it serves other versions.

    async def __call__(self, request: Request) -> Response:
        what = request.scope["path"].rpartition("/")[2]
        if what == "status":
            return self._response(b"")
        if what == "invocations":
            return await self._invocations(request)
        if what == "check":
            return await self._check(request)
        if what == "idle":
            return self._response(json_frame({"seconds": await self._use.idle_seconds()}))
        self._use.now()
        uri = request.headers.get(MODEL_ID, "")
        if what not in ("load", "spread", "predict", "invoke", "stream") or ":" not in uri:
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
        ids = [*uris, *self._known.numbers(uris)]
        if ids != self._announced:
            self._announced = ids
            _announce(ids)

    def _write_note(self, uris: list[str]) -> None:
        self._changes += 1
        coming = self._shelf.coming
        has = ",".join(_short(uri) + ("~" if uri in coming else "") for uri in uris)
        me = serve.get_replica_context().replica_id.unique_id
        self._note = f"{me};{self._changes};{self._shelf.loads};{self._shelf.places};{has}"

    async def _check(self, request: Request) -> Response:
        """Which of a model's requirements this environment does not meet, and what could make one that does."""
        requirements = body_of(await request.body())
        lacks = await asyncio.get_running_loop().run_in_executor(None, _unmet, requirements)
        python = ".".join(map(str, sys.version_info[:3]))
        tools = [name for name in ("uv", "pip", "virtualenv") if importlib.util.find_spec(name) is not None]
        return self._response(json_frame({"python": python, "lacks": lacks, "tools": tools}))

    async def _invocations(self, request: Request) -> Response:
        headers = request.headers
        asked = headers.get(MODEL_ID) or headers.get(MODEL_ID.replace("_", "-")) or ""
        said = await self.invoke_version(asked.strip(), await request.body(), headers.get("content-type"))
        return Response(said.body, said.status, {"content-type": said.content_type, NOTE: self._note})

    async def invoke_version(self, asked: str, body: bytes, content_type: str | None) -> Answer:
        """Also called by a replica of another application of the model."""
        self._use.now()
        try:
            version, place = self._known.find(asked)
        except UnknownVersion as error:
            return refusal(404, "RESOURCE_DOES_NOT_EXIST", str(error))
        if isinstance(place, Elsewhere):
            return await _invoke_elsewhere(place, version, body, content_type)
        return answer(await self._answer(place, "invoke", question(body, content_type)))

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
        try:
            return await self._bring_up(uri)
        except Refused as refused:
            said = header_of(refused.frame)
            print(f"{uri} is not loaded: {said['code']} {said['args']}\n{said['traceback']}", file=sys.stderr)
            raise

    async def _bring_up(self, uri: str) -> Version:
        loop = asyncio.get_running_loop()
        files = await loop.run_in_executor(None, self._hold, uri, lambda directory: _bring(unquote(uri), directory))
        process: Process | None = None
        try:
            process = await self._processes.start()
            question = {"t": "load", "id": 1, "directory": files.directory, "alone": True}
            greeting = await process.ask(to_bytes(question))
            if greeting is None:
                raise Refused(_failed("LOAD_FAILED", "its process ended while loading"))
            if header_of(greeting)["t"] != "loaded":
                raise Refused(greeting)
            return Version(process, files, greeting)
        except BaseException as error:
            if process is not None:
                await process.stop()
            self._release(files)
            if isinstance(error, NotStarted):
                raise Refused(_failed("LOAD_FAILED", str(error))) from error
            raise

    async def _unload(self, version: Version) -> None:
        await version.process.stop()
        self._release(version.files)
        await asyncio.get_running_loop().run_in_executor(None, self._artifacts.sweep)

    def _hold(self, name: str, bring: Callable[[str], None]) -> Held:
        files = self._artifacts.hold(name, bring)
        self._held.add(files)
        return files

    def _release(self, files: Held) -> None:
        self._held.discard(files)
        files.release()


async def _invoke_elsewhere(place: Elsewhere, version: str, body: bytes, content_type: str | None) -> Answer:
    try:
        there = serve.get_app_handle(place.application).options(multiplexed_model_id=version)
    except RayServeException:
        sentence = "its environment was idle and is gone; a gateway brings it back when it asks for the version"
        return refusal(503, "TEMPORARILY_UNAVAILABLE", sentence)
    told: Answer = await there.invoke_version.remote(version, body, content_type)
    return told


def _short(uri: str) -> str:
    return hashlib.sha256(uri.encode()).hexdigest()[:12]


def _bring(source: str, directory: str) -> None:
    """The files of an artifact. Raises Refused where there are none, with the reason."""
    if not source.startswith("gcs://"):
        code = "from countersign_host.fetch import main; import sys; main(*sys.argv[1:])"
        command = [sys.executable, "-c", code, source, directory, str(os.getpid())]
        done = subprocess.run(command, env=environment(), stdin=subprocess.DEVNULL, capture_output=True, text=True)
        if done.returncode != 0:
            lines = done.stderr.strip().splitlines() or ["its download ended without a word"]
            raise Refused(_failed("ARTIFACT_UNFETCHED", lines[-1], trace=done.stderr))
        return
    data = _internal_kv_get(source.encode())
    if data is None:
        raise Refused(_failed("ARTIFACT_GONE"))
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        package.extractall(directory)


def _unmet(requirements: bytes) -> list[str]:
    script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "check_requirements.py")
    # In a process of its own: it imports what the environment has under common names.
    done = subprocess.run([sys.executable, script, os.devnull], input=requirements, capture_output=True)
    if done.returncode != 0:
        return ["a way to list what is installed"]
    lacks: list[str] = json.loads(done.stdout)
    return lacks


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
