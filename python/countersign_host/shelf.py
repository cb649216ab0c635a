"""What is up in one place: loaded once however many ask, let go when there is no room. One event loop."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Callable, Generic, TypeVar

Thing = TypeVar("Thing")


@dataclass
class _Entry(Generic[Thing]):
    loading: asyncio.Task[Thing]
    users: int = 0
    # Seconds of the monotonic clock; when somebody last came or went.
    used: float = field(default_factory=time.monotonic)

    @property
    def up(self) -> bool:
        return self.loading.done() and not self.loading.cancelled() and self.loading.exception() is None


class Shelf(Generic[Thing]):
    """Keeps at most `room` things that nobody uses beside what is pinned. Different ones load side by side.

    The least recently used goes first, never one in use, and only once a new one is up: a load that fails takes
    nothing away.
    """

    def __init__(
        self,
        room: int,
        load: Callable[[str], Awaitable[Thing]],
        unload: Callable[[Thing], Awaitable[None]],
        changed: Callable[[list[str]], None],
    ) -> None:
        self._room = room
        self._load = load
        self._unload = unload
        self._changed = changed
        self._entries: OrderedDict[str, _Entry[Thing]] = OrderedDict()
        self._pinned: set[str] = set()
        self._unloading: set[asyncio.Future[None]] = set()
        # Loads that began, ever.
        self.loads = 0

    @property
    def keys(self) -> list[str]:
        """What is up or coming up, the least recently used first."""
        return list(self._entries)

    @property
    def coming(self) -> frozenset[str]:
        return frozenset(key for key, entry in self._entries.items() if not entry.up)

    @property
    def places(self) -> int:
        """How many things it keeps."""
        return self._room + len(self._pinned)

    def pin(self, keys: set[str]) -> None:
        """These are never let go once they are up, and take no room; what was pinned before is as any other."""
        self._pinned = keys
        self._make_room()

    def has_place(self, key: str, idle_seconds: float) -> bool:
        """Whether it can be here without taking away what somebody used within so many seconds."""
        others = [entry for other, entry in self._entries.items() if other not in self._pinned]
        if key in self._entries or key in self._pinned or len(others) < self._room:
            return True
        longest = time.monotonic() - idle_seconds
        return any(entry.up and entry.users == 0 and entry.used < longest for entry in others)

    @asynccontextmanager
    async def borrow(self, key: str) -> AsyncIterator[Thing]:
        """Raises what the load raised; the next borrow tries again. Who leaves does not end a shared load."""
        entry = self._entries.get(key) or self._begin(key)
        self._entries.move_to_end(key)
        entry.users += 1
        entry.used = time.monotonic()
        try:
            yield await asyncio.shield(entry.loading)
        finally:
            entry.users -= 1
            entry.used = time.monotonic()
            self._make_room()

    def drop(self, key: str, thing: Thing) -> None:
        """It is of no more use; the next borrow loads anew."""
        entry = self._entries.get(key)
        if entry is not None and entry.up and entry.loading.result() is thing:
            self._remove(key, entry)

    def _begin(self, key: str) -> _Entry[Thing]:
        self.loads += 1
        entry = _Entry(asyncio.ensure_future(self._load_it(key)))
        self._entries[key] = entry
        entry.loading.add_done_callback(lambda _: self._loaded(key, entry))
        self._changed(self.keys)
        return entry

    async def _load_it(self, key: str) -> Thing:
        return await self._load(key)

    def _loaded(self, key: str, entry: _Entry[Thing]) -> None:
        if entry.up:
            self._changed(self.keys)
            self._make_room()
        elif self._entries.get(key) is entry:
            del self._entries[key]
            self._changed(self.keys)

    def _make_room(self) -> None:
        others = [(key, entry) for key, entry in self._entries.items() if key not in self._pinned]
        surplus = sum(entry.up for _, entry in others) - self._room
        for key, entry in others:
            if surplus <= 0:
                return
            if not entry.up:
                continue
            # One in use goes later, and nothing that was used since in its place.
            surplus -= 1
            if entry.users == 0:
                self._remove(key, entry)

    def _remove(self, key: str, entry: _Entry[Thing]) -> None:
        del self._entries[key]
        ending = asyncio.ensure_future(self._unload(entry.loading.result()))
        self._unloading.add(ending)
        ending.add_done_callback(self._unloading.discard)
        self._changed(self.keys)
