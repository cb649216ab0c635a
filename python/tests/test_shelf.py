"""What the shelf of a replica promises, with things that load when the test says so."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest

from countersign_host.shelf import Shelf


class Things:
    """Loads that wait for `finish`; remembers what was begun and let go."""

    def __init__(self, room: int) -> None:
        self.begun: list[str] = []
        self.gone: list[str] = []
        self._waiting: dict[str, asyncio.Future[str]] = {}
        self.shelf: Shelf[str] = Shelf(room, self._load, self._unload, lambda _: None)

    async def _load(self, key: str) -> str:
        self.begun.append(key)
        self._waiting[key] = asyncio.get_running_loop().create_future()
        return await self._waiting[key]

    async def _unload(self, thing: str) -> None:
        self.gone.append(thing)

    async def finish(self, key: str, error: Exception | None = None) -> None:
        await settle()
        if error is None:
            self._waiting.pop(key).set_result(key)
        else:
            self._waiting.pop(key).set_exception(error)
        await settle()

    async def use(self, key: str) -> str:
        async with self.shelf.borrow(key) as thing:
            return thing

    async def up(self, key: str) -> None:
        using = asyncio.ensure_future(self.use(key))
        await self.finish(key)
        await using


async def settle() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


def run(scenario: Coroutine[Any, Any, None]) -> None:
    asyncio.run(scenario)


def test_many_who_ask_share_one_load_and_different_ones_load_side_by_side() -> None:
    async def scenario() -> None:
        things = Things(2)
        users = [asyncio.ensure_future(things.use(key)) for key in ("a", "a", "b", "a")]
        await settle()
        assert things.begun == ["a", "b"]
        await things.finish("b")
        await things.finish("a")
        assert [await user for user in users] == ["a", "a", "b", "a"]

    run(scenario())


def test_the_least_recently_used_goes_and_only_once_the_new_one_is_up() -> None:
    async def scenario() -> None:
        things = Things(2)
        for key in ("a", "b"):
            await things.up(key)
        await things.use("a")
        using = asyncio.ensure_future(things.use("c"))
        await settle()
        assert things.gone == []
        await things.finish("c")
        await using
        assert things.gone == ["b"]

    run(scenario())


def test_a_load_that_fails_takes_nothing_away_and_is_tried_again() -> None:
    async def scenario() -> None:
        things = Things(1)
        await things.up("a")
        using = asyncio.ensure_future(things.use("bad"))
        await things.finish("bad", ValueError("no weights"))
        with pytest.raises(ValueError, match="no weights"):
            await using
        assert (things.gone, things.shelf.keys) == ([], ["a"])
        await things.up("bad")
        assert things.gone == ["a"]

    run(scenario())


def test_what_is_in_use_stays_and_goes_when_it_is_given_back() -> None:
    async def scenario() -> None:
        things = Things(1)
        await things.up("a")
        async with things.shelf.borrow("a"):
            await things.up("b")
            assert "a" not in things.gone
        await settle()
        assert (things.gone, things.shelf.keys) == (["a"], ["b"])

    run(scenario())


def test_who_leaves_does_not_end_the_load_for_the_others() -> None:
    async def scenario() -> None:
        things = Things(1)
        leaving, staying = (asyncio.ensure_future(things.use("a")) for _ in range(2))
        await settle()
        leaving.cancel()
        await things.finish("a")
        assert await staying == "a"

    run(scenario())


def test_there_is_a_place_where_there_is_room_or_something_cold_and_loads_are_counted() -> None:
    async def scenario() -> None:
        things = Things(2)
        await things.up("a")
        assert things.shelf.has_place("b", 60)
        await things.up("b")
        assert things.shelf.has_place("a", 60)
        assert not things.shelf.has_place("c", 60)
        assert things.shelf.has_place("c", 0)
        async with things.shelf.borrow("a"), things.shelf.borrow("b"):
            assert not things.shelf.has_place("c", 0)
        assert things.shelf.loads == 2

    run(scenario())


def test_what_is_pinned_is_never_let_go_and_takes_no_room() -> None:
    async def scenario() -> None:
        things = Things(1)
        things.shelf.pin({"default"})
        assert things.shelf.places == 2
        for key in ("default", "a", "b"):
            await things.up(key)
        await settle()
        assert things.gone == ["a"]
        assert things.shelf.keys == ["default", "b"]
        things.shelf.pin({"b"})
        await settle()
        assert things.gone == ["a"]
        await things.up("c")
        await settle()
        assert things.gone == ["a", "default"]

    run(scenario())
