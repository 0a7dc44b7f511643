"""Reads the files of records in a session's folder: of bounded size, and only where no other user may have written."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from asrcli.core.errors import JournalUnreadable, SourceError, system_reason
from asrcli.journal.owned_files import distrust, opened
from asrcli.journal.records import EVENTS, JournalHeader, header, lines

LINE_BYTES = 1 << 24
MOST_BYTES = 1 << 28  # limit of a file of records: a day of speech takes a tenth of it


def open_header(path: Path) -> JournalHeader:
    """Read only the header in a session's folder.

    Raises:
        SourceError: as Journal.open.
    """
    records = read_records(path / EVENTS, first=True)
    return parse_header(path, next(iter(records), None))


def parse_header(path: Path, first: Mapping[str, Any] | None) -> JournalHeader:
    """Parse the header of the session in `path` from its first record.

    Raises:
        JournalUnreadable: as `records.header` raises a SourceError, but there is audio that can still be used.
        SourceError: as `records.header`.
    """
    try:
        return header(path.name, first)
    except SourceError as exc:
        sound = path / "0.pcm"
        if "newer" in exc.reason or not sound.is_file():
            raise
        raise JournalUnreadable(exc.path, exc.reason, str(sound)) from exc


def whole_bytes(data: bytes) -> int:
    """Return the size of a file of records up to the end of the last one that can be read.

    What follows is torn: after a power failure a file may end with blocks that were never written, or only in part.
    """
    end = data.rfind(b"\n") + 1
    while end:
        begin = data.rfind(b"\n", 0, end - 1) + 1
        if lines(data[begin:end])[0] is not None:
            break
        end = begin
    return end


def read_records(
    path: Path, missing: list[dict[str, Any] | None] | None = None, *, first: bool = False
) -> list[dict[str, Any] | None]:
    """Return the records of a file, or only the first one.

    `missing` is returned for a file that cannot be read; with None that is an error.

    Raises:
        SourceError: the file cannot be read, is too long, or another user may have written it.
    """
    try:
        for place in (path.parent, path):
            if place.exists() and (problem := distrust(place)):
                raise SourceError(path.parent.name, f"{place} {problem}")
        with opened(path) as file:
            data = file.readline(LINE_BYTES) if first else file.read(MOST_BYTES + 1)
        if len(data) > MOST_BYTES:
            raise SourceError(path.parent.name, f"no journal: {path.name} is too long to be one")
        return lines(data)
    except OSError as exc:
        if missing is not None:
            return missing
        raise SourceError(path.parent.name, f"no journal: {system_reason(exc).lower()}") from exc
