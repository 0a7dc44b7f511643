"""Addresses and pipes: live streams, streams that stall, and callers that stop waiting."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from threading import Event
from time import monotonic

import pytest

from asrcli.core.audio import Chunk
from asrcli.core.errors import SourceError
from asrcli.sources.blocking_calls import call_with_timeout, iterate_with_timeout
from asrcli.sources.file import FileSource
from tests.sources.reading import RATE, piped, read
from tests.sources.web_server import answer_with, serving
from tests.support.tone import encoded, tone, wav

PATIENCE_S = 0.6
LATEST_S = 60.0  # far more than the patience, far less than forever


@pytest.mark.parametrize("scheme", ["http", "rtsp", "rtmp"])
def test_an_address_that_never_answers_is_named_in_time(scheme: str) -> None:
    """It is the source that has nothing to give, and not the service: its error says so, in bounded time."""
    began = monotonic()
    with serving(lambda _: None) as port:
        url = f"{scheme}://127.0.0.1:{port}/talk"
        with pytest.raises(SourceError, match=rf"127.0.0.1:{port}/talk: no data for 1 s"):
            read(FileSource(url, RATE, timeout_s=PATIENCE_S))
    assert monotonic() - began < LATEST_S


def test_an_address_that_stalls_is_heard_as_far_as_it_goes_and_named(tmp_path: Path) -> None:
    """Half a file, and then nothing: the half is heard, and the error says what happened."""
    data = encoded(tmp_path / "a.flac", "flac", tone(8000, 16000), 16000).read_bytes()
    promising = f"Content-Length: {len(data)}"
    with serving(answer_with(data[: len(data) // 2], promising, length=False, hang=True)) as port:
        source = FileSource(f"http://127.0.0.1:{port}/a.flac", RATE, timeout_s=3)  # the half comes before, at any load
        chunks: list[Chunk] = []
        with pytest.raises(SourceError, match=r"a\.flac: no data for 3 s"):
            chunks.extend(item for item in source.chunks(0) if isinstance(item, Chunk))
    assert RATE.ms(chunks[-1].end) > 2000


def test_pipes_and_streams_are_realtime_sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pipes and streams do; files wait to be read, on a disk, behind standard input and behind http with a length."""
    path = encoded(tmp_path / "a.flac", "flac", tone(2000, 16000), 16000)
    assert not FileSource(str(path), RATE).realtime
    with path.open("rb") as file:
        monkeypatch.setattr(sys, "stdin", file)
        assert not FileSource("-", RATE).realtime
    with piped(b"") as pipe:
        monkeypatch.setattr(sys, "stdin", pipe)
        assert FileSource("-", RATE).realtime
    os.mkfifo(tmp_path / "fifo")
    assert FileSource(str(tmp_path / "fifo"), RATE).realtime
    assert FileSource("rtsp://127.0.0.1:9/a", RATE).realtime
    assert FileSource("rtmp://127.0.0.1:9/a", RATE).realtime
    with serving(answer_with(path.read_bytes())) as port:
        source = FileSource(f"http://127.0.0.1:{port}/a.flac", RATE, timeout_s=LATEST_S)
        assert (source.realtime, source.duration_ms) == (False, 2000)
        chunks, _ = read(source)
        assert RATE.ms(chunks[-1].end) == 2000
    with serving(answer_with(path.read_bytes(), length=False)) as port:
        source = FileSource(f"http://127.0.0.1:{port}/a.flac", RATE, timeout_s=LATEST_S)
        assert source.realtime
        chunks, _ = read(source)
        assert RATE.ms(chunks[-1].end) == 2000


def test_whoever_waits_may_leave_at_any_time() -> None:
    """A reader that hangs is left behind: closing what it reads for takes no time."""
    hung, gave, woke = Event(), Event(), Event()

    def hanging() -> Iterator[int]:
        yield 1
        gave.set()
        hung.wait(LATEST_S)
        woke.set()

    items = iterate_with_timeout(hanging, "a", 60)
    assert next(items) == 1
    assert gave.wait(60)
    items.close()  # type: ignore[attr-defined]
    assert not woke.is_set()
    hung.set()


def test_what_a_reader_says_arrives_in_order_with_its_error() -> None:
    """All items, then the error; and what makes nothing in time is an error of its name."""

    def failing() -> Iterator[int]:
        yield from range(200)
        raise SourceError("a", "is gone")

    seen: list[int] = []
    with pytest.raises(SourceError, match="a: is gone"):
        seen.extend(iterate_with_timeout(failing, "a", LATEST_S))
    assert seen == list(range(200))
    assert call_with_timeout(lambda: 7, "a", LATEST_S) == 7
    hung = Event()
    with pytest.raises(SourceError, match="b: no data for 0 s"):
        call_with_timeout(lambda: hung.wait(LATEST_S), "b", 0.1)
    hung.set()


def test_files_are_files_whatever_they_are_called(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only what begins with a supported scheme and two slashes opens the network."""
    monkeypatch.chdir(tmp_path)
    sounds = {
        ".mp3": encoded(tmp_path / "plain.mp3", "libmp3lame", tone(500, 44100), 44100).read_bytes(),
        ".wav": wav(tmp_path / "plain.wav", tone(500)).read_bytes(),
    }
    Path("http:").mkdir()
    names = [
        *(b"2026-11-25T09:30:00", b"file:short", b"http:talk", b"http:/x", b"concat:a|b", b"%05d", b"caf\xe9", b"a\nb"),
        *(b"rtsp:x", b"data:,x", b"pipe:0", b"-dash", b"subfile,,start,0,end,1,,:x"),
    ]
    for name in names:
        for suffix, data in sounds.items():
            path = os.fsdecode(name) + suffix
            Path(path).write_bytes(data)
            chunks, _ = read(FileSource(path, RATE))
            assert abs(RATE.ms(chunks[-1].end) - 500) < 120, name
    with pytest.raises(SourceError, match="no such file"):
        FileSource("http:/y.mp3", RATE)
