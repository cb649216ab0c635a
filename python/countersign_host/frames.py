"""The wire between the gateway and this host: frames, payloads, messages.

The twin of src/frames/, which describes the format. Only numpy beside the standard library.
"""

from __future__ import annotations

import base64
import json
import math
import socket
import struct
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Optional, Union

import numpy as np

PROTOCOL_VERSION = 2

# Dtypes with cells of one width, and how numpy names them. datetime64 is int64 nanoseconds.
FIXED = {
    "bool": np.dtype("?"),
    "int8": np.dtype("<i1"),
    "int16": np.dtype("<i2"),
    "int32": np.dtype("<i4"),
    "int64": np.dtype("<i8"),
    "uint8": np.dtype("<u1"),
    "uint16": np.dtype("<u2"),
    "uint32": np.dtype("<u4"),
    "uint64": np.dtype("<u8"),
    "float16": np.dtype("<f2"),
    "float32": np.dtype("<f4"),
    "float64": np.dtype("<f8"),
    "datetime64": np.dtype("<M8[ns]"),
}

_PREFIX = struct.Struct("<II")
_ALIGNMENT = 8
_MAX_BODY = 2**32 - 1
_MAX_LAYOUTS = 256
_SAFE_INTEGER = 2**53 - 1
# Values of so much nested JSON, and texts of so many characters, get a block of their own.
_LONG_ITEMS = 8192
_CHARACTERS_PER_ITEM = 64

Json = Any
Block = Union[bytes, bytearray, memoryview]
# (name, dtype, a block of nulls follows)
Layout = tuple[tuple[Optional[str], str, bool], ...]


class BadFrame(Exception):
    """The other side broke the protocol; the connection is of no more use."""


class Uncarried(Exception):
    """A value of the model that no frame can carry."""


@dataclass
class Column:
    """`data` is an array for a fixed dtype, else a list with None for null (`str`, `bytes`, `object`)."""

    name: str | None
    dtype: str
    data: Any
    nulls: Any = None


@dataclass
class Table:
    rows: int
    columns: list[Column]
    series: bool = False
    # The index of the frame; None for 0, 1, 2.
    labels: list[Any] | None = None
    # Array cells are arrays to the model, not lists.
    arrays: bool = False
    # All columns as one array, a column a row, where they have one fixed dtype and no nulls.
    block: Any = None


@dataclass
class Tensor:
    """`data` is flat: an array for a fixed dtype, else a list."""

    name: str | None
    dtype: str
    shape: tuple[int, ...]
    data: Any


@dataclass
class Tensors:
    tensors: list[Tensor]


@dataclass
class Value:
    """`json` is the value as `nested_to_json` writes it."""

    json: Json


Payload = Union[Table, Tensors, Value]


# --- nested values ---


def nested_from_json(value: Json) -> Any:
    """Lists, dicts, str, bool, int of any size, float, bytes, datetime64[ns] and None."""
    if isinstance(value, list):
        return [nested_from_json(item) for item in value]
    if not isinstance(value, dict):
        return value
    if "$" in value:
        return _untag(*value["$"])
    return {name: nested_from_json(item) for name, item in value.items()}


def _untag(tag: str, value: Any) -> Any:
    if tag == "i":
        return int(value)
    if tag == "f":
        return float(value)
    if tag == "b":
        return base64.b64decode(value)
    if tag == "t":
        return np.datetime64(int(value), "ns")
    if tag == "o":
        return {name: nested_from_json(item) for name, item in value}
    raise BadFrame(f"an unknown tag {tag!r}")


def _refuse(value: Any) -> Any:
    raise Uncarried(f"a {type(value).__name__}")


def nested_to_json(value: Any, simplify: Callable[[Any], Any] = _refuse) -> Json:
    """JSON for a nested value. What is not plain goes through `simplify` first, which may raise Uncarried."""
    if value is None or value is True or value is False:
        return value
    kind = type(value)
    if kind is str:
        return value
    if kind is int:
        return value if -_SAFE_INTEGER <= value <= _SAFE_INTEGER else {"$": ["i", str(value)]}
    if kind is float:
        return _float_to_json(value)
    if kind is list or kind is tuple:
        return [nested_to_json(item, simplify) for item in value]
    if kind is dict:
        return _dict_to_json(value, simplify)
    if kind is bytes or kind is bytearray:
        return {"$": ["b", base64.b64encode(value).decode("ascii")]}
    if kind is np.datetime64 and value.dtype == FIXED["datetime64"]:
        return {"$": ["t", str(value.astype(np.int64))]}
    return nested_to_json(simplify(value), simplify)


def _float_to_json(value: float) -> Json:
    if math.isfinite(value):
        return value
    return {"$": ["f", "NaN" if value != value else "Infinity" if value > 0 else "-Infinity"]}


def _dict_to_json(value: dict[Any, Any], simplify: Callable[[Any], Any]) -> Json:
    entries = {key_text(name): nested_to_json(item, simplify) for name, item in value.items()}
    return {"$": ["o", list(entries.items())]} if "$" in entries else entries


def key_text(key: Any) -> str:
    """A dict's key as `json` writes it."""
    if isinstance(key, str):
        return str(key)
    if key is None or isinstance(key, (bool, int, float)):
        return json.dumps(key)
    raise Uncarried(f"a dict or frame with a key of type {type(key).__name__}")


# --- payloads ---


class LayoutWriter:
    """Numbers the column lists said on a connection, so that each is said once."""

    def __init__(self, most: int = _MAX_LAYOUTS) -> None:
        self._most = most
        self._numbers: dict[Layout, int] = {}

    def say(self, layout: Layout) -> dict[str, Json]:
        number = self._numbers.get(layout)
        if number is not None:
            return {"l": number}
        columns = [[name, dtype, int(nulls)] for name, dtype, nulls in layout]
        number = len(self._numbers)
        if number >= self._most:
            return {"c": columns}
        self._numbers[layout] = number
        return {"l": number, "c": columns}


class LayoutReader:
    def __init__(self) -> None:
        self._layouts: dict[int, Layout] = {}

    def hear(self, description: dict[str, Json]) -> Layout:
        columns = description.get("c")
        if columns is None:
            return self._layouts[description["l"]]
        layout = tuple((name, dtype, nulls == 1) for name, dtype, nulls in columns)
        if "l" in description:
            self._layouts[description["l"]] = layout
        return layout


def pack_payload(payload: Payload, layouts: LayoutWriter) -> tuple[dict[str, Json], list[Block]]:
    if isinstance(payload, Value):
        return _pack_value(payload.json)
    lists: list[Json] = []
    if isinstance(payload, Table):
        description, blocks = _pack_table(payload, layouts, lists)
    else:
        description, blocks = _pack_tensors(payload, lists)
    if lists:
        long = [_is_long(each) for each in lists]
        description["j"] = [None if is_long else each for each, is_long in zip(lists, long)]
        blocks.extend(_to_utf8(each) for each, is_long in zip(lists, long) if is_long)
    return description, blocks


def _pack_value(value: Json) -> tuple[dict[str, Json], list[Block]]:
    if not _is_long(value):
        return {"k": "v", "v": value}, []
    items = {"n": len(value)} if isinstance(value, list) else {}
    return {"k": "v", **items, "j": [None]}, [_to_utf8(value)]


def _is_long(value: Json) -> bool:
    """Whether reading it would hold the gateway up. Looks at no more of it than it takes to know."""
    left, rest = _LONG_ITEMS, [value]
    while rest and left > 0:
        item = rest.pop()
        if isinstance(item, str):
            left -= len(item) // _CHARACTERS_PER_ITEM
        elif isinstance(item, (list, dict)):
            left -= len(item)
            if left > 0:
                rest.extend(item.values() if isinstance(item, dict) else item)
    return left <= 0


def _pack_table(table: Table, layouts: LayoutWriter, lists: list[Json]) -> tuple[dict[str, Json], list[Block]]:
    groups: dict[str, list[Block]] = {}
    for column in table.columns:
        if column.dtype in FIXED:
            groups.setdefault(column.dtype, []).append(_bytes_of(column.data, column.dtype))
    blocks: list[Block] = [parts[0] if len(parts) == 1 else b"".join(parts) for parts in groups.values()]
    for column in table.columns:
        _pack_loose(column.dtype, column.data, blocks, lists)
    layout = tuple((c.name, c.dtype, c.nulls is not None and c.dtype in FIXED) for c in table.columns)
    blocks.extend(_bytes_of(c.nulls, "uint8") for c, (_, _, nulls) in zip(table.columns, layout) if nulls)
    description: dict[str, Json] = {"k": "t", "n": table.rows, **layouts.say(layout)}
    if table.series:
        description["s"] = 1
    return description, blocks


def _pack_tensors(payload: Tensors, lists: list[Json]) -> tuple[dict[str, Json], list[Block]]:
    blocks: list[Block] = []
    for tensor in payload.tensors:
        if tensor.dtype in FIXED:
            blocks.append(_bytes_of(tensor.data, tensor.dtype))
        else:
            _pack_loose(tensor.dtype, tensor.data, blocks, lists)
    return {"k": "x", "t": [[t.name, t.dtype, list(t.shape)] for t in payload.tensors]}, blocks


def _bytes_of(data: Any, dtype: str) -> bytes:
    return np.ascontiguousarray(data, FIXED[dtype]).tobytes()


def _pack_loose(dtype: str, data: Any, blocks: list[Block], lists: list[Json]) -> None:
    if dtype == "bytes":
        blocks.append(np.array([-1 if cell is None else len(cell) for cell in data], "<i4").tobytes())
        blocks.append(b"".join(cell for cell in data if cell is not None))
    elif dtype in ("str", "object"):
        lists.append(data)


def unpack_payload(description: dict[str, Json], blocks: Iterable[Block], layouts: LayoutReader) -> Payload:
    kind = description["k"]
    if kind == "v" and "j" not in description:
        return Value(description["v"])
    said = description.get("j", ())
    lists, rest = _own_blocks(said, list(blocks)) if None in said else (iter(said), iter(blocks))
    if kind == "v":
        return Value(next(lists))
    if kind == "t":
        return _unpack_table(description, rest, lists, layouts.hear(description))
    if kind != "x":
        raise BadFrame(f"an unknown kind of payload {kind!r}")
    tensors = []
    for name, dtype, shape in description["t"]:
        data = np.frombuffer(next(rest), FIXED[dtype]) if dtype in FIXED else _unpack_loose(dtype, rest, lists)
        tensors.append(Tensor(name, dtype, tuple(shape), data))
    return Tensors(tensors)


def _own_blocks(lists: list[Json], blocks: list[Block]) -> tuple[Iterator[Json], Iterator[Block]]:
    """Puts the lists that are blocks of their own, after all other blocks, in their places."""
    own = lists.count(None)
    last = iter(blocks[-own:])
    whole = [json.loads(bytes(next(last))) if each is None else each for each in lists]
    return iter(whole), iter(blocks[:-own])


def _unpack_table(description: dict[str, Json], blocks: Any, lists: Any, layout: Layout) -> Table:
    rows = description["n"]
    arrays = {
        dtype: np.frombuffer(next(blocks), FIXED[dtype]).reshape(-1, rows) if rows else _empty(dtype, layout)
        for dtype in dict.fromkeys(dtype for _, dtype, _ in layout if dtype in FIXED)
    }
    fixed = {dtype: iter(array) for dtype, array in arrays.items()}
    data = [next(fixed[dtype]) if dtype in fixed else _unpack_loose(dtype, blocks, lists) for _, dtype, _ in layout]
    columns = [
        Column(name, dtype, cells, np.frombuffer(next(blocks), "?") if nulls else None)
        for (name, dtype, nulls), cells in zip(layout, data)
    ]
    one = next(iter(arrays.values())) if len(arrays) == 1 else None
    whole = one is not None and len(one) == len(columns) and not any(nulls for _, _, nulls in layout)
    labels = [nested_from_json(label) for label in description["i"]] if "i" in description else None
    return Table(
        rows,
        columns,
        series=description.get("s") == 1,
        labels=labels,
        arrays=description.get("a") == 1,
        block=one if whole else None,
    )


def _empty(dtype: str, layout: Layout) -> Any:
    return np.empty((len(layout), 0), FIXED[dtype])


def _unpack_loose(dtype: str, blocks: Any, lists: Any) -> Any:
    if dtype == "str":
        return next(lists)
    if dtype == "object":
        return [nested_from_json(cell) for cell in next(lists)]
    if dtype != "bytes":
        raise BadFrame(f"an unknown dtype {dtype!r}")
    lengths, data = np.frombuffer(next(blocks), "<i4"), bytes(next(blocks))
    ends = np.cumsum(np.maximum(lengths, 0))
    return [None if size < 0 else data[end - size : end] for size, end in zip(lengths, ends)]


# --- frames ---


def pack_frame(header: dict[str, Json], blocks: list[Block]) -> list[Block]:
    """The pieces of a frame, to be sent one after another."""
    if blocks:
        header = {**header, "b": [len(block) for block in blocks]}
    text = _to_utf8(header)
    text += b" " * (-len(text) % _ALIGNMENT)
    pieces: list[Block] = [b"", text]
    for block in blocks:
        pieces.append(block)
        missing = -len(block) % _ALIGNMENT
        if missing:
            pieces.append(bytes(missing))
    body = sum(len(piece) for piece in pieces)
    if body > _MAX_BODY:
        raise Uncarried(f"an answer of {body} bytes, more than {_MAX_BODY}")
    pieces[0] = _PREFIX.pack(body, len(text))
    return pieces


def _to_utf8(value: Json) -> bytes:
    try:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    except UnicodeEncodeError:  # a lone surrogate, which only an escape can carry
        return json.dumps(value, separators=(",", ":")).encode()


def unpack_frame(body: memoryview, header_bytes: int) -> tuple[dict[str, Json], list[Block]]:
    """`body` is what follows the prefix; the blocks are views of it, as writable as it is."""
    header = json.loads(bytes(body[:header_bytes]))
    blocks: list[Block] = []
    offset = header_bytes
    for length in header.get("b", ()):
        blocks.append(body[offset : offset + length])
        offset += length + -length % _ALIGNMENT
    return header, blocks


class Channel:
    """Frames over a connected socket, one thread on each end."""

    def __init__(self, connection: socket.socket) -> None:
        self.socket = connection
        self.said = LayoutWriter()
        self.heard = LayoutReader()

    def send(self, header: dict[str, Json], blocks: list[Block] | None = None) -> None:
        pieces = pack_frame(header, blocks or [])
        if sum(len(piece) for piece in pieces) < 65536:
            self.socket.sendall(b"".join(pieces))
            return
        for piece in pieces:
            self.socket.sendall(piece)

    def receive(self) -> tuple[dict[str, Json], list[Block]] | None:
        """The next frame; None when the other side has closed."""
        prefix = self._read(_PREFIX.size)
        if prefix is None:
            return None
        body_bytes, header_bytes = _PREFIX.unpack(prefix)
        body = self._read(body_bytes)
        return None if body is None else unpack_frame(memoryview(body), header_bytes)

    def _read(self, size: int) -> bytearray | None:
        # A bytearray, so that arrays made of it can be written by the model.
        buffer = bytearray(size)
        view, filled = memoryview(buffer), 0
        while filled < size:
            got = self.socket.recv_into(view[filled:])
            if got == 0:
                return None
            filled += got
        return buffer
