import asyncio
import socket

import pytest

from countersign_host.frames import _PREFIX
from countersign_host.processes import Link, header_of, to_bytes

HELLO = to_bytes({"t": "hello", "role": "worker", "key": "k"})
Greeted = asyncio.Future[tuple[Link, bytes]]


async def connected() -> tuple[Greeted, Link, socket.socket]:
    """The future of the greeting, our end of a connection, and the other one."""
    loop = asyncio.get_running_loop()
    greeted: Greeted = loop.create_future()
    ours, theirs = socket.socketpair()
    _, link = await loop.create_connection(lambda: Link(lambda *said: greeted.set_result(said)), sock=ours)
    return greeted, link, theirs


async def greeted_link() -> tuple[Link, socket.socket]:
    """Our end of a connection whose other end said hello, and that one."""
    greeted, link, other = await connected()
    other.send(HELLO)
    await greeted
    return link, other


def test_a_frame_that_comes_in_pieces_is_one_and_two_that_come_together_are_two() -> None:
    async def run() -> None:
        greeted, link, other = await connected()
        for index in range(len(HELLO)):
            other.send(HELLO[index : index + 1])
            await asyncio.sleep(0)
        assert (await greeted) == (link, HELLO)
        first, second = to_bytes({"t": "one", "id": 1}), to_bytes({"t": "two", "id": 1})
        other.send(first + second)
        assert await link.receive() == first
        assert await link.receive() == second
        other.close()

    asyncio.run(run())


def test_a_question_is_answered_by_the_next_frame_and_by_none_when_the_process_is_gone() -> None:
    async def run() -> None:
        link, other = await greeted_link()
        answer = link.ask(to_bytes({"t": "ping", "id": 1}))
        await asyncio.sleep(0)
        assert header_of(other.recv(1000))["t"] == "ping"
        large = _PREFIX.pack(3_000_000, 0) + bytes(3_000_000)
        sending = asyncio.get_running_loop().run_in_executor(None, other.sendall, large)
        assert await answer == large
        await sending
        last = link.ask(to_bytes({"t": "ping", "id": 1}))
        other.close()
        assert await last is None
        assert await link.ask(to_bytes({"t": "ping", "id": 1})) is None

    asyncio.run(run())


def test_an_answer_that_nobody_waits_for_any_more_is_there_for_the_next() -> None:
    async def run() -> None:
        link, other = await greeted_link()
        link.receive().cancel()
        late = to_bytes({"t": "pong", "id": 1})
        other.send(late)
        assert await link.receive() == late
        other.close()

    asyncio.run(run())


def test_lines_of_output_are_printed_whole(capsys: pytest.CaptureFixture[str]) -> None:
    async def run() -> None:
        link, other = await greeted_link()
        link.print_lines()
        for piece in (b"one\ntw", b"o\n\xff", b"\n"):
            other.send(piece)
            await asyncio.sleep(0.01)
        other.close()

    asyncio.run(run())
    assert capsys.readouterr().err == "one\ntwo\n\ufffd\n"
