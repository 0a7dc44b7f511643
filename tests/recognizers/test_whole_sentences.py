"""When a sentence is read, by models that are made up: the clip of this project is only audio here."""

from collections.abc import Callable, Sequence
from itertools import pairwise

from asrcli.core.events import Partial
from asrcli.core.settings import RecognitionSettings
from asrcli.recognizers.endpointing import FRAME_MS
from asrcli.recognizers.moonshine import MoonshineSession
from asrcli.recognizers.speech_shape import FrameFacts
from asrcli.recognizers.whole_sentences import WholeSentenceSession
from tests.recognizers.whole_model import SECOND, events_of
from tests.support.clip import clip_pcm


def test_the_first_words_are_looked_for_more_often_than_the_next_ones() -> None:
    """While nothing is shown, every 60 ms, except for 1.8 s only; then every 300 ms."""

    def steps(first: float) -> list[int]:
        """The milliseconds between readings, of a model that hears something in `first` seconds at the earliest."""
        lengths: list[int] = []

        def read(pcm: bytes) -> str:
            lengths.append(len(pcm))
            return "one two three" if len(pcm) >= first * SECOND else ""

        events_of(WholeSentenceSession(read, RecognitionSettings("m"), lambda: 0.0), clip_pcm()[: 5 * SECOND])
        return [(after - before) // 32 for before, after in pairwise(lengths)]

    assert steps(0.9)[:8] == [60] * 6 + [300, 300]
    assert steps(9)[:21] == [60] * 20 + [300]


class Doubting(WholeSentenceSession):
    """Takes no beginning for speech before `certain_frames`, and looks at how many it takes."""

    certain_frames = 10_000
    may_become = True

    def __init__(self, read: Callable[[bytes], str]) -> None:
        super().__init__(read, RecognitionSettings("m"), lambda: 0.0)
        self.looks: list[int] = []

    def can_be_speech(self, frames: Sequence[FrameFacts], *, final: bool) -> bool:
        """Whether enough is known."""
        self.looks.append(len(frames))
        return final or len(frames) >= self.certain_frames

    def may_become_speech(self, frames: Sequence[FrameFacts]) -> bool:
        """Whether it is read before."""
        del frames
        return self.may_become


def first_partial(session: WholeSentenceSession) -> Partial | None:
    """The first partial of the first sentence of the clip."""
    events = session.feed(clip_pcm()[: 3 * SECOND])
    return next((event for event in events if isinstance(event, Partial)), None)


def test_a_beginning_in_doubt_is_shown_when_two_readings_begin_with_the_same_words() -> None:
    """A model makes other words of noise each time; what it makes of speech grows."""
    lengths: list[int] = []

    def growing(pcm: bytes) -> str:
        lengths.append(len(pcm))
        return " ".join(("We", "will", "talk")[: len(lengths)])

    session = Doubting(growing)
    partial = first_partial(session)
    assert partial is not None
    assert (partial.settled, partial.text) == ("", "We will")
    assert len(lengths) == 2

    def changing(pcm: bytes) -> str:
        return f"word{len(pcm)} is said"

    assert first_partial(Doubting(changing)) is None


def test_a_beginning_is_read_with_the_frame_that_makes_it_speech() -> None:
    """Until then it costs no reading, and is looked at with each frame."""
    lengths: list[int] = []

    def read(pcm: bytes) -> str:
        lengths.append(len(pcm) // (SECOND * FRAME_MS // 1000))
        return "one two three"

    session = Doubting(read)
    session.may_become, session.certain_frames = False, 30
    assert first_partial(session) is not None
    assert lengths[0] == 30
    assert session.looks[:10] == list(range(session.looks[0], session.looks[0] + 10))


def test_silence_lies_after_a_beginning_and_after_a_final_that_no_pause_ends() -> None:
    """A model that is cut off in the middle of a word says the word before again and again: no text that is kept."""
    ends: list[tuple[bool, bool]] = []  # of each reading: it is short, and 200 ms of zeros are its end

    def read(pcm: bytes) -> str:
        ends.append((len(pcm) < 2 * SECOND, not any(pcm[-SECOND // 5 :])))
        return "one two three"

    session = MoonshineSession(read, RecognitionSettings("m"), lambda: 0.0)
    list(session.feed(clip_pcm()[: 5 * SECOND]))
    assert set(ends) == {(True, True), (False, False)}
    list(session.feed(clip_pcm()[5 * SECOND : 7 * SECOND]))
    ends.clear()
    list(session.finish())
    assert [is_silent for _, is_silent in ends] == [True]


def test_slow_readings_are_fewer() -> None:
    """At most two fifths of the time go into partials, however slow the machine is."""
    now = [0.0]

    def slow(pcm: bytes) -> str:
        now[0] += 0.5
        lengths.append(len(pcm))
        return "one two three"

    lengths: list[int] = []
    session = WholeSentenceSession(slow, RecognitionSettings("m"), lambda: now[0])
    events_of(session, clip_pcm()[: 4 * SECOND])
    assert all(after - before >= 1.2 * SECOND for before, after in pairwise(lengths[:-1]))
