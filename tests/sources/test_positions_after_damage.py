"""After damage, sound is where it was in the whole file, or a gap covers that place. Each second has its own tone."""

import re
from array import array
from collections.abc import Iterable, Iterator
from itertools import groupby, pairwise
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from asrcli.core.audio import Chunk
from asrcli.core.errors import SourceError
from asrcli.core.events import Event, Gap
from asrcli.sources.file import FileSource
from tests.sources.reading import RATE
from tests.support.tone import encoded, silence, tone

SECONDS = 8
BEGIN_MS, TONE_MS = 300, 300  # of the tone in its second
STEP_MS = 5  # in which sound is looked for
STEP = RATE.samples(STEP_MS)
LOUD = 3000
NEAR_MS = 60
FIRST_HERTZ, STEP_HERTZ = 400, 200


def recording(path: Path, codec: str, rate: int = 16000) -> Path:
    """Seconds of which each is known by its tone, in a room that is not silent."""
    sound = array("h")
    for second in range(SECONDS):
        sound.extend(array("h", silence(BEGIN_MS, rate) + tone(TONE_MS, rate, FIRST_HERTZ + second * STEP_HERTZ)))
        sound.extend(array("h", silence(1000 - BEGIN_MS - TONE_MS, rate)))
    chance = Random(1)
    pcm = array("h", (sample + chance.randint(-300, 300) for sample in sound)).tobytes()
    return encoded(path, codec, pcm, rate, bit_rate=0 if codec == "flac" else 96_000)


def tones(items: Iterable[Chunk | Event]) -> Iterator[tuple[int, int]]:
    """Which seconds are heard, and where their whole tones begin, in ms."""
    pieces: list[tuple[int, array[int]]] = []  # what follows each other without a hole
    for chunk in items:
        if isinstance(chunk, Chunk):
            if not pieces or chunk.position != pieces[-1][0] + len(pieces[-1][1]):
                pieces.append((chunk.position, array("h")))
            pieces[-1][1].extend(array("h", chunk.pcm))
    for position, samples in pieces:
        loud = [max(samples[at : at + STEP]) > LOUD for at in range(0, len(samples), STEP)]
        for sounds, steps in groupby(range(len(loud)), loud.__getitem__):
            begin, *rest = steps
            if sounds and len(rest) * STEP_MS > TONE_MS - 60:
                yield _second_of(samples[(begin + 20) * STEP : (begin + 30) * STEP]), RATE.ms(position + begin * STEP)


def _second_of(samples: "array[int]") -> int:
    """The second that has the tone, by how often it crosses zero."""
    crossings = sum((before < 0) != (after < 0) for before, after in pairwise(samples))
    return round((crossings / 2 * RATE.rate / len(samples) - FIRST_HERTZ) / STEP_HERTZ)


def assert_in_place(path: Path, near_ms: int = NEAR_MS) -> list[Gap]:
    """Each tone is where it belongs, and what is not heard is in a gap. Returns the gaps."""
    items = list(FileSource(str(path), RATE).chunks(0))
    gaps = [item for item in items if isinstance(item, Gap)]
    heard = list(tones(items))
    for second, at_ms in heard:
        assert at_ms == pytest.approx(second * 1000 + BEGIN_MS, abs=near_ms)
    for second in set(range(SECONDS)) - {second for second, _ in heard}:
        begin_ms = second * 1000 + BEGIN_MS
        assert any(gap.begin_ms < begin_ms + TONE_MS and gap.end_ms > begin_ms for gap in gaps), second
    return gaps


# The length of a hole in a raw stream is known by its bytes alone.
KINDS = [("a.ogg", "flac", NEAR_MS), ("a.opus", "libopus", NEAR_MS), ("a.flac", "flac", NEAR_MS), ("a.aac", "aac", 250),
         ("a.mp3", "libmp3lame", NEAR_MS)]  # fmt: skip


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
        gaps = assert_in_place(harmed, near_ms)
    except SourceError as exc:  # an error is no silence either
        assert "cannot be read any further" in str(exc)  # noqa: PT017  not every damage is one
        return
    assert gaps


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
