"""A source whose audio is also written to a file, up to the last chunk that was taken from it."""

import os
import stat
from bisect import bisect_right
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from asrcli.core.audio import Chunk, Format
from asrcli.core.errors import AsrError, OutputError, SettingError, system_reason
from asrcli.core.events import Event, Notice
from asrcli.core.interfaces import Source, SourceWrapper
from asrcli.sources.encoder import SUFFIXES, can_encode, create_writer

if TYPE_CHECKING:
    from asrcli.sources.audio_file import AudioWriter

EXISTS = "exists already; choose another name"


class RecordedSource(SourceWrapper):
    """A source around another one: what is taken from it is also written to a new file, in the format of its suffix.

    The file is created with the first audio, and can be played at any moment, up to at most a second before what was
    taken. An error of the disk is reported once, and the source goes on. Put it outside all wrappers that change the
    audio.

    Attributes:
        failures: Why the file lacks audio; empty as long as it has all that was taken.

    Raises:
        SettingError: the format cannot be written.
        OutputError: the file exists already or cannot be created.
    """

    def __init__(self, source: Source, path: str) -> None:
        super().__init__(source)
        _check_format(path)
        self._name = path
        self._path = _resolved_path(path)
        self._stretches: list[tuple[int, int]] = []  # where audio begins, and its place in the file; in samples
        self.failures: list[OutputError] = []

    @property
    def path(self) -> Path:
        """The file that is written."""
        return self._path

    def file_ms(self, ms: int) -> int:
        """Return where in the file a moment of the source is, in milliseconds; -1 before the first audio.

        The file holds what was sent, without the pauses in which nothing was. Safe from any thread.
        """
        stretches = self._stretches
        position = self.format.samples(ms)
        number = bisect_right(stretches, position, key=lambda stretch: stretch[0]) - 1
        if number < 0:
            return -1
        begin, in_file = stretches[number]
        at = in_file + position - begin
        if number + 1 < len(stretches):  # a moment between two stretches is where the next one begins
            at = min(at, stretches[number + 1][1])
        return self.format.ms(at)

    def chunks(self, start: int) -> Iterator[Chunk | Event]:
        """Yield what the source yields, and a warning if the file must end earlier.

        Raises:
            SourceError: the source cannot be read.
            OutputError: another run has created the file since this one began, and at most one chunk was taken.
        """
        recording = _Recording(self._name, self._path, self.format, self._stretches, self.failures)
        try:
            for item in self._source.chunks(start):
                recording.check()
                yield item
                if isinstance(item, Chunk):  # the consumer has taken the item when it asks for the next one
                    yield from recording.add(item)
            yield from recording.finish()
        except AsrError:
            yield from recording.finish()
            raise
        finally:
            recording.finish()  # the consumer has stopped: nobody reads notices any more


class _Recording:
    """The file of a recording: created with the first audio, closed once."""

    def __init__(
        self,
        name: str,
        path: Path,
        audio_format: Format,
        stretches: list[tuple[int, int]],
        failures: list[OutputError],
    ) -> None:
        self._name = name
        self._failures = failures
        self._path = path
        self._format = audio_format
        self._stretches = stretches
        self._written = 0  # samples in the file
        self._writer: AudioWriter | None = None
        self._closed = False
        self._end = 0  # position after the audio that was written

    def check(self) -> None:
        """Look whether another run has created the file while this one waited for its first audio.

        Raises:
            OutputError: it has. Both would believe that the file is theirs.
        """
        if self._writer is None and not self._closed and os.path.lexists(self._path):
            self._closed = True
            raise OutputError(self._name, EXISTS)

    def add(self, chunk: Chunk) -> list[Notice]:
        """Write a chunk, and return a warning if that fails.

        Raises:
            OutputError: another run creates the file at this very moment.
        """
        if self._closed or not chunk.pcm:
            return []
        try:
            if self._writer is None:
                self._writer = create_writer(self._path, _suffix(self._name), self._format)
                self._end = chunk.position
            self._writer.write(chunk.pcm)
            if not self._stretches or chunk.position != self._end:
                self._stretches.append((chunk.position, self._written))
            self._written += chunk.end - chunk.position
        except FileExistsError:
            self._closed = True
            raise OutputError(self._name, EXISTS) from None
        except OSError as exc:
            with suppress(OSError):  # report the first error only
                self._close()
            return [self._warning(exc)]
        self._end = chunk.end
        return []

    def finish(self) -> list[Notice]:
        """Close the file unless it is closed, and return a warning if that fails."""
        try:
            self._close()
        except OSError as exc:
            return [self._warning(exc)]
        return []

    def _close(self) -> None:
        if self._closed:
            return
        self._closed = True
        if self._writer is not None:
            self._writer.close()

    def _warning(self, exc: OSError) -> Notice:
        reason = system_reason(exc).lower()
        if self._writer is None or not self._path.exists():
            kept = "the audio is not saved"
        else:
            sure_ms = max(0, self._format.ms(self._end) - self._writer.late_ms)
            kept = f"the audio is saved up to {sure_ms / 1000:.1f} s only"
        self._failures.append(OutputError(self._name, f"{kept}: {reason}"))
        return Notice("warning", f"{self._name}: {kept}: {reason}")


def _suffix(name: str) -> str:
    return Path(name).suffix.lower()


def _check_format(name: str) -> None:
    suffix = _suffix(name)
    if suffix not in SUFFIXES:
        known = f"{', '.join(SUFFIXES[:-1])} or {SUFFIXES[-1]}"
        raise SettingError(
            "save_audio", f"{name!r} has no suffix of a format that can be written", f"use one of {known}"
        )
    if not can_encode(suffix):
        raise SettingError("save_audio", f"the PyAV that is installed cannot write {suffix}", f"use {SUFFIXES[0]}")


def _resolved_path(name: str) -> Path:
    """Return where the file will be: of a link, the file that it points to.

    Raises:
        OutputError: it exists already, or cannot be created there.
    """
    try:
        if Path(name).is_symlink() and hasattr(os, "geteuid") and Path(name).lstat().st_uid not in {0, os.geteuid()}:
            raise OutputError(name, "is a link that belongs to somebody else")
        path = Path(os.path.realpath(name))
        about = _status(path)
        if about is not None and stat.S_ISDIR(about.st_mode):
            raise OutputError(name, "is a directory")
        for folder in (Path(name).parent, path.parent):
            if not folder.is_dir():
                raise OutputError(name, f"there is no directory {folder}")
        if about is not None:  # also a device or a pipe: encoders must seek
            raise OutputError(name, EXISTS)
        if not os.access(path.parent, os.W_OK):
            raise OutputError(name, "permission denied")
    except OSError as exc:
        raise OutputError(name, system_reason(exc).lower()) from exc
    return path


def _status(path: Path) -> os.stat_result | None:
    """Return the status of what has this name; None if nothing has. What may not be looked at is an OSError."""
    try:
        return path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return None
