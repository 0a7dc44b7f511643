"""Enhanced audio keeps its length and its place; noise gets softer, soft speech louder, and speech stays speech."""

import random
import sys
from array import array
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from math import log10

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asrcli.core.audio import Chunk, Format, recut
from asrcli.core.errors import UsageError
from asrcli.core.events import Event, Gap, Level
from asrcli.sources.enhancement import LEVELS, EnhancedSource, Enhancer
from asrcli.sources.excerpt import amplified
from tests.support.tone import loudness, silence, tone

RATE = Format(16000)
SETTINGS = [(2, False), (0, True), (2, True)]
only_where_built = pytest.mark.skipif(sys.platform != "linux", reason="webrtc-noise-gain is built for Linux alone")


@cache
def hiss(ms: int, level: float = 0.01) -> bytes:
    """White noise."""
    chance = random.Random(7)
    return array("h", (round(chance.gauss(0, 32767 * level)) for _ in range(RATE.samples(ms)))).tobytes()


@cache
def vowels(ms: int) -> bytes:
    """What has the shape of speech: syllables of 150 ms with 100 ms between, each of harmonics of another pitch."""
    made = b""
    for number in range(ms // 250):
        pitch = 110 + 17 * (number % 5)
        parts = [array("h", tone(150, hertz=pitch * k, level=0.15 / k)) for k in range(1, 12)]
        made += array("h", map(sum, zip(*parts, strict=True))).tobytes() + silence(100)
    return made


def mixed(one: bytes, other: bytes) -> bytes:
    """Both at once."""
    return array("h", map(sum, zip(array("h", one), array("h", other), strict=True))).tobytes()


def enhanced(pcm: bytes, denoise: int = 2, agc: bool = False) -> bytes:
    """PCM in the pieces of a microphone, enhanced."""
    return b"".join(Enhancer(RATE, denoise, agc).of(pcm[at : at + 1600] for at in range(0, len(pcm), 1600)))


def db(pcm: bytes) -> float:
    """How loud, in dBFS."""
    return 20 * log10(loudness(pcm) + 1e-9)


class Pcm:
    """A source of given chunks and events."""

    name, format, audio_format, duration_ms, begin_ms, speaker, live = "pcm", RATE, "pcm", 700, 30, "left", None
    realtime = False

    def __init__(self, items: list[Chunk | Event]) -> None:
        self._items = items

    def chunks(self, start: int) -> Iterator[Chunk | Event]:
        """All of them, positions counted from the start."""
        for item in self._items:
            yield replace(item, position=start + item.position) if isinstance(item, Chunk) else item


@only_where_built
@given(st.lists(st.integers(0, 2000), max_size=20), st.sampled_from(SETTINGS))
def test_as_many_samples_come_out_as_went_in_whatever_the_pieces(sizes: list[int], setting: tuple[int, bool]) -> None:
    """None is lost at the end, none added; odd bytes count too; at most 16 ms wait, and the cuts change nothing."""
    pcm, enhancer, out, at = hiss(2500), Enhancer(RATE, *setting), b"", 0
    for size in sizes:
        out += enhancer.process(pcm[at : at + size])
        at += size
        assert at // 2 - len(out) // 2 <= 256
    out += enhancer.flush()
    assert len(out) == at
    assert out == b"".join(Enhancer(RATE, *setting).of([pcm[:at]]))


@only_where_built
@pytest.mark.parametrize("setting", SETTINGS)
def test_each_sound_stays_where_it_was(setting: tuple[int, bool]) -> None:
    """To the sample: the delay of the library is taken away, after a flush too."""
    clicks = array("h", hiss(3000))
    for at in range(8000, 48000, 8000):
        clicks[at] = 20_000
    enhancer, pcm = Enhancer(RATE, *setting), clicks.tobytes()
    heard = array("h", b"".join([*enhancer.of([pcm[:40_100]]), *enhancer.of([pcm[40_100:]])]))
    assert len(heard) == len(clicks)
    for at in range(8000, 48000, 8000):
        near = heard[at - 400 : at + 400]
        assert near.index(max(near)) == 400


@only_where_built
@pytest.mark.parametrize("setting", SETTINGS)
def test_silence_stays_silent(setting: tuple[int, bool]) -> None:
    """Nothing comes from nothing."""
    assert enhanced(silence(1234), *setting) == silence(1234)
    assert enhanced(b"", *setting) == b""


@only_where_built
@pytest.mark.parametrize(("level", "at_least_db"), [*zip(LEVELS, (5, 10, 14, 17), strict=True)])
def test_noise_goes_down_in_the_pauses_and_speech_stays(level: int, at_least_db: float) -> None:
    """By more at each level; the syllables keep their loudness within 2 dB."""
    noise, speech = hiss(6000), silence(2000) + vowels(4000)
    before = mixed(noise, speech)
    after = enhanced(before, level)
    assert db(after[: 2 * 32000][32000:]) < db(noise) - at_least_db
    syllables = [slice(at, at + 4800) for at in range(3 * 32000, len(after), 8000)]
    for part in syllables:
        assert db(after[part]) == pytest.approx(db(speech[part]), abs=2)


@only_where_built
def test_gain_brings_soft_speech_up_and_does_not_clip_loud_speech() -> None:
    """By 5 dB at least once it has found the level, and never beyond what a sample can hold."""
    soft = amplified(vowels(8000), -30, RATE)
    assert db(enhanced(soft, 0, agc=True)[-64000:]) > db(soft[-64000:]) + 5
    loud = amplified(vowels(8000), 9, RATE)
    full = [value for value in array("h", loud) if abs(value) >= 32767]
    held = [value for value in array("h", enhanced(loud, 0, agc=True)) if abs(value) >= 32767]
    assert full == []
    assert len(held) < 8
    assert db(enhanced(loud, 0, agc=True)) == pytest.approx(db(loud), abs=3)


@only_where_built
def test_a_source_keeps_its_positions_its_facts_and_its_order() -> None:
    """Chunks follow each other without a hole; what is marked stays marked."""
    whole = list(recut([hiss(700)], 800))
    whole[3] = replace(whole[3], cut_after=True)
    source = EnhancedSource(Pcm([*whole[:2], Level(131, -40, -30), *whole[2:]]))
    assert (source.name, source.format, source.audio_format, source.live) == ("pcm", RATE, "pcm", None)
    assert (source.begin_ms, source.duration_ms, source.speaker) == (30, 700, "left")
    heard = list(source.chunks(500))
    chunks = [item for item in heard if isinstance(item, Chunk)]
    assert heard.index(Level(131, -40, -30)) == 2
    assert [chunk.position for chunk in chunks] == [500, *(chunk.end for chunk in chunks[:-1])]
    assert [chunk.end for chunk in chunks if chunk.cut_after] == [500 + whole[3].end]
    assert chunks[-1].end == 500 + whole[-1].end


@only_where_built
def test_a_hole_in_the_audio_stays_where_it_is() -> None:
    """What was held comes out before what is said of the place after it, and the next chunk is where it was."""
    before, after = Chunk(0, hiss(50)), Chunk(16_000, hiss(50))
    heard = list(EnhancedSource(Pcm([before, Gap(50, 1000, "away"), after])).chunks(0))
    kinds = [type(item) for item in heard]
    assert kinds == [Chunk, Chunk, Gap, Chunk, Chunk]
    ends = [(item.position, item.end) for item in heard if isinstance(item, Chunk)]
    assert ends == [(0, 704), (704, 800), (16_000, 16_704), (16_704, 16_800)]
    silent = list(EnhancedSource(Pcm([before, after])).chunks(0))
    assert [(item.position, item.end) for item in silent if isinstance(item, Chunk)] == ends


@pytest.mark.parametrize(("denoise", "setting"), [(2, "denoise"), (0, "agc")])
def test_other_rates_are_refused(denoise: int, setting: str) -> None:
    """The library knows one rate, and telephony is sent as it is."""
    with pytest.raises(UsageError, match=f"^{setting}: works at 16000 Hz, .* 8000 Hz$"):
        Enhancer(Format(8000), denoise, agc=True)


@pytest.mark.parametrize(
    ("system", "advice"),
    [("linux", r"pip install 'asrcli\[denoise\]'"), ("darwin", "the system's own"), ("win32", "the system's own")],
)
def test_a_missing_library_is_reported_in_one_line(monkeypatch: pytest.MonkeyPatch, system: str, advice: str) -> None:
    """How to get it, or what to do where nobody builds it."""
    monkeypatch.setitem(sys.modules, "webrtc_noise_gain", None)
    monkeypatch.setattr(sys, "platform", system)
    with pytest.raises(UsageError, match=f"^denoise.* webrtc-noise-gain.*{advice}"):
        Enhancer(RATE)
