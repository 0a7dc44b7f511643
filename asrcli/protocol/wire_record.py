"""The format of a record of the wire: JSON Lines in gzip members, without secrets. Reads and writes no files.

The first line is the header; each later one is a connection that opened, a message, a connection that closed, or an
event that the run added. Every member stands alone: a file that is cut short or damaged loses only what is hit.
"""

import json
import zlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from asrcli.core.dataclass import dataclass
from asrcli.core.errors import SourceError, shorten, without_secrets
from asrcli.protocol.json_messages import MOST, is_deep

VERSION = 1
MEMBER = b"\x1f\x8b\x08"  # how a gzip member begins
MOST_MEMBER_BYTES = 256 << 20  # of a member, unpacked; ours are about one megabyte
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
_OPTIONAL = {
    "text": str,
    "audio": str,
    "audio_bytes": int,
    "step": str,
    "task_id": str,
    "begin_ms": int,
    "sent_ms": int,
}


@dataclass(frozen=True)
class WireRecord:
    """A record that was read: its header, its lines in order, and how many parts could not be read.

    `cut`: the end of the file is missing.
    """

    header: Mapping[str, Any]
    lines: tuple[Mapping[str, Any], ...]
    damaged: int = 0
    cut: bool = False


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


def read_record(name: str, data: bytes) -> WireRecord:
    """Read a record from the bytes of its file; `name` is for the error. What is damaged is left out and counted.

    Raises:
        SourceError: the data is no record, or a newer version has written it.
    """
    if not data.startswith(MEMBER):
        raise SourceError(name, "is no record of the wire" if data else "is empty: nothing was recorded")
    damaged = 0
    cut = False
    lines: list[Mapping[str, Any]] = []
    header: Mapping[str, Any] | None = None
    for member, is_cut in _members(data):
        if member is None:
            damaged += 1
            continue
        cut = cut or is_cut
        for text in member.split(b"\n")[:-1]:
            line = _parsed(text)
            if line is None:
                damaged += 1
            elif line["type"] == "record" and header is None:
                header = _checked_header(name, line)
            elif line["type"] != "record":
                lines.append(line)
    if header is None and not lines:
        raise SourceError(name, "is no record of the wire, or its beginning is damaged")
    return WireRecord(header or {}, tuple(lines), damaged + (header is None), cut)


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


def _members(data: bytes) -> Iterator[tuple[bytes | None, bool]]:
    """The members of a file, unpacked, each with whether its end is missing; None for one that is damaged."""
    at = 0
    while 0 <= at < len(data):
        unpacking = zlib.decompressobj(31)
        try:
            lines = unpacking.decompress(data[at:], MOST_MEMBER_BYTES)
        except zlib.error:
            yield None, False
            at = data.find(MEMBER, at + 1)
            continue
        if unpacking.eof:
            yield lines, False
            at = len(data) - len(unpacking.unused_data)
            continue
        following = data.find(MEMBER + b"\0", at + 1)
        if following < 0 and not unpacking.unconsumed_tail:
            yield lines, True
            return
        yield None, False
        at = following


def _checked_header(name: str, line: Mapping[str, Any]) -> Mapping[str, Any]:
    version = line.get("version")
    if not isinstance(version, int) or isinstance(version, bool):
        raise SourceError(name, "is no record of the wire: its first line has no version")
    if version > VERSION:
        found = shorten(str(version), 20)
        raise SourceError(name, f"made by a newer asr (record version {found}, this one reads {VERSION})")
    return line


def _parsed(text: bytes) -> Mapping[str, Any] | None:
    """A line as an object with the fields that its type needs; None for anything else."""
    try:
        line = json.loads(text)
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
    if line.get("audio_bytes", 0) > MOST_MEMBER_BYTES or line["direction"] not in {SENT, RECEIVED}:
        return False
    return bool({"text", "audio", "audio_bytes"} & set(line))


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MOST
