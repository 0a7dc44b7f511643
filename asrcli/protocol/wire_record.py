"""The format of a message record: JSON Lines in gzip members, without secrets. Opens no files.

The first line is the header; each later one is a connection that opened, a message, a connection that closed, or an
event that the run added. Every member can be read alone: damage destroys only the members that it affects.
"""

import json
import re
import zlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, BinaryIO

from asrcli.core.errors import SourceError, shorten, without_secrets
from asrcli.protocol.json_messages import MOST, is_deep
from asrcli.protocol.record_members import MEMBER, RecordMembers

VERSION = 1
MOST_LINE_BYTES = 24 << 20  # a message of 16 MB, the most that a connection takes, in base64
MOST_AUDIO_BYTES = 18 << 20  # of one message; as many as fit in a line
SMALL_BYTES = 1 << 16  # of a line or text with so few values that it is read quickly
MOST_STRUCTURE_BYTES = 1 << 20  # of a line or message, without what stands in strings: values take 30 times as much
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode  # made once: it costs more than a line
LEVEL, WINDOW_BITS, MEMORY_LEVEL = 1, 14, 6  # 96 kB of memory in all; half the window costs a third more time
SENT, RECEIVED = "sent", "received"
_TEXTS = {
    "open": ("url", "engine", "wire", "speaker"),
    "message": ("direction",),
    "close": ("reason",),
    "event": ("name",),
}
_COUNTS = {"open": ("connection",), "message": ("connection",), "close": ("connection", "code"), "event": ()}
# Also matches one without an end, so that a search does not begin again after each quotation mark.
_STRING = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"?', re.DOTALL)
_OPTIONAL = {
    "text": str,
    "audio": str,
    "audio_bytes": int,
    "step": str,
    "task_id": str,
    "begin_ms": int,
    "sent_ms": int,
}


class WireRecord:
    """A record that is open for reading: its lines without the header, as often as they are asked for.

    One line is in memory at a time.

    Attributes:
        members: The members that hold them.
        header: The first line; empty if it is lost.
    """

    def __init__(self, members: RecordMembers) -> None:
        self.members = members
        self.header: Mapping[str, Any] = {}
        self._damaged_lines = 0

    @property
    def damaged(self) -> int:
        """How many parts could not be read: members, the header, and lines once all were read."""
        return self.members.damaged + self._damaged_lines + (not self.header)

    def __iter__(self) -> Iterator[Mapping[str, Any]]:
        """Yield the lines.

        Raises:
            SourceError: the file cannot be read.
        """
        for _, line in self.placed():
            yield line

    def placed(self, first: int = 0) -> Iterator[tuple[int, Mapping[str, Any]]]:
        """Yield each line with the number of its member, from that of the `first` member on.

        Raises:
            SourceError: the file cannot be read.
        """
        damaged = 0
        for number in range(first, len(self.members.begins)):
            for text in self._texts(number):
                line = _parsed(text)
                if line is None:
                    damaged += 1
                elif line["type"] != "record":
                    yield number, line
        self._damaged_lines = max(self._damaged_lines, damaged)

    def first(self) -> Mapping[str, Any] | None:
        """The first line that can be read, which should be the header; None if there is none.

        Raises:
            SourceError: the file cannot be read.
        """
        texts = (text for number in range(len(self.members.begins)) for text in self._texts(number))
        return next(filter(None, map(_parsed, texts)), None)

    def _texts(self, number: int) -> Iterator[bytes]:
        try:
            yield from _lines_of(self.members.pieces(self.members.begins[number]))
        except zlib.error:
            return  # only in a file that was written to meanwhile


def header_line(about: Mapping[str, Any]) -> bytes:
    """The first line of a record; `about` says what made it."""
    return json_line({"type": "record", "version": VERSION, **cleaned(about)})


def open_line(at_ms: int, connection: int, about: Mapping[str, Any]) -> bytes:
    """The line of a connection that has opened; `about` has url, engine, wire, speaker and settings."""
    return json_line({"type": "open", "at_ms": at_ms, "connection": connection, **cleaned(about)})


def close_line(at_ms: int, connection: int, code: int, reason: str) -> bytes:
    """The line of a connection that has ended."""
    line = {"type": "close", "at_ms": at_ms, "connection": connection, "code": code, "reason": without_secrets(reason)}
    return json_line(line)


def pack(lines: Iterable[bytes]) -> bytes:
    """One member of the file, from its lines in any pieces; without lines nothing.

    At level 6, where it is a quarter smaller, this costs more than all the rest of a record. With so little memory the
    allocator gives the same pages each time; with zlib's own sizes it asks the system for a quarter of a megabyte.
    """
    packing = zlib.compressobj(LEVEL, zlib.DEFLATED, 16 + WINDOW_BITS, MEMORY_LEVEL)  # 16: with the header of gzip
    packed = [packing.compress(piece) for piece in lines]
    if packed:
        packed.append(packing.flush())
    return b"".join(packed)


def read_record(name: str, file: BinaryIO) -> WireRecord:
    """Read the record in an open file, which must stay open; `name` is for errors. What is damaged is left out.

    Raises:
        SourceError: the file cannot be read or is no record, unpacks to more than one may, or is of a newer version.
    """
    begin = file.read(len(MEMBER))
    if begin != MEMBER:
        raise SourceError(name, "is not a message record" if begin else "is empty: nothing was recorded")
    record = WireRecord(RecordMembers(name, file))
    first = record.first()
    if first is None:
        raise SourceError(name, "is not a message record, or its beginning is damaged")
    if first["type"] == "record":
        record.header = _checked_header(name, first)
    return record


def cleaned(value: Any) -> Any:
    """A value of JSON without secrets in its texts."""
    if isinstance(value, str):
        return without_secrets(value)
    if isinstance(value, Mapping):
        return {key: cleaned(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [cleaned(each) for each in value]
    return value


def json_line(value: Mapping[str, Any]) -> bytes:
    """A value as one line of JSON, with its line feed."""
    return _encode(value).encode("utf-8", "replace") + b"\n"


def _lines_of(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The lines in pieces of a member, without their line feeds; empty for one that is too long."""
    line = bytearray()
    too_long = False
    for piece in pieces:
        *ended, rest = piece.split(b"\n")
        for text in ended:
            line += text
            if too_long or len(line) > MOST_LINE_BYTES:
                line.clear()
            yield bytes(line)
            line.clear()
            too_long = False
        line += rest
        if len(line) > MOST_LINE_BYTES:
            too_long = True
            line.clear()


def _checked_header(name: str, line: Mapping[str, Any]) -> Mapping[str, Any]:
    version = line.get("version")
    if not isinstance(version, int) or isinstance(version, bool):
        raise SourceError(name, "is not a message record: its first line has no version")
    if version > VERSION:
        found = shorten(str(version), 20)
        raise SourceError(name, f"made by a newer asr (record version {found}, this one reads {VERSION})")
    return line


def _parsed(text: bytes) -> Mapping[str, Any] | None:
    """A line as an object with the fields that its type needs; None for anything else."""
    try:
        decoded = text.decode("utf-8")
        if _is_bloated(decoded):
            return None
        line = json.loads(decoded)
    except (ValueError, RecursionError):
        return None
    if not isinstance(line, dict) or is_deep(line):
        return None
    kind = line.get("type")
    if kind == "record":
        return line
    if kind not in _TEXTS or not all(_is_count(line.get(name)) for name in ("at_ms", *_COUNTS[kind])):
        return None
    if not all(isinstance(line.get(name), str) for name in _TEXTS[kind]):
        return None
    if kind == "message" and not _is_message(line):
        return None
    nested = {"open": "settings", "event": "event"}.get(kind)
    if nested is not None and not isinstance(line.get(nested), dict):
        return None
    return line


def _is_message(line: Mapping[str, Any]) -> bool:
    for name, kind in _OPTIONAL.items():
        if name in line and not (_is_count(line[name]) if kind is int else isinstance(line[name], str)):
            return False
    if (
        line.get("audio_bytes", 0) > MOST_AUDIO_BYTES
        or _is_bloated(line.get("text", ""))
        or line["direction"] not in {SENT, RECEIVED}
    ):
        return False
    return bool({"text", "audio", "audio_bytes"} & set(line))


def _is_bloated(text: str) -> bool:
    """Whether JSON of this length may hold so many values that they take much more memory than their text."""
    return len(text) > SMALL_BYTES and len(_STRING.sub("", text)) > MOST_STRUCTURE_BYTES


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MOST
