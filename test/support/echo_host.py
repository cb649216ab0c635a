"""Answers every predict with its own payload, decoded and encoded again: python echo_host.py PYTHON_DIR SOCKET KEY"""

import sys

sys.path.append(sys.argv[1])

from countersign_host import frames, worker
from countersign_host.frames import FIXED, Table, Tensors, nested_from_json, nested_to_json


def again(payload):
    if isinstance(payload, Table):
        for column in payload.columns:
            column.data = cells(column.dtype, column.data)
    elif isinstance(payload, Tensors):
        for tensor in payload.tensors:
            tensor.data = cells(tensor.dtype, tensor.data)
    else:
        payload.json = nested_to_json(nested_from_json(payload.json))
    return payload


def cells(dtype, data):
    if dtype in FIXED or dtype in ("str", "bytes"):
        return data
    return [nested_to_json(cell) for cell in data]


channel = worker.connect(sys.argv[2], sys.argv[3], "worker")
while (frame := channel.receive()) is not None:
    header, blocks = frame
    payload = frames.unpack_payload(header["p"], blocks, channel.heard)
    description, answer = frames.pack_payload(again(payload), channel.said)
    channel.send({"t": "answer", "id": header["id"], "p": description}, answer)
