"""Asks a model the same rows as JSON and as Arrow, and prints what it answered: `arrow_client.py URL ROWS [arrow-only]`.

ROWS is JSON, or `every-type`, the table below.
"""

import datetime
import json
import sys
import urllib.request

import pyarrow as pa

ARROW = "application/vnd.apache.arrow.stream"
WHEN = datetime.datetime(2024, 1, 2, 3, 4, 5, 123456, tzinfo=datetime.UTC)

EVERY_TYPE = {
    "boolean": pa.array([True, False]),
    "integer": pa.array([-(2**31), 5], pa.int32()),
    "long": pa.array([9007199254740993, -(2**63)], pa.int64()),
    "float": pa.array([0.1, None], pa.float32()),
    "double": pa.array([0.1, float("-inf")], pa.float64()),
    "string": pa.array(["Zürich 😀", ""]).dictionary_encode(),
    "binary": pa.array([b"\x00\xff\x00", b""]),
    "datetime": pa.array([1704164645123456789, 0], pa.timestamp("ns")),
    "integers": pa.array([[1, 2], [3]], pa.large_list(pa.int16())),
    "floats": pa.array([[0.5, 2], [1]], pa.list_(pa.float32())),
    "datetimes": pa.array([[WHEN], [WHEN]], pa.list_(pa.timestamp("us", "Europe/Oslo"))),
    "object": pa.array(
        [{"i": 1, "l": 5, "f": 0.5, "d": 2.0, "b": b"\x01\x00", "t": WHEN}] * 2,
        pa.struct(
            [
                ("i", pa.int32()),
                ("l", pa.int64()),
                ("f", pa.float32()),
                ("d", pa.float64()),
                ("b", pa.binary()),
                ("t", pa.timestamp("us", "UTC")),
                ("o", pa.string()),
            ]
        ),
    ),
    "map": pa.array([[("a", [1.0, 2.5])], [("b", [3.0])]], pa.map_(pa.string(), pa.list_(pa.float64()))),
    "any": pa.ExtensionArray.from_storage(pa.json_(), pa.array(['[1, "x", null, {"k": true}]', '"free"'])),
}


def stream(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue().to_pybytes()


def ask(url: str, body: bytes, content_type: str, accept: str):
    headers = {"content-type": content_type, "accept": accept}
    with urllib.request.urlopen(urllib.request.Request(url, body, headers)) as response:
        answer, said = response.read(), response.headers["content-type"]
    if said == "application/json":
        return json.loads(answer)
    assert said == ARROW, said
    table = pa.ipc.open_stream(answer).read_all()
    table.validate(full=True)
    return {"types": [f"{field.name}: {field.type}" for field in table.schema], "rows": table.to_pylist()}


def main():
    url, rows, *only = sys.argv[1:]
    if rows == "every-type":
        table, body = pa.table(EVERY_TYPE), None
    else:
        table, body = pa.Table.from_pylist(json.loads(rows)), rows.encode()
    arrow = stream(table)
    answers = {
        "arrowToJson": ask(url, arrow, ARROW, "application/json"),
        "arrowToArrow": ask(url, arrow, ARROW, ARROW),
    }
    if body is not None and not only:
        answers["jsonToJson"] = ask(url, body, "application/json", "application/json")
        answers["jsonToArrow"] = ask(url, body, "application/json", ARROW)
    print(json.dumps(answers, default=str))


if __name__ == "__main__":
    main()
