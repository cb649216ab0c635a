"""Makes the Parquet files of this folder: `python make.py`, with pyarrow. They are committed; tests need no Python."""

import datetime
import decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

HERE = Path(__file__).parent


def write(name, columns, **options):
    pq.write_table(pa.table(columns), HERE / f"{name}.parquet", **options)


def scalars():
    utc = datetime.UTC
    return {
        "flag": pa.array([True, False]),
        "small": pa.array([-128, 127], pa.int8()),
        "int": pa.array([2147483647, -2147483648], pa.int32()),
        "long": pa.array([9007199254740993, -9223372036854775808], pa.int64()),
        "unsigned": pa.array([4294967295, 0], pa.uint32()),
        "half": pa.array([1.5, -2.0], pa.float16()),
        "float": pa.array([0.1, float("inf")], pa.float32()),
        "double": pa.array([0.1, float("nan")], pa.float64()),
        "text": pa.array(["Zürich 😀", ""]),
        "bytes": pa.array([b"\x00\xff", b""], pa.binary()),
        "nanos": pa.array([1704164645123456789, -1], pa.timestamp("ns")),
        "micros": pa.array([1704164645123456, -1], pa.timestamp("us")),
        "millis": pa.array([1704164645123, -1], pa.timestamp("ms")),
        "zoned": pa.array([datetime.datetime(2024, 1, 2, 3, tzinfo=utc)] * 2, pa.timestamp("us", tz="Europe/Oslo")),
        "date": pa.array([datetime.date(2024, 1, 2), datetime.date(1969, 12, 31)]),
    }


def nulls():
    return {
        "double": pa.array([None, 1.5]),
        "long": pa.array([None, 1], pa.int64()),
        "text": pa.array([None, "a"]),
        "nanos": pa.array([None, 0], pa.timestamp("ns")),
    }


def nested():
    return {
        "doubles": pa.array([[1.0, 2.5], []], pa.list_(pa.float64())),
        "grid": pa.array([[[1], [2, 3]], [[]]], pa.list_(pa.list_(pa.int64()))),
        "person": pa.array([{"name": "Ann", "age": 30}, {"name": "Bo", "age": None}]),
        "counts": pa.array([[("a", 1)], [("b", 2), ("c", 3)]], pa.map_(pa.string(), pa.int64())),
        "stamps": pa.array([[b"\xff"], [b""]], pa.list_(pa.binary())),
    }


def main():
    write("scalars", scalars())
    write("nulls", nulls())
    write("nested", nested())
    for codec in ("none", "gzip", "brotli", "zstd", "lz4"):
        write(f"packed-{codec}", {"text": pa.array(["abc"] * 50), "n": pa.array(range(50))}, compression=codec)
    write("version-2", {"n": pa.array(range(5))}, data_page_version="2.0", row_group_size=2)
    write("decimal", {"n": pa.array([decimal.Decimal("1.10")]), "m": pa.array([1])})
    write("times", {"t": pa.array([datetime.time(1, 2)])})
    write("no-rows", {"n": pa.array([], pa.int64())})


if __name__ == "__main__":
    main()
