"""The transcripts that a session left under their names or as .part files, and whether they are still its own."""

import json
import os
import re
import stat
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from asrcli.core.errors import OutputError, system_reason
from asrcli.outputs.output_paths import is_device

if TYPE_CHECKING:
    from asrcli.journal.reading import Journal

TAIL_BYTES = 1 << 16
CLOSING_S = 10.0  # a transcript is closed at most this long after the last record of its journal


def repaired_part(path: Path, journal: "Journal") -> Path | None:
    """Repair the last line of the file that is continued; return it if it is a .part file, else None.

    Raises:
        OutputError: the file cannot be read or written.
    """
    try:
        target = Path(os.path.realpath(path))
        if target.exists() and not target.is_file():
            return None
        begun_s = datetime.fromisoformat(journal.header.begun).timestamp()
        part = _part(target, begun_s, journal.last_s)
        if part is not None:
            _repair_last_line(part)
        elif target.is_file() and journal.parts[-1].end is None and not belongs_to_others(path, journal):
            _repair_last_line(target)
    except (ValueError, OverflowError):
        return None
    except OSError as exc:
        raise OutputError(str(path), system_reason(exc).lower()) from exc
    return part


def has_part(path: Path, journal: "Journal") -> bool:
    """Whether the session left a .part file that has not got this name. Changes nothing."""
    try:
        begun_s = datetime.fromisoformat(journal.header.begun).timestamp()
        return _part(Path(os.path.realpath(path)), begun_s, journal.last_s) is not None
    except (OSError, ValueError, OverflowError):
        return False


def can_be_rewritten(path: Path, part: Path | None, journal: "Journal") -> bool:
    """Whether the journal has all that the file held, and nobody has written to it since."""
    if journal.damages or journal.redone_from_ms:
        return False
    try:
        target = path.resolve()
        if part is not None or not target.exists():
            return True
        return _is_own(target) and _is_of_session(target, journal)
    except (OSError, ValueError, OverflowError):
        return False


def belongs_to_others(path: Path, journal: "Journal") -> bool:
    """Whether the file is not what the session has left: a later run has taken its name, or somebody has edited it."""
    if journal.header.showing.get("append") is True:
        return False  # a file that several runs share
    try:
        target = path.resolve()
        return target.is_file() and not is_device(path) and not _is_of_session(target, journal)
    except (OSError, ValueError, OverflowError):
        return False


def _is_of_session(file: Path, journal: "Journal") -> bool:
    begun_s = datetime.fromisoformat(journal.header.begun).timestamp()
    return begun_s - 1 <= file.stat().st_mtime <= journal.last_s + CLOSING_S


def _part(target: Path, begun_s: float, last_s: float) -> Path | None:
    """The .part file that was last written while the session ran, and so belongs to no other run."""
    # There may be NAME1.part without NAME.part: another run has had that one, and has ended.
    parts = re.compile(rf"{re.escape(target.name)}\d*\.part")
    found = [name for name in target.parent.glob("*.part") if parts.fullmatch(name.name) and _is_own(name)]
    times = {name: name.stat().st_mtime for name in found}
    own = [name for name in found if begun_s - 1 <= times[name] <= last_s + CLOSING_S]
    return max(own, key=times.__getitem__, default=None)


def _repair_last_line(path: Path) -> None:
    """Repair a last line that a power failure cut off: remove an incomplete JSON object, end a line of text."""
    with path.open("r+b") as file:
        size = file.seek(0, 2)
        file.seek(max(0, size - TAIL_BYTES))
        tail = file.read()
        torn = tail.rpartition(b"\n")[2]
        if not torn:
            return
        if torn.startswith(b"{") and not _is_whole(torn):
            file.truncate(size - len(torn))
        else:
            file.write(b"\n")


def _is_own(path: Path) -> bool:
    """Whether a .part file can be this user's own: a plain file, owned by the user, with one name only."""
    about = path.lstat()
    mine = not hasattr(os, "geteuid") or about.st_uid == os.geteuid()
    return stat.S_ISREG(about.st_mode) and about.st_nlink == 1 and mine


def _is_whole(line: bytes) -> bool:
    try:
        json.loads(line)
    except (ValueError, RecursionError):
        return False
    return True
