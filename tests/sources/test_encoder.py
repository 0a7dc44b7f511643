"""The files of encoders: what is in them, and that they play at any moment, whatever ends the program."""

import shutil
import signal
import subprocess
import sys
import wave
from pathlib import Path
from unittest.mock import Mock

import pytest
from av.codec.codec import UnknownCodecError

from asrcli.core.audio import Format
from asrcli.core.errors import UsageError
from asrcli.sources import encoded_writer
from asrcli.sources.encoder import SUFFIXES, WavWriter
from asrcli.sources.recorder import RecordedSource
from tests.support.recordings import LAST_MS, Given, decoded, length_ms, pieces, promised_ms, same, spoken
from tests.support.tone import tone

# Reads PCM, and says how many chunks are in the file before it reads on.
CHILD = """
import sys
from types import SimpleNamespace
from asrcli.core.audio import Chunk, Format
from asrcli.sources.recorder import RecordedSource

def chunks(start):
    size = given.format.samples(100)
    while pcm := sys.stdin.buffer.read(2 * size):
        yield Chunk(start, pcm)
        start += size
        print(start, flush=True)

given = SimpleNamespace(name="", begin_ms=0, speaker="", realtime=False, audio_format="pcm", chunks=chunks)
given.format = Format(int(sys.argv[2]))
for _ in RecordedSource(given, sys.argv[1]).chunks(0):
    pass
"""


@pytest.mark.parametrize("rate", [8000, 16000])
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_what_is_taken_is_in_the_file(tmp_path: Path, suffix: str, rate: int) -> None:
    """All of it and in its place: WAV and FLAC to the bit, the others in length and loudness."""
    path = tmp_path / f"talk{suffix}"
    assert list(RecordedSource(Given(pieces(spoken(rate), rate), rate), str(path)).chunks(0)) == pieces(
        spoken(rate), rate
    )
    assert same(path, spoken(rate), rate)
    assert promised_ms(path) == {".mp3": None, ".opus": 4043}.get(suffix, 4037)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_the_file_plays_at_any_moment(tmp_path: Path, suffix: str) -> None:
    """What is on the disk between two chunks is a file that lacks at most the last second."""
    path, now = tmp_path / f"talk{suffix}", tmp_path / f"now{suffix}"
    for taken, _ in enumerate(RecordedSource(Given(pieces(tone(4000))), str(path)).chunks(0)):
        if taken * 100 > LAST_MS:
            shutil.copy(path, now)
            assert taken * 100 - LAST_MS <= length_ms(now) <= taken * 100 + 100
    assert taken == 39


@pytest.mark.parametrize("rate", [8000, 16000])
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_killed_program_leaves_a_file_that_plays(tmp_path: Path, suffix: str, rate: int) -> None:
    """A kill -9 in the middle costs the last second at most, and a WAV tells its right length."""
    path, pcm = tmp_path / f"talk{suffix}", tone(3000, rate)
    command = [sys.executable, "-c", CHILD, str(path), str(rate)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        child.stdin.write(pcm)
        while int(child.stdout.readline()) < len(pcm) // 2:
            pass
        child.kill()
    assert child.returncode == -signal.SIGKILL
    assert 3000 - LAST_MS <= length_ms(path, rate) <= 3100
    if suffix == ".wav":
        with wave.open(str(path)) as file:
            assert pcm == file.readframes(file.getnframes())


def test_a_wav_does_not_outgrow_its_sizes(tmp_path: Path) -> None:
    """They have four bytes: after that the file is full, as a disk can be."""
    writer = WavWriter(tmp_path / "a.wav", Format(16000), limit_bytes=6400)
    writer.write(tone(200))
    with pytest.raises(OSError, match="too large"):
        writer.write(tone(10))
    writer.close()
    assert decoded(tmp_path / "a.wav", 16000) == tone(200)


def test_a_format_that_was_built_out_of_pyav_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Some systems ship it without LAME; WAV needs nothing of it."""
    unknown = UnknownCodecError("libmp3lame")
    monkeypatch.setattr(encoded_writer, "Codec", Mock(side_effect=unknown))
    with pytest.raises(UsageError, match=r"cannot write \.mp3; use \.wav"):
        RecordedSource(Given([]), str(tmp_path / "a.mp3"))
    RecordedSource(Given([]), str(tmp_path / "a.wav"))
