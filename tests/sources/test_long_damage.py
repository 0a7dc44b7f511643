"""Damage that is longer than libav searches for a packet, and zeros behind the end of a file."""

from pathlib import Path
from random import Random

import av
import pytest

from asrcli.core.audio import Chunk
from asrcli.core.errors import SourceError
from asrcli.core.events import Event, Notice
from asrcli.sources.file import FileSource
from asrcli.sources.file_length import measure_file
from tests.sources.media_times import gaps, heard
from tests.sources.reading import RATE, read_named_pipe
from tests.sources.spoken_seconds import SECONDS, assert_in_place, recording, tones

SPOKEN_AMR = Path(__file__).parent.parent / "data" / "seconds.amr"
SEARCHED_BYTES = 1 << 16  # how far libav searches for a packet of MPEG-TS or Ogg
SEARCHED = [("a.ts", "aac"), ("b.ts", "mp2"), ("a.ogg", "flac"), ("a.opus", "libopus")]


def harmed(path: Path, begin: float, end: float, inserted: bytes) -> Path:
    """Replace a part of a file by other bytes, as many as are wanted."""
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * begin)] + inserted + data[int(len(data) * end) :])
    return path


@pytest.mark.parametrize("noise", [None, 1], ids=["zeros", "noise"])
@pytest.mark.parametrize(("name", "codec"), SEARCHED)
def test_what_follows_damage_of_any_length_is_in_its_place(
    tmp_path: Path, name: str, codec: str, noise: int | None
) -> None:
    """As blocks of a disk that were never written leave it in a video."""
    size = 5 * SEARCHED_BYTES
    filling = bytes(size) if noise is None else Random(noise).randbytes(size)
    path = harmed(recording(tmp_path / name, codec, 48000), 0.4, 0.55, filling)
    assert assert_in_place(path)
    assert {second for second, _ in tones(heard(path))} >= {0, 1, 6, 7}


@pytest.mark.parametrize(("name", "codec"), [*SEARCHED, ("a.webm", "libopus"), ("a.m4a", "aac"), ("a.flac", "flac")])
def test_zeros_behind_the_end_are_no_sound_and_no_error(tmp_path: Path, name: str, codec: str) -> None:
    """A recorder has reserved more of the disk than it needed."""
    path = harmed(recording(tmp_path / name, codec, 48000), 1, 1, bytes(5 * SEARCHED_BYTES))
    assert measure_file(str(path)).duration_ms == pytest.approx(SECONDS * 1000, abs=100)
    items = heard(path)
    assert not gaps(items)
    assert not [item for item in items if isinstance(item, Notice)]
    assert [second for second, _ in tones(items)] == list(range(SECONDS))


PADDED = [("a.mp3", "libmp3lame", 48000), ("a.ac3", "ac3", 48000), ("a.mp2", "mp2", 48000), ("a.eac3", "eac3", 48000)]


@pytest.mark.parametrize(("name", "codec", "rate"), PADDED)
def test_zeros_behind_packets_without_times_are_not_lost_sound(
    tmp_path: Path, name: str, codec: str, rate: int
) -> None:
    """Nobody knows how long the recording was: the zeros are named, and are not half a minute that is lost."""
    path = harmed(recording(tmp_path / name, codec, rate), 1, 1, bytes(5 * SEARCHED_BYTES))
    items = heard(path)
    ends_ms = [gap.end_ms for gap in gaps(items)]
    assert max(ends_ms, default=0) <= SECONDS * 1000 + 100
    assert [second for second, _ in tones(items)] == list(range(SECONDS))
    assert "ends with zeros" in str([item.text for item in items if isinstance(item, Notice)])


def test_zeros_behind_an_amr_are_not_lost_sound(tmp_path: Path) -> None:
    """Each zero would be a packet of the lowest rate."""
    path = tmp_path / "a.amr"
    path.write_bytes(SPOKEN_AMR.read_bytes() + bytes(SEARCHED_BYTES))
    items = heard(path)
    assert not gaps(items)
    assert len(list(tones(items))) == SECONDS
    assert "ends with zeros" in str([item.text for item in items if isinstance(item, Notice)])


def test_zeros_in_the_middle_of_a_raw_stream_are_lost_sound(tmp_path: Path) -> None:
    """What follows them shows that they were sound."""
    path = recording(tmp_path / "a.mp3", "libmp3lame", 48000)
    size = path.stat().st_size
    assert assert_in_place(harmed(path, 0.4, 0.6, bytes(int(size * 0.6) - int(size * 0.4))))


def test_zeros_in_place_of_opus_are_damage(tmp_path: Path) -> None:
    """A decoder makes silence of them, but no encoder has written them, and the container says that there was sound."""
    path = recording(tmp_path / "a.mp4", "libopus", 48000)
    data = bytearray(path.read_bytes())
    with av.open(str(path)) as container:
        for packet in container.demux(audio=0):
            if packet.pts is None or packet.pos is None or packet.time_base is None:
                continue
            if 3 <= float(packet.pts * packet.time_base) < 5:
                data[packet.pos : packet.pos + packet.size] = bytes(packet.size)
    path.write_bytes(data)
    (gap,) = assert_in_place(path)
    assert gap.begin_ms == pytest.approx(3000, abs=50)
    assert gap.end_ms == pytest.approx(5000, abs=50)
    assert "could not be decoded" in gap.reason


@pytest.mark.parametrize("rest", [b"APETAGEX" + b"tag " * 50, bytes(5 * SEARCHED_BYTES)], ids=["tag", "zeros"])
def test_what_is_behind_all_the_promised_sound_is_no_error(tmp_path: Path, rest: bytes) -> None:
    """The head of a WavPack says how much there is. In a pipe nobody sees that a tag is at the end before it comes."""
    path = harmed(recording(tmp_path / "a.wv", "wavpack"), 1, 1, rest)
    assert not assert_in_place(path)
    items = read_named_pipe(tmp_path / "pipe.wv", path.read_bytes())
    assert [second for second, _ in tones(items)] == list(range(SECONDS))


def test_what_can_be_read_before_an_error_is_heard(tmp_path: Path) -> None:
    """The error comes after it, and measuring the file does not end the run before it has begun."""
    path = harmed(recording(tmp_path / "a.wv", "wavpack"), 0.7, 0.71, b"x" * 1000)
    chunks = FileSource(str(path), RATE).chunks(0)
    found = list[Chunk | Event]()
    with pytest.raises(SourceError, match="cannot be read any further"):
        found.extend(iter(lambda: next(chunks), None))
    assert [second for second, _ in tones(found)][:4] == [0, 1, 2, 3]


@pytest.mark.parametrize(("name", "codec"), [("a.opus", "libopus"), ("a.ogg", "flac")])
def test_a_damaged_title_of_an_ogg_is_no_reason_to_refuse_its_sound(tmp_path: Path, name: str, codec: str) -> None:
    """The checksum of its page is wrong then, and libav would not even open the file."""
    path = recording(tmp_path / name, codec, 48000)
    data = path.read_bytes()
    at = data.index(b"Lavf")  # in the comment of the writer
    path.write_bytes(data[:at] + b"\xe9\xb1\xe8\xff" + data[at + 4 :])
    assert not assert_in_place(path)
