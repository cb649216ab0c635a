"""When an application was last used, whichever of its replicas was asked: in Ray's own store of keys and values."""

from __future__ import annotations

import asyncio
import time

from ray.experimental.internal_kv import _internal_kv_del, _internal_kv_get, _internal_kv_put

_NAMESPACE = b"countersign"
# How stale the store may be.
_TELL_SECONDS = 10.0


class Use:
    def __init__(self, application: str) -> None:
        self._key = f"used:{application}".encode()
        self._used = self._told = 0.0
        self._background: set[asyncio.Future[bool]] = set()
        self.now()

    def now(self) -> None:
        self._used = time.time()
        if self._used - self._told < _TELL_SECONDS:
            return
        self._told = self._used
        telling = asyncio.get_running_loop().run_in_executor(None, self._tell, self._used)
        self._background.add(telling)
        telling.add_done_callback(self._background.discard)

    async def idle_seconds(self) -> float:
        told = await asyncio.get_running_loop().run_in_executor(None, self._read)
        return max(0.0, time.time() - max(told, self._used))

    def forget(self) -> None:
        _internal_kv_del(self._key, namespace=_NAMESPACE)

    def _tell(self, used: float) -> bool:
        stored: bool = _internal_kv_put(self._key, str(used).encode(), overwrite=True, namespace=_NAMESPACE)
        return stored

    def _read(self) -> float:
        value = _internal_kv_get(self._key, namespace=_NAMESPACE)
        return 0.0 if value is None else float(value)
