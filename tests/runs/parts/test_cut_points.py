"""Where a long recording is cut: in the longest silence near the wanted place, and never in a word."""

import random
import tracemalloc
from array import array
from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from asrcli.core.audio import Chunk, Format
from asrcli.runs.parts.cut_points import CutFinder

WIRE = Format(8000)


def speech(ms: int, peak: int = 8000) -> bytes:
    """Loud samples."""
    return array("h", [peak, -peak] * (WIRE.samples(ms) // 2)).tobytes()


def noise(ms: int, peak: int = 100) -> bytes:
    """Soft samples, as in a room where nobody speaks."""
    return array("h", random.Random(7).choices(range(-peak, peak + 1), k=WIRE.samples(ms))).tobytes()


def cuts(pcm: bytes, split_ms: int, sizes: Sequence[int] = (1600,), begin: int = 0) -> list[int]:
    """The cuts in milliseconds, where the audio comes in chunks of these sizes in turn."""
    finder, found, at, turn = CutFinder(WIRE, split_ms, begin), [], 0, 0
    while at < len(pcm):
        size = 2 * sizes[turn % len(sizes)]
        if (cut := finder.feed(Chunk(begin + at // 2, pcm[at : at + size]))) is not None:
            found.append(WIRE.ms(cut))
        at += size
        turn += 1
    return found


def test_the_longest_silence_near_the_wanted_place_is_cut_in_its_middle() -> None:
    """Not the nearest one: a longer silence is less likely to be one inside a sentence."""
    pcm = speech(9500) + noise(400) + speech(1000) + noise(1000) + speech(8000)
    assert cuts(pcm, 10_000) == [11_400]
    assert cuts(pcm, 10_000, begin=WIRE.samples(5000)) == [16_400]


def test_where_nobody_pauses_there_is_no_cut_until_somebody_does() -> None:
    """A short pause may be inside a word. A part is longer then, and no word is lost."""
    pcm = speech(20_000) + noise(200) + speech(10_000) + noise(600) + speech(9000)
    assert cuts(pcm, 10_000) == [30_500]
    assert cuts(speech(60_000), 10_000) == []
    assert cuts(bytes(2 * WIRE.samples(30_000)), 10_000) != []


def test_audio_without_a_pause_is_not_gone_through_again_each_time_that_one_is_looked_for() -> None:
    """Three hours of music would take nine times as long as one. What is gone through shows in the memory."""

    def peak_bytes(before_ms: int) -> int:
        """What looking once more takes after this much audio."""
        finder = CutFinder(WIRE, 10_000, 0)
        assert finder.feed(Chunk(0, speech(before_ms))) is None
        more = Chunk(WIRE.samples(before_ms), speech(5000))
        tracemalloc.start()
        assert finder.feed(more) is None
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return peak

    assert peak_bytes(1_200_000) < peak_bytes(60_000) + 100_000


def test_a_slammed_door_makes_no_speech_quiet() -> None:
    """What counts as loud is what is loud most of the time."""
    soft = speech(9000, 600) + speech(20, 32_767) + speech(3000, 600)
    assert cuts(soft + noise(500, 20) + speech(9000, 600), 10_000) == [12_270]


def test_what_is_missing_from_the_audio_is_a_place_to_cut() -> None:
    """Its neighbours are on both sides of a hole already."""
    finder = CutFinder(WIRE, 10_000, 0)
    assert finder.feed(Chunk(0, speech(10_005))) is None
    assert finder.feed(Chunk(WIRE.samples(12_005), speech(3000))) in range(WIRE.samples(10_500), WIRE.samples(11_500))


@settings(max_examples=25)
@given(
    pauses=st.lists(st.tuples(st.integers(300, 6000), st.integers(0, 900)), min_size=3, max_size=14),
    sizes=st.lists(st.integers(1, 4000), min_size=1, max_size=4),
)
def test_every_cut_lies_in_silence_and_chunks_make_no_difference(
    pauses: list[tuple[int, int]], sizes: list[int]
) -> None:
    """Whatever is said and however it is delivered, no cut is within speech."""
    pcm = b"".join(speech(said) + bytes(2 * WIRE.samples(pause)) for said, pause in pauses)
    found = cuts(pcm, 4000, sizes)
    for cut in found:
        near = array("h", pcm[2 * WIRE.samples(cut - 100) : 2 * WIRE.samples(cut + 100)])
        assert max(map(abs, near), default=0) == 0
    assert found == sorted(set(found))
