"""Reads what an ONNX file says about itself: its metadata, and whether the file is whole. Loads no model. Pure.

An ONNX file is one protobuf message. Its fields stand one after the other, each with its length, so a file of any size
is gone through in a few reads; the weights are skipped.
"""

from io import BytesIO
from typing import BinaryIO

METADATA_FIELD = 14  # ModelProto.metadata_props: a message with key (1) and value (2)
GRAPH_FIELD = 7
MOST_BYTES = 1 << 20  # of one entry
MOST_FIELDS = 10_000
VARINT, FIXED_64, BYTES, FIXED_32 = 0, 1, 2, 5  # how a field is written


class NotOnnx(ValueError):
    """A file that is no ONNX file, or not all of one."""


def read_metadata(file: BinaryIO) -> dict[str, str]:
    """Return the metadata of a model file.

    Raises:
        NotOnnx: it is no ONNX file, or its end is missing.
        OSError: it cannot be read.
    """
    size = file.seek(0, 2)
    file.seek(0)
    found: dict[str, str] = {}
    has_graph = False
    for _ in range(MOST_FIELDS):
        if file.tell() == size:
            break
        number, length = _next_field(file)
        end = file.tell() + length
        if end > size:
            raise NotOnnx(f"cut off: {size} bytes of at least {end}" if has_graph or number <= 20 else "no ONNX file")
        if number == METADATA_FIELD and length <= MOST_BYTES:
            found |= _entry(file.read(length))
        has_graph = has_graph or number == GRAPH_FIELD
        file.seek(end)
    else:
        raise NotOnnx("no ONNX file")
    if not has_graph:
        raise NotOnnx("no ONNX file" if size else "empty")
    return found


def _next_field(file: BinaryIO) -> tuple[int, int]:
    """Return the number of the next field and the length of its value, which is read next."""
    tag = _varint(file)
    number, written = tag >> 3, tag & 7
    if written == BYTES:
        return number, _varint(file)
    if written == VARINT:
        _varint(file)
        return number, 0
    if written in {FIXED_32, FIXED_64} and number:
        return number, 4 if written == FIXED_32 else 8
    raise NotOnnx("no ONNX file")


def _varint(file: BinaryIO) -> int:
    value = 0
    for shift in range(0, 70, 7):
        byte = file.read(1)
        if not byte:
            raise NotOnnx("cut off")
        value |= (byte[0] & 0x7F) << shift
        if byte[0] < 0x80:
            return value
    raise NotOnnx("no ONNX file")


def _entry(data: bytes) -> dict[str, str]:
    file = BytesIO(data)
    parts = {1: b"", 2: b""}
    while file.tell() < len(data):
        number, length = _next_field(file)
        parts[number] = file.read(length)
    return {parts[1].decode("utf-8", "replace"): parts[2].decode("utf-8", "replace")}
