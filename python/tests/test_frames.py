"""The wire by itself; test/integration/python-types.test.ts carries every payload across both languages."""

from __future__ import annotations

import socket
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from countersign_host.frames import (
    Channel,
    Column,
    LayoutReader,
    LayoutWriter,
    Payload,
    Table,
    Uncarried,
    Value,
    nested_from_json,
    nested_to_json,
    pack_frame,
    pack_payload,
    unpack_frame,
    unpack_payload,
)

plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.binary(max_size=9),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text() | st.just("$"), inner, max_size=4),
    max_leaves=12,
)


def carry(payload: Payload, said: LayoutWriter, heard: LayoutReader) -> Any:
    description, blocks = pack_payload(payload, said)
    pieces = pack_frame({"p": description}, blocks)
    body = b"".join(pieces[1:])
    header, got = unpack_frame(memoryview(bytearray(body)), len(pieces[1]))
    return unpack_payload(header["p"], got, heard)


@given(plain)
def test_every_plain_value_survives(value: Any) -> None:
    assert nested_from_json(nested_to_json(value)) == value
    carried = carry(Value(nested_to_json(value)), LayoutWriter(), LayoutReader())
    assert nested_from_json(carried.json) == value


def test_what_json_has_no_word_for_is_said_all_the_same() -> None:
    values = [float("nan"), float("inf"), -0.0, np.datetime64(-1, "ns"), 2**70, "\ud83d"]
    assert repr(nested_from_json(nested_to_json(values))) == repr(values)


def test_an_array_that_arrives_can_be_written() -> None:
    table = Table(2, [Column("x", "float64", np.array([1.0, 2.0]))])
    got = carry(table, LayoutWriter(), LayoutReader())
    got.columns[0].data[0] = 5
    assert got.block.tolist() == [[5.0, 2.0]]


def test_columns_of_one_dtype_share_a_block_and_keep_their_order() -> None:
    names = ["a", "b", "c", "d"]
    dtypes = ["float64", "int32", "float64", "int32"]
    columns = [Column(n, d, np.array([i, i + 1])) for i, (n, d) in enumerate(zip(names, dtypes))]
    _, blocks = pack_payload(Table(2, columns), LayoutWriter())
    assert len(blocks) == 2
    got = carry(Table(2, columns), LayoutWriter(), LayoutReader())
    assert [(c.name, c.dtype, c.data.tolist()) for c in got.columns] == [
        (n, d, [i, i + 1]) for i, (n, d) in enumerate(zip(names, dtypes))
    ]


def test_columns_are_said_once_on_a_connection() -> None:
    said, heard = LayoutWriter(), LayoutReader()
    table = Table(1, [Column("a long name", "bool", np.array([True]))])
    assert "c" in pack_payload(table, said)[0]
    said = LayoutWriter()
    for _ in range(3):
        assert carry(table, said, heard).columns[0].name == "a long name"
    assert "c" not in pack_payload(table, said)[0]


def test_a_table_without_rows_or_columns_survives() -> None:
    for table in (Table(0, [Column("x", "float64", np.array([]))]), Table(3, []), Table(0, [])):
        got = carry(table, LayoutWriter(), LayoutReader())
        assert (got.rows, len(got.columns)) == (table.rows, len(table.columns))


def test_lists_that_are_blocks_of_their_own_are_put_in_their_places() -> None:
    columns = [["a", "object", 0], ["b", "str", 0], ["c", "int8", 1], ["d", "object", 0]]
    description = {"k": "t", "n": 2, "c": columns, "j": [None, ["x", "y"], None]}
    blocks = [b"\1\2", b"\0\1", b'[[1],{"$":["i","2"]}]', b"[null,2.5]"]
    got = unpack_payload(description, blocks, LayoutReader())
    assert isinstance(got, Table)
    assert [list(column.data) for column in got.columns] == [[[1], 2], ["x", "y"], [1, 2], [None, 2.5]]
    assert got.columns[2].nulls.tolist() == [False, True]
    assert unpack_payload({"k": "v", "j": [None]}, [b'{"a": 1}'], LayoutReader()) == Value({"a": 1})


def test_long_nested_cells_and_texts_get_blocks_of_their_own() -> None:
    cells: list[Any] = [[i, {"a": None}] for i in range(4000)]
    texts = ["x" * 400_000, None, "\ud83d"] * 2
    numbers = np.arange(6, dtype=np.int8)
    columns = [Column("a", "object", cells[:6]), Column("b", "str", texts), Column("c", "int8", numbers)]
    description, blocks = pack_payload(Table(6, columns), LayoutWriter())
    assert description["j"] == [cells[:6], None]
    assert len(blocks) == 2
    got = carry(Table(6, columns), LayoutWriter(), LayoutReader())
    assert [list(column.data) for column in got.columns] == [cells[:6], texts, list(range(6))]
    description, blocks = pack_payload(Value(cells), LayoutWriter())
    assert description == {"k": "v", "n": 4000, "j": [None]}
    assert carry(Value(cells), LayoutWriter(), LayoutReader()) == Value(cells)
    assert carry(Value({"a": cells}), LayoutWriter(), LayoutReader()) == Value({"a": cells})


@pytest.mark.parametrize("value", [{1, 2}, 1j, object(), {(1, 2): 3}, iter([])])
def test_what_cannot_be_carried_is_named(value: Any) -> None:
    with pytest.raises(Uncarried, match="a "):
        nested_to_json(value)


def test_a_channel_reads_frames_of_any_size_and_the_end() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        left, right = Channel(ours), Channel(theirs)
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
        for size in (0, 1, 7, 8, 100_000):
            left.send({"t": "x", "size": size}, [bytes(size)])
            frame = right.receive()
            assert frame is not None
            header, blocks = frame
            assert (header["size"], [len(block) for block in blocks]) == (size, [size])
        ours.shutdown(socket.SHUT_WR)
        assert right.receive() is None
