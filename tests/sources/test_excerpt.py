"""Clips: time spans, channels, gains and raw PCM."""

import struct
import sys
from array import array
from collections.abc import Iterator
from pathlib import Path
from threading import Event

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asrcli.core.audio import Format
from asrcli.core.errors import SourceError
from asrcli.sources.audio_positions import PlacedPiece, consecutive
from asrcli.sources.excerpt import Clip
from asrcli.sources.file import FileSource
from asrcli.sources.sample_format import SampleFormat
from tests.sources.reading import RATE, piped, read
from tests.support.tone import encoded, loudness, silence, tone, wav

COUNTING = array("h", range(16000)).tobytes()  # a second in which each sample is its own number


@given(st.lists(st.integers(1, 3000), max_size=30), st.integers(0, 1200), st.integers(1, 1500))
def test_a_span_is_exact_whatever_the_pieces(sizes: list[int], begin_ms: int, length_ms: int) -> None:
    """To the sample: from the one at --start to the one before --end."""
    pieces, at = [], 0
    for size in sizes:
        pieces.append(COUNTING[2 * at : 2 * (at + size)])
        at += size
    heard = [
        item
        for item in Clip(begin_ms, begin_ms + length_ms).of(consecutive(pieces), RATE)
        if isinstance(item, PlacedPiece)
    ]
    whole = b"".join(pieces)
    assert b"".join(piece.pcm for piece in heard) == whole[32 * begin_ms : 32 * (begin_ms + length_ms)]
    assert all(piece.pcm == whole[2 * piece.position : 2 * piece.end] for piece in heard)


@given(st.integers(0, 20), st.integers(1, 30), st.integers(0, 40))
def test_a_span_is_as_long_as_it_was_asked_for_where_sound_begins_late(begin: int, length: int, late: int) -> None:
    """In steps of 100 ms: it ends at its end, also before the first sound; and sound keeps its place."""
    last = 1600 * (begin + length)
    sound = PlacedPiece(1600 * late, b"\1\1" * 1600 * 60)
    heard = list(Clip(100 * begin, 100 * (begin + length)).of([sound], RATE))
    assert [piece.end for piece in heard if isinstance(piece, PlacedPiece)][-1] == last
    loud = [piece for piece in heard if isinstance(piece, PlacedPiece) and any(piece.pcm)]
    assert [(piece.position, piece.end) for piece in loud] == (
        [(1600 * max(begin, late), last)] if late < begin + length else []
    )


@pytest.mark.parametrize("samples", [None, SampleFormat()])
def test_a_file_without_tracks_has_one(tmp_path: Path, samples: SampleFormat | None) -> None:
    """--track 1 is it; another one is refused as in other files, also where no decoder is needed."""
    path = str(wav(tmp_path / "a.wav", tone(300)))
    chunks, _ = read(FileSource(path, RATE, Clip(track="1"), samples), 0)
    assert chunks
    for wanted in ("2", "zh"):
        with pytest.raises(SourceError, match=f"has no audio track {wanted}: there is 1"):
            read(FileSource(path, RATE, Clip(track=wanted), samples), 0)


def test_nothing_is_read_after_the_end() -> None:
    """A live stream with --end ends there."""

    def endless() -> Iterator[bytes]:
        while True:
            yield tone(100)

    heard = [item for item in Clip(0, 450).of(consecutive(endless()), RATE) if isinstance(item, PlacedPiece)]
    assert sum(len(piece.pcm) for piece in heard) == 450 * 32


@pytest.mark.parametrize("name", ["a.wav", "a.flac"])
def test_times_of_a_span_are_those_of_the_file(tmp_path: Path, name: str) -> None:
    """What is left out at the beginning is reported, and so is what remains."""
    path = encoded(tmp_path / name, "flac" if "flac" in name else "pcm_s16le", tone(3000, 16000), 16000)
    source = FileSource(str(path), RATE, Clip(1000, 2500))
    chunks, _ = read(source, 16000)
    assert (source.begin_ms, source.duration_ms) == (1000, 1500)
    assert (chunks[0].position, chunks[-1].end) == (16000, 40000)
    with pytest.raises(SourceError, match=r"s long, and would begin at"):
        FileSource(str(path), RATE, Clip(3000))


def test_one_channel_of_several(tmp_path: Path) -> None:
    """Left, right, or any by its number; the mix where none is named."""
    loud, soft = array("h", tone(500)), array("h", silence(500))
    both = array("h", [sample for pair in zip(loud, soft, strict=True) for sample in pair]).tobytes()
    for path in (wav(tmp_path / "a.wav", both, 16000, 2), wav(tmp_path / "b.wav", both, 16000, 2)):
        levels = []
        for channel in (0, 1, None):
            chunks, _ = read(FileSource(str(path), RATE, Clip(channel=channel)))
            assert chunks[-1].end == 8000
            levels.append(loudness(b"".join(chunk.pcm for chunk in chunks)))
        assert levels == [pytest.approx(0.21, abs=0.01), pytest.approx(0, abs=0.001), pytest.approx(0.106, abs=0.01)]
    with pytest.raises(SourceError, match="has 2 channels, not 3"):
        FileSource(str(path), RATE, Clip(channel=2))
    with pytest.raises(SourceError, match="has 1 channel, not 2"):
        FileSource(str(wav(tmp_path / "c.wav", tone(100))), RATE, Clip(channel=1))


def test_a_pipe_has_no_other_channels_than_it_has(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Known only when it is read, and reported then."""
    mono = wav(tmp_path / "a.wav", tone(200)).read_bytes()
    compressed = encoded(tmp_path / "a.flac", "flac", tone(200, 48000)).read_bytes()
    for data, samples in ((mono, None), (compressed, None), (tone(200), SampleFormat())):
        with piped(data) as file:
            monkeypatch.setattr(sys, "stdin", file)
            with pytest.raises(SourceError, match="standard input: has 1 channel, not 2"):
                read(FileSource("-", RATE, Clip(channel=1), samples))


@pytest.mark.parametrize(("gain_db", "factor"), [(6.0206, 2.0), (-6.0206, 0.5), (0.0, 1.0)])
def test_gain_is_in_decibels_and_stops_at_the_limit(tmp_path: Path, gain_db: float, factor: float) -> None:
    """Twice as loud is 6 dB; too loud is clipped and does not wrap around."""
    path = wav(tmp_path / "a.wav", tone(500, level=0.4))
    chunks, _ = read(FileSource(str(path), RATE, Clip(gain_db=gain_db)))
    assert loudness(b"".join(chunk.pcm for chunk in chunks)) == pytest.approx(0.4 / 2**0.5 * factor, rel=0.01)
    loudest, _ = read(FileSource(str(path), RATE, Clip(gain_db=60)))
    assert max(map(abs, array("h", loudest[0].pcm))) >= 32767


ENCODINGS = {
    "s16le": ("<h", 32767),
    "s16be": (">h", 32767),
    "s32le": ("<i", 2**31 - 1),
    "f32le": ("<f", 1.0),
    "f64le": ("<d", 1.0),
}


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize(("rate", "channels"), [(16000, 1), (8000, 1), (44100, 2)])
def test_raw_pcm_of_any_encoding(tmp_path: Path, encoding: str, rate: int, channels: int) -> None:
    """As `--raw --encoding --rate --channels` describe them."""
    form, full = ENCODINGS[encoding]
    values = [value / 32768 for value in array("h", tone(1000, rate)) for _ in range(channels)]
    path = tmp_path / "a.raw"
    path.write_bytes(b"".join(struct.pack(form, type(full)(value * full)) for value in values))
    chunks, _ = read(FileSource(str(path), RATE, raw_format=SampleFormat(encoding, rate, channels)))
    assert abs(chunks[-1].end - 16000) <= 32
    assert loudness(b"".join(chunk.pcm for chunk in chunks)) == pytest.approx(0.21, abs=0.01)


def test_the_encodings_of_telephony(tmp_path: Path) -> None:
    """A-law and mu-law, a byte a sample: silence is silent and a second is a second."""
    for encoding, quiet in (("alaw", 0xD5), ("mulaw", 0xFF), ("u8", 0x80)):
        path = tmp_path / encoding
        path.write_bytes(bytes([quiet]) * 8000)
        chunks, _ = read(FileSource(str(path), RATE, raw_format=SampleFormat(encoding, 8000)))
        assert abs(chunks[-1].end - 16000) <= 32
        assert loudness(chunks[3].pcm) < 0.001


@pytest.mark.parametrize("samples", [SampleFormat(), SampleFormat("s16le", 8000), SampleFormat("f32le", 48000, 2)])
def test_raw_pcm_in_a_pipe_are_live(monkeypatch: pytest.MonkeyPatch, samples: SampleFormat) -> None:
    """`arecord -t raw | asr file - --raw`: words while the pipe trickles, and its end is an ordinary end."""
    width = {"s16le": 2, "f32le": 4}[samples.encoding] * samples.channels
    first_out = Event()
    with piped(bytes(samples.rate * width), first_out, bytes(samples.rate * width)) as file:
        monkeypatch.setattr(sys, "stdin", file)
        chunks = FileSource("-", RATE, raw_format=samples).chunks(0)
        next(chunks)
        first_out.set()
        *_, last = chunks
    assert abs(RATE.ms(last.end) - 2000) <= 2  # type: ignore[union-attr]


def test_a_pipe_that_ends_in_the_middle_of_a_sample_just_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """The dangling byte is no audio."""
    with piped(tone(150) + b"x") as file:
        monkeypatch.setattr(sys, "stdin", file)
        chunks, _ = read(FileSource("-", Format(16000), raw_format=SampleFormat()))
    assert b"".join(chunk.pcm for chunk in chunks) == tone(150)


def test_half_a_sample_waits_for_its_other_half() -> None:
    """A piece of one byte is none yet, and an empty one changes nothing."""
    pieces = list(consecutive([b"a", b"b" + b"cd", b"", b"e"]))
    assert pieces == [PlacedPiece(0, b"abcd")]
