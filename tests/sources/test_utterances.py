"""Commits fall into silences, and no utterance is too long for the service."""

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asrcli.core.audio import Chunk, Format, recut
from asrcli.core.events import Event, Gap
from asrcli.sources.utterances import LIMIT_MS, UtteranceCutter
from tests.support.tone import silence, tone, with_offset

RATE = Format(16000)
SPEECH = tone(100)
QUIET = silence(100)


class Pcm:
    """A source of given PCM."""

    name, format, audio_format, duration_ms, begin_ms, speaker, live = "pcm", RATE, "pcm", None, 0, "", None
    realtime = False

    def __init__(self, pcm: bytes) -> None:
        self._pcm = pcm

    def chunks(self, start: int) -> Iterator[Chunk | Event]:
        """Chunks of 100 ms."""
        yield from recut([self._pcm], 1600, start)


def cuts_ms(pcm: bytes, silence_ms: int | None = None) -> list[int]:
    """Where the utterances end."""
    chunks = UtteranceCutter(Pcm(pcm), silence_ms).chunks(0)
    return [RATE.ms(chunk.end) for chunk in chunks if isinstance(chunk, Chunk) and chunk.cut_after]


def test_a_pause_after_speech_ends_the_utterance() -> None:
    """The cut comes once, as soon as the pause is long enough."""
    assert cuts_ms(SPEECH * 10 + QUIET * 10 + SPEECH * 10 + QUIET * 10) == [1600, 3600]


def test_a_short_pause_does_not_end_an_utterance() -> None:
    """Between words nothing is cut."""
    assert cuts_ms(SPEECH * 10 + QUIET * 4 + SPEECH * 10) == []


@pytest.mark.parametrize(("silence_ms", "cut_ms"), [(200, 1200), (1000, 2000)])
def test_the_length_of_the_pause_can_be_chosen(silence_ms: int, cut_ms: int) -> None:
    """--silence-ms counts here too, in manual mode."""
    assert cuts_ms(SPEECH * 10 + QUIET * 15, silence_ms) == [cut_ms]


def test_silence_alone_is_not_an_utterance() -> None:
    """Nothing was said, so nothing is committed before the limit."""
    assert cuts_ms(QUIET * 300) == []


def test_speech_above_noise_is_cut_where_only_the_noise_is_left() -> None:
    """Silence is relative to the speech: a noisy room has pauses too."""
    noise = tone(100, hertz=100, level=0.01)
    assert cuts_ms(noise * 5 + SPEECH * 10 + noise * 10) == [2100]


@pytest.mark.parametrize("offset", [-9000, -800, 0, 800, 9000])
def test_a_sound_card_with_an_offset_has_the_same_pauses(offset: int) -> None:
    """The offset is as loud as the speech in a measurement, and cannot be heard."""
    pcm = SPEECH * 10 + QUIET * 10 + SPEECH * 10 + QUIET * 10
    assert cuts_ms(with_offset(pcm, offset)) == [1600, 3600]


def test_long_speech_is_cut_at_a_shorter_pause_and_at_last_without_one() -> None:
    """The longer it gets, the less of a pause will do; the limit is never passed."""
    assert cuts_ms(SPEECH * 480 + QUIET * 3 + SPEECH * 10) == [48200]
    assert cuts_ms(SPEECH * 1300) == [LIMIT_MS, 2 * LIMIT_MS]


@settings(max_examples=15, deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.integers(1, 200)), max_size=8))
def test_no_audio_is_changed_and_no_utterance_exceeds_the_limit(parts: list[tuple[bool, int]]) -> None:
    """Whatever the mixture of speech and silence."""
    pcm = b"".join((SPEECH if loud else QUIET) * count for loud, count in parts)
    chunks = [chunk for chunk in UtteranceCutter(Pcm(pcm)).chunks(0) if isinstance(chunk, Chunk)]
    assert b"".join(chunk.pcm for chunk in chunks) == pcm
    begin = 0
    for chunk in chunks:
        assert RATE.ms(chunk.end - begin) <= LIMIT_MS
        begin = chunk.end if chunk.cut_after else begin


class Holed(Pcm):
    """Two seconds, and two more ten seconds later, with what is missing named between them."""

    def chunks(self, start: int) -> Iterator[Chunk | Event]:
        """The second half after the hole."""
        half = len(self._pcm) // 2
        yield from recut([self._pcm[:half]], 1600, start)
        yield Gap(2000, 12_000, "no audio")
        yield from recut([self._pcm[half:]], 1600, start + 12 * 16000)


def test_what_stands_after_a_hole_is_another_utterance() -> None:
    """Two sentences that are ten seconds apart are not glued together; the gap stays between them."""
    items = list(UtteranceCutter(Holed(tone(4000)), at_silences=False).chunks(0))
    chunks = [item for item in items if isinstance(item, Chunk)]
    assert [RATE.ms(chunk.end) for chunk in chunks if chunk.cut_after] == [2000]
    assert isinstance(items[20], Gap)
    assert b"".join(chunk.pcm for chunk in chunks) == tone(4000)
