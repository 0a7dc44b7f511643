"""A source whose audio is also kept in a file, up to the last chunk that was taken. It changes nothing of it."""

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from asrcli.core.audio import Chunk, Format
from asrcli.core.errors import AsrError, OutputError, UsageError, system_reason
from asrcli.core.events import Event, Notice
from asrcli.core.interfaces import Source, SourceWrapper
from asrcli.sources.encoder import SUFFIXES, AudioWriter, can_encode, create_writer


class RecordedSource(SourceWrapper):
    """A source that writes what is taken of it to a new file, in the format of the name's ending.

    The file is made with the first audio. It is playable at any moment, to at most a second before what was taken. What
    cannot be written is told once, and the source goes on. Belongs outside of all that changes the audio.

    Raises:
        UsageError: a format that cannot be written.
        OutputError: the name is taken, or there can be no such file.
    """

    def __init__(self, source: Source, path: str) -> None:
        super().__init__(source)
        _check_format(path)
        self._path, self._place = path, _place(path)

    def chunks(self, start: int) -> Iterator[Chunk | Event]:
        """All that the source has, and a warning where the file must end before it.

        Raises:
            SourceError: as the source does.
        """
        copy = _Recording(self._path, self._place, self.format)
        try:
            for item in self._source.chunks(start):
                yield item
                if isinstance(item, Chunk):  # whoever asks for more has taken it
                    yield from copy.add(item)
            yield from copy.finish()
        except AsrError:
            yield from copy.finish()
            raise
        finally:
            copy.finish()  # nobody listens any more


class _Recording:
    """The file: not there before there is audio, closed once."""

    def __init__(self, name: str, path: Path, audio_format: Format) -> None:
        self._name, self._path, self._format = name, path, audio_format
        self._writer: AudioWriter | None = None
        self._closed = False
        self._end = 0  # of what was given to the writer, on the run's timeline

    def add(self, chunk: Chunk) -> list[Notice]:
        """Write one more chunk; what there is to say about that."""
        if self._closed or not chunk.pcm:
            return []
        try:
            if self._writer is None:
                self._writer = create_writer(self._path, _suffix(self._name), self._format)
                self._end = chunk.position
            self._writer.write(chunk.pcm)
        except OSError as exc:
            with suppress(OSError):  # the first error is the one to tell
                self._close()
            return [self._lost(exc)]
        self._end = chunk.end
        return []

    def finish(self) -> list[Notice]:
        """Close the file, where that is still to be done."""
        try:
            self._close()
        except OSError as exc:
            return [self._lost(exc)]
        return []

    def _close(self) -> None:
        closed, self._closed = self._closed, True
        if self._writer is not None and not closed:
            self._writer.close()

    def _lost(self, exc: OSError) -> Notice:
        reason = system_reason(exc).lower()
        if self._writer is None or not self._path.exists():
            return Notice("warning", f"{self._name}: the audio is not saved: {reason}")
        sure_ms = max(0, self._format.ms(self._end) - self._writer.late_ms)
        return Notice("warning", f"{self._name}: the audio is saved up to {sure_ms / 1000:.1f} s only: {reason}")


def _suffix(name: str) -> str:
    return Path(name).suffix.lower()


def _check_format(name: str) -> None:
    suffix = _suffix(name)
    if suffix not in SUFFIXES:
        known = f"{', '.join(SUFFIXES[:-1])} or {SUFFIXES[-1]}"
        raise UsageError(f"--save-audio: {name!r} names no format that can be written", f"let it end in {known}")
    if not can_encode(suffix):
        raise UsageError(f"--save-audio: the PyAV that is installed cannot write {suffix}", f"use {SUFFIXES[0]}")


def _place(name: str) -> Path:
    """Where the file will be: a link stays a link, and what it points to is made. Refuses what cannot work later."""
    try:
        if Path(name).is_symlink() and hasattr(os, "geteuid") and Path(name).lstat().st_uid not in {0, os.geteuid()}:
            raise OutputError(name, "is a link that belongs to somebody else")
        path = Path(os.path.realpath(name))
        if path.is_dir():
            raise OutputError(name, "is a directory")
        for folder in (Path(name).parent, path.parent):
            if not folder.is_dir():
                raise OutputError(name, f"there is no directory {folder}")
        if os.path.lexists(path):  # a device or a pipe too: what cannot be gone back in holds no such file
            raise OutputError(name, "exists already; choose another name")
        if not os.access(path.parent, os.W_OK):
            raise OutputError(name, "permission denied")
    except OSError as exc:
        raise OutputError(name, system_reason(exc).lower()) from exc
    return path
