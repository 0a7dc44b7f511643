"""What a record may cost its reader: one line in memory at a time, however much the file unpacks to."""

import json
import tracemalloc
import zlib
from io import BytesIO
from typing import Any

import pytest

from asrcli.core.errors import SourceError
from asrcli.core.message import Text
from asrcli.protocol import record_members, wire_record
from asrcli.protocol.recorded_messages import RecordedMessage, message_lines
from asrcli.protocol.wire_record import RECEIVED, header_line, pack, read_record
from tests.support.records import read_whole

HEADER = pack([header_line({"program": "asr"})])


def line_of(text: str) -> bytes:
    """The line of a message that came."""
    return message_lines([RecordedMessage(1, 1, RECEIVED, Text(text))], 0, keep_audio=False)


def test_a_record_is_never_in_memory_whole() -> None:
    """However much it unpacks to: in one member or in many, to be read as often as somebody asks."""
    line = line_of("x" * 300_000)
    data = HEADER + pack([line] * 50) + pack([line]) * 50
    tracemalloc.start()
    try:
        record = read_record("r", BytesIO(data))
        counts = [sum(1 for _ in record) for _ in range(2)]
        most_bytes = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert (counts, record.damaged) == ([100, 100], 0)
    assert most_bytes < 20 * len(line)


def test_a_record_that_unpacks_to_too_much_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """All of it, or pieces of members without end."""
    monkeypatch.setattr(record_members, "PIECE_BYTES", 1000)
    monkeypatch.setattr(record_members, "MOST_DAMAGED", 5)
    with pytest.raises(SourceError, match="more than 5 damaged parts; copy it again"):
        read_whole("r", HEADER + (record_members.MEMBER + b"\xff") * 9)
    monkeypatch.setattr(record_members, "MOST_UNPACKED_BYTES", 4000)
    with pytest.raises(SourceError, match=r"unpacks to more than .* record a shorter run"):
        read_whole("r", HEADER + pack([line_of("x" * 5000)]))


def test_a_file_that_cannot_be_read_is_one_line() -> None:
    """A disk may fail in the middle."""

    class Failing(BytesIO):
        def seek(self, *_: Any) -> int:
            raise OSError(5, "Input/output error")

    with pytest.raises(SourceError, match="Input/output error"):
        read_record("r", Failing(HEADER))


def test_a_line_or_message_that_takes_too_much_memory_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """A long line, and one with more values than any service sends. What follows is used, and so is a long text."""
    monkeypatch.setattr(wire_record, "MOST_LINE_BYTES", 400_000)
    monkeypatch.setattr(wire_record, "MOST_STRUCTURE_BYTES", 30_000)
    deep = {"type": "later", "a": [{} for _ in range(50_000)]}
    lines = [
        line_of("x" * 500_000),
        line_of(json.dumps([""] * 50_000)),
        json.dumps(deep).encode() + b"\n",
        line_of('"' * 90_000),
        line_of("\\" * 90_000),
        line_of("," * 90_000),
        line_of("m"),
    ]
    for pieces in (lines, [*lines[:1], *lines]):
        read = read_whole("r", HEADER + pack(pieces))
        kept = [len(line["text"]) for line in read.lines]
        assert (kept, read.damaged) == ([90_000, 1], len(pieces) - 2)


def test_what_comes_after_damage_is_found_piece_by_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    """A member that is none, one that claims to hold all that follows, and one that is damaged while it is read."""
    monkeypatch.setattr(record_members, "PIECE_BYTES", 64)
    storing = zlib.compressobj(0, zlib.DEFLATED, 31)
    stored = (storing.compress(bytes(9000)) + storing.flush())[:500]
    broken = record_members.MEMBER + b"\xff" * 300
    last = pack([line_of("last")])
    read = read_whole("r", HEADER + broken + pack([line_of("m")]) + stored + last)
    assert ([line["text"] for line in read.lines], read.damaged, read.cut) == (["m", "last"], 2, False)
    file = BytesIO(HEADER + pack([line_of("m")]) + last)
    record = read_record("r", file)
    file.getbuffer()[-len(last) + 12] ^= 0xFF
    assert [line["text"] for line in record] == ["m"]
    assert record_members.RecordMembers("r", BytesIO(HEADER + broken)).damaged == 1
