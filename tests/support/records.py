"""A message record that is read whole, for tests that look at all of it."""

from collections.abc import Mapping
from io import BytesIO
from typing import Any, NamedTuple

from asrcli.protocol.wire_record import read_record


class WholeRecord(NamedTuple):
    """All lines of a record, how many parts of it are damaged, and whether its end is missing."""

    lines: tuple[Mapping[str, Any], ...]
    damaged: int
    cut: bool


def read_whole(name: str, data: bytes) -> WholeRecord:
    """Read the record in these bytes."""
    record = read_record(name, BytesIO(data))
    lines = tuple(record)
    return WholeRecord(lines, record.damaged, record.members.cut)
