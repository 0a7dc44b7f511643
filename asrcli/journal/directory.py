"""The folder of all journal sessions: where it is, how sessions are named, listed and found, and which are removed."""

import os
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from time import time
from typing import TYPE_CHECKING

from platformdirs import user_state_path

from asrcli.core.dataclass import dataclass
from asrcli.core.errors import SourceError, UsageError, system_reason
from asrcli.core.lazy_module import LazyModule
from asrcli.journal.lock import LOCK, JournalLock, in_use
from asrcli.journal.owned_files import distrust, foreign_names, is_folder, is_id, opened, remove_files, size_bytes
from asrcli.journal.record_files import open_header, read_records
from asrcli.journal.records import EVENTS

if TYPE_CHECKING:
    from asrcli.journal import reading
else:  # a new run reads no journal
    reading = LazyModule("asrcli.journal.reading")

APP = "asrcli"  # the name of our folder among those of other programs
LIMIT_BYTES = 2 << 30
LIMIT_DAYS = 14
DAY_S = 86_400
DOUBTED_DAYS = 10 * LIMIT_DAYS  # a greater age may be that of a clock, which was wrong then or is now
START_S = 60.0  # a run that is alive has written into its folder this long after it made the folder
NEWEST = "last"  # a word for the newest session, in place of its name
NAMES_SHOWN = 3  # how many of the newest names an error lists
HEADER_BYTES = 1 << 20  # no header is longer
HEAD = b'{"type": "journal", "version": '  # how each header begins
_GOING = ".going-"  # prefix of a session's name while it is being removed


class JournalState(StrEnum):
    """What can still be done with a session."""

    FINISHED = "finished"
    INTERRUPTED = "interrupted"  # some of its audio has no text yet, or its transcript was never closed
    IN_USE = "in use"
    DAMAGED = "damaged"  # its header cannot be read


@dataclass(frozen=True)
class RetentionLimits:
    """How much the journal keeps: the total size of finished sessions, and the age of any session."""

    size_bytes: int = LIMIT_BYTES
    age_s: float = LIMIT_DAYS * DAY_S


def default_folder() -> Path:
    """Return the folder of all sessions: where this system keeps program state that is not worth a backup.

    For a user without a home directory it is a path at the root, where no session can be.
    """
    try:
        base = user_state_path(APP, appauthor=False)
    except RuntimeError:
        base = Path(os.sep, ".local", "state", APP)
    return base / "sessions"


def new_id(now: datetime) -> str:
    """Return a new name for a session that sorts by time, as 20261124-230501-a1b2."""
    return f"{now:%Y%m%d-%H%M%S}-{os.urandom(2).hex()}"


def stage_id(session_id: str, stage: int) -> str:
    """Return the name for the transcript of a stage of a session: always the same one, for the first that of all."""
    begun, _, number = session_id.rpartition("-")
    return f"{begun}-{(int(number, 16) + stage) % 0x10000:04x}"


class JournalDirectory:
    """The sessions in a folder, newest first."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def paths(self) -> list[Path]:
        """Return the sessions, whatever they contain.

        What a run left that was ended before it could write anything is no session.

        Raises:
            SourceError: the disk of the folder fails, so that nothing is known of its sessions.
        """
        return [path for path in self._folders() if not holds_nothing(path)]

    def _folders(self) -> list[Path]:
        """The folders with the name of a session, newest first. Raises SourceError as `paths` does."""
        try:
            found = [path for path in self.folder.iterdir() if is_id(path.name) and is_folder(path, unknown=True)]
        except (FileNotFoundError, NotADirectoryError, PermissionError):  # under `sudo -u`, those of another user
            return []
        except OSError as exc:
            raise SourceError(str(self.folder), f"cannot be read: {system_reason(exc).lower()}") from exc
        return sorted(found, key=lambda path: path.name, reverse=True)

    def find(self, prefix: str) -> Path:
        """Return the session whose name begins with `prefix`; the newest for `NEWEST`.

        Raises:
            UsageError: no name begins so, or more than one.
        """
        paths = self.paths()
        if prefix == NEWEST and paths:
            return paths[0]
        found = [path for path in paths if prefix and path.name.startswith(prefix)]
        exact = [path for path in found if path.name == prefix]
        if len(found) == 1 or exact:
            return (exact or found)[0]
        if found:
            raise UsageError(f"session {prefix} could be {_first_names(found)}")
        if not paths:
            raise UsageError(f"no session {prefix}", f"none in {self.folder}")
        raise UsageError(f"no session {prefix}", f"the newest: {_first_names(paths)}")

    def to_resume(self, prefix: str | None) -> Path:
        """Return the session whose name begins with `prefix`; for None or `NEWEST` that of `last`.

        Raises:
            UsageError: there is none, or more than one.
            SourceError: as `paths`.
        """
        if prefix is None or prefix == NEWEST:
            return self.last()
        return self.find(prefix)

    def last(self) -> Path:
        """Return the newest interrupted session that no other user can have written; if there is none, the newest.

        One in use is passed over: its run may end normally.

        Raises:
            UsageError: the folder holds no session.
            SourceError: as `paths`.
        """
        paths = self.paths()
        if not paths:
            raise UsageError(f"no session in {self.folder}")
        own = [path for path in paths if not distrust(path)]
        free = (path for path in own if state(path) is JournalState.INTERRUPTED)
        return next(free, (own or paths)[0])

    def tidy(self, limits: RetentionLimits, keep: Path, now: Callable[[], float] = time) -> None:
        """Remove sessions that are too old, then the oldest finished ones until the size is within the limit.

        A session in use stays, and so does `keep`, the one that has just begun. One that seems to be very old is given
        another time from now on: a machine may have begun without the right time, or be set wrong now.
        Raises OSError or SourceError if the folder cannot be read.
        """
        with suppress(OSError):
            for path in self.folder.glob(f"{_GOING}*"):  # an earlier run was stopped while it removed them
                if is_id(path.name.removeprefix(_GOING)) and is_folder(path) and not distrust(path):
                    _remove_rest(path)
        for path in self._folders():
            if path != keep and _age_s(path, now()) > START_S and holds_nothing(path) and not distrust(path):
                with suppress(OSError):
                    remove_files(path)
        paths = [path for path in self.paths() if path != keep and _is_ours(path)]
        for path in [path for path in paths if _age_s(path, now()) > limits.age_s]:
            if _age_s(path, now()) > DOUBTED_DAYS * DAY_S:
                with suppress(OSError):
                    os.utime(path, (now(), now()))
                continue
            _try_to_remove(path)
            paths.remove(path)
        sizes = {path: _size_bytes(path) for path in paths}
        while sum(sizes.values()) > limits.size_bytes and paths:
            oldest = paths.pop()
            if state(oldest) is JournalState.FINISHED:
                _try_to_remove(oldest)
                del sizes[oldest]


def holds_nothing(path: Path) -> bool:
    """Return whether a session's folder holds nothing, and no run that could still write into it has its lock.

    The beginning of a header, which a power failure or a kill has cut off, is nothing: no audio was taken before it.
    The header of microphones that were killed before they gave a sample is nothing either.
    """
    try:
        with os.scandir(path) as found:
            entries = list(found)
        bare = all(entry.is_file(follow_symlinks=False) and _is_bare(entry) for entry in entries)
        if not bare and not _holds_audio(entries):
            bare = not any(record and record.get("type") == "final" for record in read_records(path / EVENTS))
    except (OSError, SourceError):
        return False
    return bare and not in_use(path)


def _holds_audio(entries: "Sequence[os.DirEntry[str]]") -> bool:
    """Return whether there may be audio: without files for it, the session is one over files of the user."""
    sizes = [entry.stat(follow_symlinks=False).st_size for entry in entries if entry.name.endswith(".pcm")]
    return not sizes or any(sizes)


def _is_bare(entry: "os.DirEntry[str]") -> bool:
    if entry.name == EVENTS and 0 < entry.stat().st_size <= HEADER_BYTES:
        with opened(Path(entry.path)) as file:
            data = file.read()
        return data.startswith(HEAD) and b"\n" not in data
    return entry.name in {LOCK, EVENTS} and not entry.stat().st_size


def state(path: Path, journal: "reading.Journal | None" = None) -> JournalState:
    """Return the state of a session; pass its `journal` if it is already read."""
    if in_use(path):
        return JournalState.IN_USE
    try:
        journal = journal or reading.Journal.open(path)
    except SourceError:
        return JournalState.DAMAGED
    if journal.header.inputs:
        finished = journal.done >= set(range(len(journal.header.stages)))
    else:
        finished = not journal.is_open and not any(map(journal.unheard, journal.tracks))
    if finished:
        return JournalState.FINISHED
    return JournalState.INTERRUPTED


def remove(path: Path) -> None:
    """Remove a session.

    Raises:
        UsageError: it is in use, is no session of this user, or holds a file that this tool did not make.
        OSError: it cannot be removed.
    """
    if not _is_ours(path):
        raise UsageError(f"{path} is not a readable session: nothing of it is deleted", "remove it yourself")
    if foreign := foreign_names(path, len(open_header(path).sources)):
        raise UsageError(f"session {path.name} holds {foreign[0]}, which asr did not create", "move that away first")
    lock = JournalLock(path)
    if not lock.take():
        raise UsageError(f"session {path.name} is in use", "end that run first")
    try:
        if sys.platform == "win32":  # nothing that is open can be renamed there
            lock.release()
        going = path.rename(path.with_name(_GOING + path.name))
    finally:
        lock.release()
    before = os.listdir(going)  # noqa: PTH208  names
    try:
        remove_files(going)
    except OSError:
        if sorted(os.listdir(going)) == sorted(before):  # noqa: PTH208  all is there: give it its name back
            going.rename(path)
        raise


def _is_ours(path: Path) -> bool:
    """Return whether this tool made the session for this user, judging by its name, its owner and its header."""
    if not is_id(path.name) or not is_folder(path) or distrust(path):
        return False
    try:
        open_header(path)
    except SourceError:
        return False
    return True


def _remove_rest(path: Path) -> None:
    """Go on with a removal that was stopped. The header is removed last: without one only the empty folder is left."""
    with suppress(OSError, SourceError):
        if not list(path.iterdir()):
            path.rmdir()
        elif not foreign_names(path, len(open_header(path).sources)):
            remove_files(path)


def _try_to_remove(path: Path) -> None:
    with suppress(OSError, UsageError, SourceError):
        remove(path)


def _age_s(path: Path, now: float) -> float:
    """Return the seconds since the last write to a session; below 0 if a clock was ahead at that time."""
    with suppress(OSError):
        return now - max(file.lstat().st_mtime for file in (path, *path.iterdir()))
    return 0.0


def _size_bytes(path: Path) -> int:
    with suppress(OSError):
        return size_bytes(path)
    return 0


def _first_names(paths: Sequence[Path]) -> str:
    return ", ".join(path.name for path in paths[:NAMES_SHOWN])
