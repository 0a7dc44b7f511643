"""A folder in which recordings appear: says which of them are complete. Never waits itself."""

import os
import signal
import sys
from collections.abc import Callable, Collection
from contextlib import suppress
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING

from asrcli.core.errors import SourceError
from asrcli.runs.batch.input_files import find_inputs, input_stamp

if TYPE_CHECKING:
    from asrcli.runs.batch.decisions import InputStamp
    from asrcli.runs.batch.manifest import BatchInput

SETTLE_S = 3.0  # size and time of a file that is complete have not changed for this long
UNFINISHED = {".part", ".partial", ".tmp", ".temp", ".filepart", ".crdownload"}  # as in talk.part.wav


class WatchedFolder:
    """The recordings in a folder and below it; one thread looks."""

    def __init__(self, folder: Path, out: Path, clock: Callable[[], float] = monotonic) -> None:
        self._folder = folder
        self._out = out
        self._clock = clock
        self._seen: dict[str, tuple[InputStamp, float]] = {}
        self._taken: dict[str, InputStamp] = {}

    def look(self, busy: Collection[str] = ()) -> "list[BatchInput]":
        """Return the recordings that are complete now, each once as long as it does not change.

        Args:
            busy: The identities of inputs that are left for later.
        """
        now = self._clock()
        found = [one for one in find_inputs([str(self._folder)], self._out).inputs if not is_unfinished(one.file_name)]
        return [one for one in found if one.identity not in busy and self._is_ready(one, now)]

    def _is_ready(self, one: "BatchInput", now: float) -> bool:
        try:
            stamp = input_stamp(one.path)
        except SourceError:  # it was removed since the folder was read
            return False
        before, since = self._seen.get(one.identity, (None, now))
        if before != stamp:
            self._seen[one.identity] = (stamp, now)
            return False
        if not stamp.size_bytes or now - since < SETTLE_S or self._taken.get(one.identity) == stamp:
            return False
        if is_being_written(one.path):
            return False
        self._taken[one.identity] = stamp
        return True


def is_unfinished(name: str) -> bool:
    """Whether programs call a file so until it is whole."""
    stem = Path(name).stem
    return name.startswith("~") or Path(stem).suffix.lower() in UNFINISHED


def is_being_written(path: str) -> bool:
    """Whether a program has the file open for writing; False if the system does not tell."""
    if sys.platform == "linux":
        from fcntl import F_RDLCK, F_SETLEASE, F_SETSIG, F_UNLCK, fcntl

        with suppress(OSError):
            descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
            try:
                # Who opens the file during the lease causes a signal; the usual one would end this program.
                fcntl(descriptor, F_SETSIG, signal.SIGURG)
                fcntl(descriptor, F_SETLEASE, F_RDLCK)
                fcntl(descriptor, F_SETLEASE, F_UNLCK)
            except BlockingIOError:
                return True
            finally:
                os.close(descriptor)
    return False
