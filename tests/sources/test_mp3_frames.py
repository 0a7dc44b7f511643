"""An MP3 is known by its first frames: opened at once, with the same sound, and without an index that nobody uses."""

import random
from pathlib import Path

import av
import pytest
from hypothesis import given
from hypothesis import strategies as st

from asrcli.core.audio import Format
from asrcli.sources.exact_reader import HEAD_BYTES
from asrcli.sources.file import FileSource
from asrcli.sources.mp3_frames import demuxer, frame_bytes, is_mp3
from tests.sources.reading import read
from tests.support.tone import encoded, tone

RATE = Format(16000)
RATES = [8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000]


@pytest.mark.parametrize("rate", RATES)
def test_the_frames_are_as_long_as_those_of_the_decoder(tmp_path: Path, rate: int) -> None:
    """Of all three versions of MPEG, whatever the rate; the first may hold a header and no sound."""
    path = encoded(tmp_path / "a.mp3", "libmp3lame", tone(1500, rate), rate, id3v2_version="0")
    data = path.read_bytes()
    with av.open(str(path)) as container:
        sizes = [packet.size for packet in container.demux(audio=0) if packet.size]
    at = len(data) - sum(sizes)
    for size in sizes:
        assert frame_bytes(data[at : at + 4]) == size
        at += size
    assert is_mp3(data)
    assert not is_mp3(data[1:])


@pytest.mark.parametrize(
    ("name", "codec"),
    [("a.aac", "aac"), ("a.mp2", "mp2"), ("a.flac", "flac"), ("a.ac3", "ac3"), ("a.ts", "libmp3lame")],
)
def test_no_other_format_is_taken_for_an_mp3(tmp_path: Path, name: str, codec: str) -> None:
    """Although some of them begin with the same bits, or hold one further on."""
    assert demuxer(encoded(tmp_path / name, codec, tone(1500, 48000)).read_bytes()) == {}


def test_what_does_not_tell_its_size_is_no_frame() -> None:
    """No such version, a rate of bits that is free or that nobody has, no such rate of samples, another layer."""
    assert frame_bytes(b"\xff\xfb\x90\0") == 417
    for head in (
        b"\xff\xeb\x90\0",
        b"\xff\xfb\0\0",
        b"\xff\xfb\xf0\0",
        b"\xff\xfb\x9c\0",
        b"\xff\xfd\x90\0",
        b"\xff\xfb",
    ):
        assert frame_bytes(head) == 0


@given(st.binary(max_size=200), st.booleans())
def test_no_bytes_are_too_strange_to_be_looked_at(data: bytes, sync: bool) -> None:
    """Chance makes no ten frames in a row, and no start is too short."""
    assert not is_mp3(b"\xff\xfb\x90" * sync + data)


@pytest.mark.parametrize("harm", ["none", "zeros", "cut", "junk between", "tag"])
def test_a_known_mp3_has_the_sound_of_an_unknown_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, harm: str
) -> None:
    """Opened by its name or found among all formats: the same samples, the same words about damage, the same length."""
    path = encoded(tmp_path / "a.mp3", "libmp3lame", tone(4000, 44100), 44100)
    data = bytearray(path.read_bytes())
    half = len(data) // 2
    if harm == "zeros":
        data[half : half + 700] = bytes(700)
    elif harm == "cut":
        del data[half:]
    elif harm == "junk between":
        data[half:half] = random.Random(1).randbytes(3000)
    elif harm == "tag":
        data[:0] = b"ID3\4\0\0" + bytes([0, 4, 0, 0]) + bytes(4 << 14)
    path.write_bytes(data)
    known = FileSource(str(path), RATE)
    heard = read(known)
    monkeypatch.setattr("asrcli.sources.mp3_frames.is_mp3", lambda _: False)
    unknown = FileSource(str(path), RATE)
    assert (known.duration_ms, heard) == (unknown.duration_ms, read(unknown))


def test_the_places_of_packets_are_forgotten(tmp_path: Path) -> None:
    """Of ten hours they would be a megabyte, and no seek happens."""
    path = encoded(tmp_path / "a.mp3", "libmp3lame", tone(8000, 44100), 44100, id3v2_version="0", write_xing="0")
    with av.open(str(path), **demuxer(path.read_bytes()[:HEAD_BYTES])) as container:
        packets = sum(packet.size > 0 for packet in container.demux(audio=0))
        assert packets > 300
        assert len(container.streams.audio[0].index_entries) <= 4096 // 24
