"""Makes the Arrow streams of this folder: `python make.py`, with pyarrow. They are committed; tests need no Python."""

import datetime
import decimal
from pathlib import Path

import pyarrow as pa

HERE = Path(__file__).parent
INT64 = [9007199254740993, -9223372036854775808]
WORDS = ["Zürich 😀", ""]
LONG_WORDS = ["Zürich 😀 and more than twelve bytes", "short"]


def write(name, columns, batch_rows=None, **options):
    table = columns if isinstance(columns, pa.Table) else pa.table(columns)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema, options=pa.ipc.IpcWriteOptions(**options)) as writer:
        writer.write_table(table, batch_rows)
    (HERE / f"{name}.arrows").write_bytes(sink.getvalue().to_pybytes())


def scalars():
    utc = datetime.UTC
    return {
        "flag": pa.array([True, False]),
        "small": pa.array([-128, 127], pa.int8()),
        "int": pa.array([2147483647, -2147483648], pa.int32()),
        "long": pa.array(INT64, pa.int64()),
        "unsigned": pa.array([4294967295, 0], pa.uint32()),
        "half": pa.array([1.5, -2.0], pa.float16()),
        "float": pa.array([0.1, float("inf")], pa.float32()),
        "double": pa.array([0.1, float("nan")], pa.float64()),
        "text": pa.array(WORDS),
        "bytes": pa.array([b"\x00\xff", b""], pa.binary()),
        "nanos": pa.array([1704164645123456789, -1], pa.timestamp("ns")),
        "micros": pa.array([1704164645123456, -1], pa.timestamp("us")),
        "millis": pa.array([1704164645123, -1], pa.timestamp("ms")),
        "seconds": pa.array([1704164645, -1], pa.timestamp("s")),
        "zoned": pa.array([datetime.datetime(2024, 1, 2, 3, tzinfo=utc)] * 2, pa.timestamp("us", tz="Europe/Oslo")),
        "date": pa.array([datetime.date(2024, 1, 2), datetime.date(1969, 12, 31)]),
        "date64": pa.array([datetime.date(2024, 1, 2), datetime.date(1969, 12, 31)], pa.date64()),
    }


def texts():
    return {
        "large": pa.array(WORDS, pa.large_utf8()),
        "view": pa.array(LONG_WORDS, pa.string_view()),
        "dictionary": pa.array(["b", "a"]).dictionary_encode(),
        "large_bytes": pa.array([b"\xff", b""], pa.large_binary()),
        "byte_view": pa.array([b"\xff" * 20, b""], pa.binary_view()),
        "fixed": pa.array([b"\x01\x02", b"\x03\x04"], pa.binary(2)),
    }


def nulls():
    return {
        "double": pa.array([None, 1.5]),
        "long": pa.array([None, 1], pa.int64()),
        "text": pa.array([None, "a"]),
        "nanos": pa.array([None, 0], pa.timestamp("ns")),
        "nothing": pa.nulls(2),
    }


def nested():
    return {
        "doubles": pa.array([[1.0, 2.5], []], pa.list_(pa.float64())),
        "grid": pa.array([[[1], [2, 3]], [[]]], pa.large_list(pa.list_(pa.int64()))),
        "view": pa.array([[1, 2], [3]], pa.list_view(pa.int32())),
        "pair": pa.array([[1, 2], [3, 4]], pa.list_(pa.int32(), 2)),
        "person": pa.array([{"name": "Ann", "age": 30}, {"name": "Bo", "age": None}]),
        "counts": pa.array([[("a", 1)], [("b", 2), ("c", 3)]], pa.map_(pa.string(), pa.int64())),
        "stamps": pa.array([[b"\xff"], [b""]], pa.list_(pa.binary())),
        "times": pa.array([[1704164645123456789], []], pa.list_(pa.timestamp("ns"))),
    }


def tensors():
    kind = pa.fixed_shape_tensor(pa.float32(), [2, 3])
    flat = pa.array([[float(i) for i in range(6)], [float(i) for i in range(6, 12)]], pa.list_(pa.float32(), 6))
    inner = pa.list_(pa.list_(pa.float32(), 3), 2)
    return {
        "extension": pa.ExtensionArray.from_storage(kind, flat),
        "flat": flat,
        "fixed": pa.array([[[0, 1, 2], [3, 4, 5]], [[6, 7, 8], [9, 10, 11]]], inner),
        "lists": pa.array([[[0, 1, 2], [3, 4, 5]], [[6, 7, 8], [9, 10, 11]]], pa.list_(pa.list_(pa.float32()))),
    }


def many():
    words = [f"ä{i % 7}" for i in range(50)]
    return {"n": pa.array(range(50)), "word": pa.array(words), "kind": pa.array(words).dictionary_encode()}


def main():
    write("scalars", scalars())
    write("texts", texts())
    write("nulls", nulls())
    write("nested", nested())
    write("tensors", tensors())
    write("batches", many(), batch_rows=7)
    write("packed-zstd", many(), compression="zstd")
    write("packed-lz4", many(), compression="lz4")
    write("no-rows", {"n": pa.array([], pa.int64())})
    write("decimal", {"n": pa.array([decimal.Decimal("1.10"), decimal.Decimal("-9007199254740993.00")])})
    write("others", {"time": pa.array([datetime.time(1, 2)]), "span": pa.array([1], pa.duration("s"))})
    write("json", {"any": pa.ExtensionArray.from_storage(pa.json_(), pa.array(['{"a":[1,null]}', "9007199254740993"]))})
    write("repeated", pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["n", "n"]))
    write("far", {"seconds": pa.array([253402300799, 0], pa.timestamp("s"))})


if __name__ == "__main__":
    main()
