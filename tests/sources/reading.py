"""Reads sources to their end, from files and from pipes."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import pairwise
from pathlib import Path
from threading import Event, Thread
from typing import IO

import pytest

from asrcli.core.audio import Chunk, Format
from asrcli.core.events import Event as Told
from asrcli.core.events import Notice
from asrcli.sources.file import FileSource

RATE = Format(16000)


def read(source: FileSource, start: int = 0) -> tuple[list[Chunk], list[Notice]]:
    """The chunks and the notices of a source."""
    items = list(source.chunks(start))
    return [x for x in items if isinstance(x, Chunk)], [x for x in items if isinstance(x, Notice)]


def read_file(path: str) -> list[Chunk | Told]:
    """All that an input gives; no chunk overlaps another."""
    items = list(FileSource(path, RATE).chunks(0))
    chunks = [item for item in items if isinstance(item, Chunk)]
    assert all(before.end <= after.position for before, after in pairwise(chunks))
    return items


def read_named_pipe(path: Path, data: bytes) -> list[Chunk | Told]:
    """All that a named pipe gives into which somebody writes this."""
    os.mkfifo(path)
    writer = Thread(target=path.write_bytes, args=(data,), daemon=True)
    writer.start()
    items = read_file(str(path))
    writer.join()
    return items


@contextmanager
def piped(first: bytes, gate: Event | None = None, then: bytes = b"") -> Iterator[IO[bytes]]:
    """The reading end of a pipe that is written as fast as it is read; what follows waits for the gate."""
    reading, writing = os.pipe()

    def write() -> None:
        with suppress(BrokenPipeError), os.fdopen(writing, "wb") as pipe:  # a reader may have had enough
            pipe.write(first)
            pipe.flush()
            if gate is not None:
                gate.wait(60)
                pipe.write(then)

    thread = Thread(target=write)
    thread.start()
    with os.fdopen(reading, "rb") as file:
        yield file
    thread.join()


def streamed(path: Path, monkeypatch: pytest.MonkeyPatch) -> list[list[Chunk | Told]]:
    """What a file gives from a disk, and what it gives from a pipe."""
    from_disk = list(FileSource(str(path), RATE).chunks(0))
    with piped(path.read_bytes()) as file:
        monkeypatch.setattr(sys, "stdin", file)
        return [from_disk, list(FileSource("-", RATE).chunks(0))]
