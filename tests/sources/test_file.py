"""Files and pipes: any container and rate in, mono PCM at the asked rate out, and each mistake by its name."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread
from typing import IO

import pytest

from asrcli.audio import Chunk, Format
from asrcli.errors import SourceError
from asrcli.events import Notice
from asrcli.sources.file import FileSource
from tests.support.tone import encoded, loudness, mute_video, silence, tone, wav

RATE = Format(16000)


def read(source: FileSource, start: int = 0) -> tuple[list[Chunk], list[Notice]]:
    """The chunks and the notices of a source."""
    items = list(source.chunks(start))
    return [x for x in items if isinstance(x, Chunk)], [x for x in items if isinstance(x, Notice)]


@contextmanager
def piped(first: bytes, gate: Event | None = None, then: bytes = b"") -> Iterator[IO[bytes]]:
    """The reading end of a pipe that is written as fast as it is read; what follows waits for the gate."""
    reading, writing = os.pipe()

    def write() -> None:
        with os.fdopen(writing, "wb") as pipe:
            pipe.write(first)
            pipe.flush()
            if gate is not None:
                gate.wait(20)
                pipe.write(then)

    thread = Thread(target=write)
    thread.start()
    with os.fdopen(reading, "rb") as file:
        yield file
    thread.join()


@pytest.mark.parametrize("rate", [8000, 11025, 16000, 22050, 44100, 48000])
def test_any_rate_becomes_the_asked_rate(tmp_path: Path, rate: int) -> None:
    """A second stays a second, at every rate, within one chunk."""
    source = FileSource(str(wav(tmp_path / "a.wav", tone(1000, rate), rate)), RATE)
    chunks, _ = read(source)
    assert source.duration_ms == 1000
    assert abs(chunks[-1].end - 16000) <= 32
    assert loudness(b"".join(chunk.pcm for chunk in chunks)) == pytest.approx(0.21, abs=0.01)


def test_stereo_is_mixed_and_not_interleaved(tmp_path: Path) -> None:
    """Two channels do not become twice the time."""
    mono = tone(500)
    left_right = b"".join(mono[at : at + 2] * 2 for at in range(0, len(mono), 2))
    chunks, _ = read(FileSource(str(wav(tmp_path / "a.wav", left_right, channels=2)), RATE))
    assert chunks[-1].end == 8000


@pytest.mark.parametrize(
    ("name", "codec"),
    [("a.flac", "flac"), ("a.mp3", "libmp3lame"), ("a.ogg", "libopus"), ("a.webm", "libopus"), ("a.m4a", "aac")],
)
def test_containers_are_decoded(tmp_path: Path, name: str, codec: str) -> None:
    """The usual formats come out as long as they went in, give or take the padding of their codec."""
    chunks, _ = read(FileSource(str(encoded(tmp_path / name, codec, tone(2000, 48000))), RATE))
    assert abs(RATE.ms(chunks[-1].end) - 2000) < 120
    assert loudness(b"".join(chunk.pcm for chunk in chunks)) == pytest.approx(0.21, abs=0.03)


def test_positions_go_on_from_the_start(tmp_path: Path) -> None:
    """Chunks are 100 ms, back to back, from the position the run has reached."""
    chunks, _ = read(FileSource(str(wav(tmp_path / "a.wav", tone(250))), RATE), start=160)
    assert [(chunk.position, chunk.samples) for chunk in chunks] == [(160, 1600), (1760, 1600), (3360, 800)]


def test_a_damaged_packet_is_skipped_and_told(tmp_path: Path) -> None:
    """One bad packet ends neither the file nor the truth."""
    path = encoded(tmp_path / "a.mp3", "libmp3lame", tone(3000, 48000))
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 600] = b"\xff" * 600
    path.write_bytes(data)
    chunks, notices = read(FileSource(str(path), RATE))
    assert RATE.ms(chunks[-1].end) > 2500
    assert "damaged" in notices[0].text


@pytest.mark.parametrize("name", ["a.wav", "a.ogg", "a.m4a"])
def test_standard_input_takes_a_container(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """A pipe cannot be sought: what needs its end first (m4a) goes through a temporary file."""
    codecs = {"a.wav": "pcm_s16le", "a.ogg": "libopus", "a.m4a": "aac"}
    path = encoded(tmp_path / name, codecs[name], tone(1500, 48000))
    with piped(path.read_bytes()) as file:
        monkeypatch.setattr(sys, "stdin", file)
        chunks, _ = read(FileSource("-", RATE))
    assert abs(RATE.ms(chunks[-1].end) - 1500) < 120


def test_a_pipe_is_read_as_it_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first chunk is there before the pipe ends: nothing waits for more than it needs."""
    header = b"RIFF\xff\xff\xff\xffWAVEfmt \x10\0\0\0\x01\0\x01\0\x80\x3e\0\0\0\x7d\0\0\x02\0\x10\0data\xff\xff\xff\xff"
    first_out = Event()
    with piped(header + tone(6000), first_out, tone(300)) as file:
        monkeypatch.setattr(sys, "stdin", file)
        chunks = FileSource("-", RATE).chunks(0)
        assert isinstance(next(chunks), Chunk)
        first_out.set()
        rest = [chunk for chunk in chunks if isinstance(chunk, Chunk)]
    assert RATE.ms(rest[-1].end) == 6300


def test_silence_is_audio(tmp_path: Path) -> None:
    """A quiet file is no error here: the service decides what it hears."""
    chunks, _ = read(FileSource(str(wav(tmp_path / "a.wav", silence(300))), RATE))
    assert chunks[-1].end == 4800


def test_mistakes_are_named_before_anyone_is_called(tmp_path: Path) -> None:
    """Each wrong path says what is wrong with it when the source is made."""
    (tmp_path / "text.wav").write_text("no audio at all, but a good deal of text in its place\n" * 30)
    (tmp_path / "empty.wav").touch()
    mute_video(tmp_path / "mute.mp4")
    reasons = {
        tmp_path / "none.wav": "no such file",
        tmp_path: "is a directory",
        tmp_path / "empty.wav": "is an empty file",
        tmp_path / "text.wav": "is not audio or video",
        tmp_path / "mute.mp4": "has no sound",
    }
    for path, reason in reasons.items():
        with pytest.raises(SourceError, match=reason):
            FileSource(str(path), RATE)
    with pytest.raises(SourceError, match="address"):
        FileSource("https://example.com/a.wav", RATE)


def test_a_file_with_no_samples_holds_no_audio(tmp_path: Path) -> None:
    """A header alone is not a transcript of nothing."""
    with pytest.raises(SourceError, match="holds no audio"):
        read(FileSource(str(wav(tmp_path / "a.wav", b"")), RATE))
