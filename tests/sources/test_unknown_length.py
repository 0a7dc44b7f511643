"""AIFF, Wave64 and AU whose header does not know the length of the samples, or has a wrong one: all are heard."""

import struct
from pathlib import Path

import pytest

from asrcli.core.audio import Chunk
from asrcli.core.events import Event
from asrcli.sources.file import FileSource, native
from asrcli.sources.file_length import measure_file
from tests.sources.reading import RATE, read_named_pipe
from tests.support.media_files import onsets
from tests.support.tone import encoded, silence, tone

SOUND = silence(500) + tone(500) + silence(1500) + tone(500)
BURSTS_MS = [500, 2500]
FILES = [("a.aiff", "pcm_s16be"), ("b.aiff", "pcm_s24be"), ("c.aiff", "pcm_f32be"), ("d.aiff", "pcm_alaw"),
         ("e.aiff", "pcm_s16le"), ("a.w64", "pcm_s16le"), ("b.w64", "pcm_f32le"), ("a.au", "pcm_s16be"),
         ("b.au", "pcm_mulaw"), ("c.au", "pcm_f32be")]  # fmt: skip
LENGTHS = {"none": 0, "unknown": 0xFFFFFFFF, "large": 0x7FFFFFFF, "half": None}


def with_length(path: Path, length: int | None) -> bytes:
    """The file with this length of the samples in its header; None is half of it."""
    data = bytearray(path.read_bytes())
    if path.suffix == ".aiff":
        at = data.index(b"SSND") + 4
        (right,) = struct.unpack_from(">I", data, at)
        struct.pack_into(">I", data, at, right // 2 // 12 * 12 + 8 if length is None else length)
    elif path.suffix == ".au":
        (right,) = struct.unpack_from(">I", data, 8)
        struct.pack_into(">I", data, 8, right // 2 if length is None else length)
    else:
        at = data.index(b"data") + 16
        (right,) = struct.unpack_from("<Q", data, at)
        size = {None: right // 16 * 8, 0: 24}.get(length, 2**63 - 1)
        struct.pack_into("<Q", data, at, size)
    return bytes(data)


def heard(items: list[Chunk | Event]) -> None:
    """All of the sound came, in its place."""
    assert onsets(items, 16000) == [pytest.approx(at, abs=20) for at in BURSTS_MS]
    assert [item.end for item in items if isinstance(item, Chunk)][-1] == pytest.approx(48000, abs=800)


@pytest.mark.parametrize(("name", "codec"), FILES)
@pytest.mark.parametrize("length", LENGTHS)
def test_samples_are_heard_to_the_end_of_the_file(tmp_path: Path, name: str, codec: str, length: str) -> None:
    """Whatever the header says: a recorder that was cut off leaves what it wrote at first."""
    path = encoded(tmp_path / name, codec, SOUND, rate=16000)
    path.write_bytes(with_length(path, LENGTHS[length]))
    heard(list(FileSource(str(path), RATE).chunks(0)))
    assert native(str(path)) == (16000, 1)
    if (name[-3:], length) != (".au", "half"):
        assert measure_file(str(path)).duration_ms == pytest.approx(3000, abs=50)


@pytest.mark.parametrize(("name", "codec"), FILES)
@pytest.mark.parametrize("length", ["none", "unknown", "large"])
def test_a_pipe_is_heard_to_its_end(tmp_path: Path, name: str, codec: str, length: str) -> None:
    """A program that writes into a pipe cannot go back to its header."""
    path = encoded(tmp_path / name, codec, SOUND, rate=16000)
    heard(read_named_pipe(tmp_path / "pipe", with_length(path, LENGTHS[length])))


@pytest.mark.parametrize(("name", "codec"), FILES)
@pytest.mark.parametrize("behind", [b"", b"ID3 and a tag", b"TAG" + bytes(125), b"NAME\0\0\0\4text"])
def test_a_length_that_agrees_with_the_file_is_believed(tmp_path: Path, name: str, codec: str, behind: bytes) -> None:
    """What stands after the samples is no sound."""
    path = encoded(tmp_path / name, codec, SOUND, rate=16000)
    path.write_bytes(path.read_bytes() + behind)
    heard(list(FileSource(str(path), RATE).chunks(0)))


@pytest.mark.parametrize("size", [5, 13, 30, 50, 70, 90, 120])
@pytest.mark.parametrize(("name", "codec"), [("a.aiff", "pcm_s16be"), ("a.w64", "pcm_s16le"), ("a.au", "pcm_s16be")])
def test_a_header_that_is_cut_short_is_refused_in_words(tmp_path: Path, name: str, codec: str, size: int) -> None:
    """And so is one with nonsense in it: no length is made up for it."""
    path = encoded(tmp_path / name, codec, SOUND, rate=16000)
    data = with_length(path, 0)
    path.write_bytes(data[:size])
    assert native(str(path)) in {None, (16000, 1)}
    broken = bytearray(data)
    broken[8:48] = b"\xff" * 40
    path.write_bytes(broken)
    assert native(str(path)) is None
