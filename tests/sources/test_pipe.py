"""The temporary copy of a pipe that a decoder cannot read from its beginning to its end."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Thread
from typing import IO, Any

import pytest

from asrcli.core.errors import SourceError
from asrcli.sources.pipe import PipeReader


@contextmanager
def piped(data: bytes) -> Iterator[PipeReader]:
    """A pipe in which somebody writes these bytes."""
    reading, writing = os.pipe()

    def write() -> None:
        with suppress(BrokenPipeError), os.fdopen(writing, "wb", 0) as pipe:
            pipe.write(data)

    writer = Thread(target=write)
    writer.start()
    try:
        yield PipeReader(reading)
    finally:
        os.close(reading)
        writer.join(60)


def test_a_copy_is_what_came_through_the_pipe() -> None:
    """Also what was read of it before; what is longer than its limit is no copy."""
    data = os.urandom(200_000)
    with piped(data) as pipe:
        assert pipe.read(10) == data[:10]
        copy = pipe.spooled("-")
        assert copy is not None
        with copy:
            assert copy.read() == data
    with piped(data) as pipe:
        assert pipe.spooled("-", 100_000) is None


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
@pytest.mark.parametrize("size", [100, 200_000], ids=["at the end", "on the way"])
def test_where_there_is_no_room_for_a_copy_is_said(monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    """It is not the pipe that cannot be read; the line says what can be done."""
    monkeypatch.setattr(tempfile, "tempdir", "/somewhere")
    with Path("/dev/full").open("r+b", buffering=0) as device, piped(b"x" * size) as pipe:
        full = BufferedDevice(device)
        monkeypatch.setattr(tempfile, "TemporaryFile", lambda: full)
        with pytest.raises(SourceError) as caught:
            pipe.spooled("standard input")
        assert full.closed
    assert str(caught.value) == (
        "standard input: has to be copied to /somewhere, which cannot be written: no space left on device; "
        "set TMPDIR to a folder with room"
    )


def test_a_missing_folder_for_temporary_files_is_named_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """It cannot be created there at all."""

    def fails() -> Any:
        raise FileNotFoundError(2, "No usable temporary directory found")

    monkeypatch.setattr(tempfile, "TemporaryFile", fails)
    monkeypatch.setattr(tempfile, "tempdir", None)
    with (
        piped(b"x") as pipe,
        pytest.raises(SourceError, match="a temporary folder, which cannot be written: no folder for"),
    ):
        pipe.spooled("-")


class BufferedDevice:
    """A file with a buffer, as temporary files have: the last bytes are written when it is sought or closed."""

    def __init__(self, raw: IO[bytes]) -> None:
        self._raw = raw
        self._held = b""
        self.closed = False

    def write(self, data: bytes) -> int:
        """Hold up to 8 KB."""
        self._held += data
        if len(self._held) > 8192:
            self.seek(0)
        return len(data)

    def seek(self, _: int) -> None:
        """Write what is held."""
        self._raw.write(self._held)

    def close(self) -> None:
        """Write what is held, too."""
        self.closed = True
        self.seek(0)
