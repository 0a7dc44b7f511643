"""Where the sound of a file begins: the delay of a decoder is removed, and missing sound in an AVI is counted."""

import struct
import sys
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import pytest

from asrcli.core.audio import Chunk
from asrcli.core.errors import SourceError
from asrcli.sources.audio_positions import PlacedPiece
from asrcli.sources.avi_chunks import AviChunks
from asrcli.sources.container_opening import first_sound
from asrcli.sources.decoder import Decoder
from asrcli.sources.file import FileSource, native
from asrcli.sources.file_length import measure_file
from tests.sources.media_times import NEAR_MS, damaged, gaps, heard
from tests.sources.reading import RATE, piped, read
from tests.support.media_files import onsets, write_media
from tests.support.tone import encoded, silence, tone

BURSTS_MS = [500, 2500]
SOUND = silence(500) + tone(500) + silence(1500) + tone(500)
SUFFIXES = [
    ("a.aac", "aac"), ("a.mka", "aac"), ("a.ts", "aac"), ("a.m4a", "aac"), ("a.3gp", "aac"), ("a.avi", "aac"),
    ("a.mp3", "libmp3lame"), ("b.mka", "libmp3lame"), ("b.avi", "libmp3lame"),
    ("a.opus", "libopus"), ("a.mp2", "mp2"), ("a.caf", "pcm_s16le"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "codec"), SUFFIXES)
def test_what_an_encoder_puts_before_the_sound_delays_nothing(tmp_path: Path, name: str, codec: str) -> None:
    """At 16 kHz that would be 64 ms, and some containers do not say so. No sound is lost by it."""
    path = encoded(tmp_path / name, codec, SOUND, rate=16000)
    items = heard(path)
    assert onsets(items, 16000) == [pytest.approx(at, abs=NEAR_MS) for at in BURSTS_MS]
    length_ms = measure_file(str(path)).duration_ms
    assert length_ms is None or abs(length_ms - 3000) < 150


DELAYS_MS = [("libmp3lame", suffix, 69) for suffix in (".ts", ".mkv", ".mp4")]
DELAYS_MS += [("aac", suffix, 64) for suffix in (".ts", ".mkv", ".mp4", ".flv")]


@pytest.mark.parametrize(("codec", "suffix", "delay_ms"), DELAYS_MS)
def test_a_delay_that_is_not_declared_leaves_text_near_the_recording_and_near_a_player(
    tmp_path: Path, suffix: str, codec: str, delay_ms: int
) -> None:
    """Some players play the delay, and show the pictures of a film this much later; others leave it out."""
    path = write_media(tmp_path / f"a{suffix}", codec, [(0, SOUND)], rate=16000, length_ms=3000)
    (first_ms, *_) = onsets(heard(path), 16000)
    assert first_ms == pytest.approx(BURSTS_MS[0], abs=NEAR_MS)
    declared = suffix in {".mkv", ".mp4"}
    assert first_ms == pytest.approx(BURSTS_MS[0] + (0 if declared else delay_ms), abs=NEAR_MS)


@pytest.mark.parametrize(("name", "codec"), [("a.ts", "aac"), ("a.m2ts", "aac"), ("a.mpg", "mp2"), ("a.mkv", "aac")])
@pytest.mark.parametrize("late_ms", [1000, 9000, 30_000])
@pytest.mark.parametrize("layout", ["mono", "stereo"])
def test_sound_that_begins_after_all_that_is_probed_has_its_rate_and_its_place(
    tmp_path: Path, name: str, codec: str, late_ms: int, layout: str
) -> None:
    """Whoever knows no rate would send telephone audio, and whoever knows no channels would find none."""
    path = write_media(tmp_path / name, codec, [(late_ms, SOUND)], rate=16000, length_ms=late_ms + 4000, layout=layout)
    channels = {"mono": 1, "stereo": 2}[layout]
    assert native(str(path)) == (16000, channels)
    assert onsets(heard(path), 16000) == [pytest.approx(late_ms + at, abs=NEAR_MS) for at in BURSTS_MS]
    with closing(Decoder(f"file:{path}", "name")) as decoder:
        assert (decoder.rate, decoder.channels) == (16000, channels)


def test_a_track_in_which_nothing_can_be_decoded_has_no_rate(tmp_path: Path) -> None:
    """It is no telephone audio: the rate is unknown, and reading the file reports what is wrong with it."""
    path = write_media(tmp_path / "a.ts", "aac", [(9000, SOUND)], rate=16000, length_ms=13_000)
    data = bytearray(path.read_bytes())
    for at in range(0, len(data), 188):
        if (data[at + 1] & 0x1F, data[at + 2]) == (1, 0):  # the packets of the sound
            data[at + 30 : at + 188] = bytes(158)
    path.write_bytes(data)
    assert native(str(path)) is None
    assert first_sound(str(path), 0) == (0, 0)


@pytest.mark.parametrize("codec", ["aac", "libmp3lame"])
def test_pictures_that_begin_much_later_than_the_sound_move_no_text(tmp_path: Path, codec: str) -> None:
    """Half a second is no delay of a codec: the sound of such a film just begins before its pictures."""
    path = write_media(tmp_path / "a.ts", codec, [(0, SOUND)], rate=16000, length_ms=3000, first_picture_ms=480)
    assert onsets(heard(path), 16000) == [pytest.approx(at + 66, abs=5) for at in BURSTS_MS]


@pytest.mark.parametrize(("name", "codec"), [("a.mka", "aac"), ("a.mp3", "libmp3lame"), ("a.m4a", "aac")])
@pytest.mark.parametrize("seed", list(range(1, 9)))
def test_after_damage_a_slow_rate_has_true_times_too(tmp_path: Path, name: str, codec: str, seed: int) -> None:
    """How long the damage is, is measured by the packets and not by what came out of the decoder."""
    sound = SOUND + silence(500) + tone(3000, hertz=300) + silence(1000) + tone(1000)
    path = encoded(tmp_path / name, codec, sound, rate=16000, bit_rate=32_000)
    damaged(path, 3700, 6300, seed)
    items = heard(path)
    assert onsets(items, 16000, level=5000)[-1] == pytest.approx(7500, abs=NEAR_MS)
    assert gaps(items)


def sound_header(path: Path, begin_s: float) -> None:
    """Let the sound of an AVI begin so late by its header."""
    data = bytearray(path.read_bytes())
    at = data.find(b"auds") - 8
    scale, rate = struct.unpack_from("<II", data, at + 28)
    struct.pack_into("<I", data, at + 36, round(begin_s * rate / scale))
    path.write_bytes(data)


@pytest.mark.parametrize("codec", ["libmp3lame", "pcm_s16le", "aac", "ac3"])
@pytest.mark.parametrize("take", ["file", "measured"])
def test_an_avi_may_begin_late_by_its_header(tmp_path: Path, codec: str, take: str) -> None:
    """A cutter that moves the sound writes how far. It counts in how long the file is."""
    burst = tone(1000, 48000)
    path = write_media(tmp_path / "late.avi", codec, [(0, burst)], length_ms=6000)
    sound_header(path, 4.0)
    if take == "measured":
        about = measure_file(str(path), trusting=False)
        assert about.duration_ms == pytest.approx(5000, abs=150)
        return
    items = heard(path)
    assert onsets(items, 16000) == [pytest.approx(4010, abs=NEAR_MS)]
    assert gaps(items) == []


@pytest.mark.parametrize("codec", ["libmp3lame", "aac", "ac3"])
@pytest.mark.parametrize("hole_ms", [1500, 5000])
def test_the_empty_chunks_of_an_avi_are_time_without_sound(tmp_path: Path, codec: str, hole_ms: int) -> None:
    """So a recorder writes that it lost some. What follows is where it belongs."""
    burst, at = tone(800, 48000), 1200 + hole_ms
    sound = [(0, silence(200, 48000) + burst + silence(200, 48000)), (at, silence(200, 48000) + burst)]
    items = heard(write_media(tmp_path / "hole.avi", codec, sound, length_ms=at + 1000))
    assert onsets(items, 16000) == [pytest.approx(200, abs=NEAR_MS), pytest.approx(at + 200, abs=NEAR_MS)]
    (gap,) = gaps(items)
    assert abs(gap.begin_ms - 1200) < 2 * NEAR_MS
    assert abs(gap.end_ms - at) < 2 * NEAR_MS


def test_chunks_of_an_avi_that_differ_in_size_are_one_step_each(tmp_path: Path) -> None:
    """A reader that counts large ones twice drifts: 0.4 s in 9 s of AAC."""
    sound = b"".join(silence(700) + tone(300, hertz=300 + 77 * number) for number in range(12))
    items = heard(encoded(tmp_path / "vbr.avi", "aac", sound, rate=16000, bit_rate=48_000))
    assert onsets(items, 16000) == [pytest.approx(700 + 1000 * number, abs=NEAR_MS) for number in range(12)]
    assert gaps(items) == []


def test_the_empty_chunks_after_a_long_chunk_are_its_own_steps(tmp_path: Path) -> None:
    """So Vorbis is kept in an AVI: only what its sound does not cover is missing."""
    path = tmp_path / "long.avi"
    header = struct.pack("<4s16xII16xI", b"auds", 1, 250, 0)
    full, empty = b"00wb" + struct.pack("<I", 2) + b"ab", b"00wb" + bytes(4)
    path.write_bytes(b"strh" + struct.pack("<I", len(header)) + header + full + 7 * empty + full + 9 * empty + full)
    begin = 16 + len(header)  # of the sound in the first chunk
    positions = [begin, begin + 10 + 56, begin + 20 + 56 + 72]
    packets = [SimpleNamespace(pos=position, duration=8) for position in positions]
    with closing(AviChunks(str(path), 0)) as chunks:
        missing = chunks.missing_before(0.0)
        assert [missing(packet) for packet in packets] == [0.0, 0.0, pytest.approx(2 / 250)]  # type: ignore[arg-type]


@pytest.mark.parametrize("cut", [100, 2000, 9000, 30_000])
def test_an_avi_that_ends_anywhere_is_heard_so_far(tmp_path: Path, cut: int) -> None:
    """What looks for its empty chunks ends where the file does."""
    path = write_media(tmp_path / "cut.avi", "aac", [(0, tone(4000, 48000))], length_ms=4000)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) - cut])
    assert any(isinstance(item, Chunk) for item in heard(path))


def test_frames_that_are_converted_together_lose_nothing(tmp_path: Path) -> None:
    """A file is converted some frames at a time, a pipe frame by frame: both give the same samples."""
    path = encoded(tmp_path / "a.flac", "flac", tone(1234, 44100), rate=44100)
    given = []
    for together in (1, 3, 8, 1000):
        decoder = Decoder(f"file:{path}", "a", together=together)
        given.append(b"".join(item.pcm for item in decoder.pieces(RATE) if isinstance(item, PlacedPiece)))
        decoder.close()
    assert given[1:] == given[:1] * 3
    assert len(given[0]) // 2 == 1234 * 16


TAGGED = [
    ("a.wav", "pcm_s16le", 16000), ("b.wav", "pcm_s24le", 16000), ("c.wav", "adpcm_ms", 16000),
    ("a.aiff", "pcm_s16be", 16000), ("a.au", "pcm_s16be", 16000), ("a.caf", "pcm_s16le", 16000),
    ("a.ac3", "ac3", 48000), ("a.wv", "wavpack", 16000), ("a.mka", "aac", 16000), ("a.mp3", "libmp3lame", 16000),
    ("a.flac", "flac", 16000),
]  # fmt: skip


@pytest.mark.parametrize(("name", "codec", "rate"), TAGGED)
@pytest.mark.parametrize("tag", [b"", b"a picture" * 40_000], ids=["empty", "large"])
@pytest.mark.parametrize("way", ["file", "pipe"])
def test_a_tag_before_any_format_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, codec: str, rate: int, tag: bytes, way: str
) -> None:
    """Players read such files; they were called damaged. No sound is lost or comes at another time."""
    path = encoded(tmp_path / name, codec, SOUND, rate=rate)
    size = bytes(len(tag) >> shift & 0x7F for shift in (21, 14, 7, 0))
    tagged = b"ID3\3\0\0" + size + tag + path.read_bytes()
    path.write_bytes(tagged)
    if way == "file":
        items, notices = read(FileSource(str(path), RATE))
    else:
        with piped(tagged) as file:
            monkeypatch.setattr(sys, "stdin", file)
            items, notices = read(FileSource("-", RATE))
    assert onsets(items, RATE.rate) == [pytest.approx(at * 16000 / rate, abs=NEAR_MS) for at in BURSTS_MS]
    assert notices == []


def test_a_tag_before_an_mp4_makes_no_noise_of_it(tmp_path: Path) -> None:
    """Its index names places in the file without the tag, where other bytes are now."""
    path = encoded(tmp_path / "a.m4a", "aac", SOUND, rate=16000)
    path.write_bytes(b"ID3\3\0\0\0\0\1\0" + bytes(128) + path.read_bytes())
    with pytest.raises(SourceError):
        FileSource(str(path), RATE)
