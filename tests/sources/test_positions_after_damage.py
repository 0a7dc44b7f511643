"""After damage, sound is where it was in the whole file, or a gap covers that place. Each second has its own tone."""

import re
import shutil
import struct
import subprocess
from itertools import pairwise
from pathlib import Path
from random import Random

import av
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from asrcli.core.audio import Chunk
from asrcli.core.errors import SourceError
from asrcli.core.events import Gap
from asrcli.sources.audio_positions import DAMAGED
from asrcli.sources.file import FileSource
from asrcli.sources.file_length import measure_file
from asrcli.sources.frame_sizes import AmrDamage
from tests.sources.reading import RATE
from tests.sources.spoken_seconds import NEAR_MS, SECONDS, assert_in_place, recording, spoken
from tests.support.media_files import write_media
from tests.support.tone import encoded, tone, wav

SPOKEN_AMR = Path(__file__).parent.parent / "data" / "seconds.amr"  # what `spoken` returns: not every PyAV encodes AMR

# The length of a hole in a raw stream is known by its bytes alone.
KINDS = [("a.ogg", "flac", NEAR_MS), ("a.opus", "libopus", NEAR_MS), ("a.flac", "flac", NEAR_MS), ("a.aac", "aac", 250),
         ("a.mp3", "libmp3lame", NEAR_MS), ("a.avi", "libmp3lame", 100),
         ("b.avi", "pcm_s16le", 70), ("a.wv", "wavpack", NEAR_MS), ("a.tta", "tta", NEAR_MS)]  # fmt: skip


@pytest.mark.parametrize(("name", "codec", "near_ms"), KINDS)
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(at=st.floats(0.25, 0.6), share=st.floats(0.05, 0.2), noise=st.none() | st.integers(0, 1000))
def test_what_follows_damage_is_in_its_place(
    tmp_path: Path, name: str, codec: str, near_ms: int, at: float, share: float, noise: int | None
) -> None:
    """Zeros, as a download that was cut off leaves them, or noise."""
    path = tmp_path / name
    if not path.exists():
        recording(path, codec)
    data = bytearray(path.read_bytes())
    begin, size = int(len(data) * at), int(len(data) * share)
    data[begin : begin + size] = bytes(size) if noise is None else Random(noise).randbytes(size)
    harmed = tmp_path / f"harmed-{name}"
    harmed.write_bytes(data)
    try:
        gaps = assert_in_place(harmed, near_ms, 70 * (codec == "pcm_s16le"))
    except SourceError as exc:  # an error is no silence either
        assert "cannot be read any further" in str(exc)  # noqa: PT017  not every damage is one
        return
    assert gaps


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(at=st.floats(0.25, 0.6), share=st.floats(0.05, 0.2), noise=st.none() | st.integers(0, 1000))
def test_what_follows_damage_of_an_amr_is_near_its_place(
    tmp_path: Path, at: float, share: float, noise: int | None
) -> None:
    """Decoders make sound of anything, and take zeros for packets of the lowest rate: they are known by their heads.

    A head has one byte, so now and then noise is taken for a packet, of another length than was there.
    """
    data = bytearray(SPOKEN_AMR.read_bytes())
    begin, size = int(len(data) * at), int(len(data) * share)
    data[begin : begin + size] = bytes(size) if noise is None else Random(noise).randbytes(size)
    harmed = tmp_path / "harmed.amr"
    harmed.write_bytes(data)
    assert assert_in_place(harmed, 150, unseen_ms=60)


def test_amr_is_heard_again_in_another_mode_after_damage() -> None:
    """An encoder may change it there. One packet alone is chance."""
    damage = AmrDamage()
    good, other, none = bytes([0x3C, 1]), bytes([0x24, 1]), bytes([0x83, 1])
    packets = [good, other, good, none, good, none, bytes([0x0C, 1]), none, bytes([0x14, 1]), bytes([0x14, 2]), other]
    assert [damage.is_in(packet) for packet in packets] == [
        False, False, False, True, False, True, True, True, True, False, False,
    ]  # fmt: skip
    assert damage.is_in(bytes(13))
    assert [AmrDamage().is_in(packet) for packet in (other, bytes([0x7C]), bytes([0x54, 1]))] == [False, False, True]


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="ffmpeg is not installed")
@pytest.mark.parametrize("codec", ["libvorbis", "libspeex", "libopus"])
def test_the_last_page_of_an_ogg_stays_where_it_is(tmp_path: Path, codec: str) -> None:
    """Behind a damaged one, libav counts on from where it was, and makes its last packet as long as the hole."""
    sound, path = wav(tmp_path / "a.wav", spoken(16000)), tmp_path / "a.ogg"
    command = ("ffmpeg", "-v", "error", "-i", sound, "-c:a", codec, "-page_duration", "1000000", path)
    if subprocess.run(list(map(str, command)), check=False).returncode:
        pytest.skip(f"this ffmpeg has no {codec}")
    data = bytearray(path.read_bytes())
    pages = [found.start() for found in re.finditer(b"OggS", data)]
    damaged = (pages[-3] + pages[-2]) // 2, (pages[-2] + pages[-1]) // 2
    for place in damaged:
        data[place] ^= 0xFF
    path.write_bytes(data)
    assert assert_in_place(path)


@pytest.fixture(scope="module")
def dts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The seconds as raw DTS, which PyAV does not write."""
    folder = tmp_path_factory.mktemp("dts")
    sound = wav(folder / "a.wav", spoken(48000), 48000)
    made = ("ffmpeg", "-v", "error", "-i", sound, "-ac", "2", "-c:a", "dca", "-strict", "-2", folder / "a.dts")
    subprocess.run(list(map(str, made)), check=True)
    return folder / "a.dts"


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="ffmpeg is not installed")
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(at=st.floats(0.02, 0.6), share=st.floats(0.05, 0.2), noise=st.none() | st.integers(0, 1000))
def test_what_follows_damage_of_a_dts_is_in_its_place(
    tmp_path: Path, dts: Path, at: float, share: float, noise: int | None
) -> None:
    """Its parser makes one packet of all that is damaged, and the frame in front; the length is counted too."""
    data = bytearray(dts.read_bytes())
    begin, size = int(len(data) * at), int(len(data) * share)
    data[begin : begin + size] = bytes(size) if noise is None else Random(noise).randbytes(size)
    path = tmp_path / "a.dts"
    path.write_bytes(data)
    assert assert_in_place(path, unseen_ms=20)
    assert measure_file(str(path), trusting=False).duration_ms == pytest.approx(SECONDS * 1000, abs=NEAR_MS)


@pytest.mark.parametrize("codec", ["libmp3lame", "ac3", "pcm_s16le"])
@pytest.mark.parametrize(
    ("index", "pictures"),
    [("whole", False), ("whole", True), ("of the file", True), ("cut off", False), ("of another file", False)],
)
def test_an_avi_is_in_place_after_each_damage(tmp_path: Path, codec: str, index: str, pictures: bool) -> None:
    """By its index, or where that is missing or wrong by the bytes; a place that is whole has no gap."""
    path = write_media(tmp_path / "a.avi", codec, [(0, spoken(48000))], length_ms=8000 * pictures)
    data = bytearray(path.read_bytes())
    movi, found = data.find(b"movi"), data.find(b"idx1")
    for at in range(found + 8, len(data) - 15, 16):
        (offset,) = struct.unpack_from("<I", data, at + 8)
        if index == "of the file":
            struct.pack_into("<I", data, at + 8, offset + movi)
        elif index == "of another file":
            struct.pack_into("<I", data, at + 8, offset + 3)
    if index == "cut off":
        del data[found:]
    size = found - movi
    for begin, share in ((0.2, 0.1), (0.5, 0.12), (0.8, 0.08)):
        first, last = movi + int(begin * size), movi + int((begin + share) * size)
        data[first:last] = bytes(last - first)
    path.write_bytes(data)
    gaps = assert_in_place(path, 100 if index in {"whole", "of the file"} else 250, 30 * (codec == "pcm_s16le"))
    assert len(gaps) == 3
    assert all(gap.reason.startswith(DAMAGED) for gap in gaps)


@pytest.mark.parametrize(("name", "codec"), [("a.ogg", "flac"), ("a.opus", "libopus")])
@pytest.mark.parametrize("pages", [1, 3])
def test_an_ogg_that_is_damaged_at_its_beginning_keeps_its_times(
    tmp_path: Path, name: str, codec: str, pages: int
) -> None:
    """The first pages with sound are named as a gap, and what follows is not early by their length."""
    data = bytearray(recording(tmp_path / name, codec).read_bytes())
    begins = [found.start() for found in re.finditer(b"OggS", data)]
    for begin, end in pairwise(begins[2 : 3 + pages]):
        data[begin + 60 : end] = bytes(end - begin - 60)
    (tmp_path / name).write_bytes(data)
    (gap,) = assert_in_place(tmp_path / name)
    assert gap.begin_ms == 0


@pytest.mark.parametrize("rate", [16000, 48000])
@pytest.mark.parametrize("noise", [None, 1, 2])
@pytest.mark.parametrize("seconds", [0.2, 0.6, 1.7, 2.5])
def test_a_flac_that_is_damaged_at_its_beginning_keeps_its_times(
    tmp_path: Path, rate: int, noise: int | None, seconds: float
) -> None:
    """Its first frames are a gap: each frame says which samples it has, and the head how many there are."""
    path = recording(tmp_path / "a.flac", "flac", rate)
    data = bytearray(path.read_bytes())
    with av.open(str(path)) as container:
        first = next(container.demux()).pos
    assert first
    size = int(len(data) * seconds / SECONDS)
    data[first : first + size] = bytes(size) if noise is None else Random(noise).randbytes(size)
    path.write_bytes(data)
    (gap,) = assert_in_place(path)
    assert (gap.begin_ms, gap.reason.startswith(DAMAGED)) == (0, True)


@pytest.mark.parametrize("seed", [1, 5, 6])
def test_a_flac_that_has_lost_its_head_keeps_its_pace(tmp_path: Path, seed: int) -> None:
    """Its rate is in each frame too. The demuxer guesses another one for its times."""
    whole = recording(tmp_path / "a.flac", "flac", 48000).read_bytes()
    path = tmp_path / "headless.flac"
    path.write_bytes(Random(seed).randbytes(100) + whole)
    for gap in assert_in_place(path, 150):  # the head counts as a frame, and the last frame is taken for a full one
        assert gap.end_ms - gap.begin_ms < 500


def test_a_tag_between_joined_files_is_no_damage(tmp_path: Path) -> None:
    """As between the pieces of a stream that were joined: they follow each other without a gap."""
    part = encoded(tmp_path / "a.aac", "aac", tone(2000, 48000), 48000, bit_rate=96_000).read_bytes()
    tag = b"ID3\x04\x00\x00\x00\x00\x4e\x20" + bytes(10_016)
    path = tmp_path / "joined.aac"
    path.write_bytes(part + tag + part)
    items = list(FileSource(str(path), RATE).chunks(0))
    assert [item for item in items if isinstance(item, Gap)] == []
    length_ms = RATE.ms(sum(item.samples for item in items if isinstance(item, Chunk)))
    assert length_ms == pytest.approx(4000, abs=150)
