"""Resume point, pacing and stall detector."""

from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asrcli.core.audio import Chunk, Format
from asrcli.recovery.pacing import Pacing
from asrcli.recovery.replay import Replay
from asrcli.recovery.resume_point import MARGIN_MS, resume_point, resume_position
from asrcli.recovery.stall import StallDetector

RATE = Format(16000)
LOUD = array("h", [8000, -8000] * 800).tobytes()  # 100 ms
QUIET = array("h", [20, -20] * 800).tobytes()


def chunks(*pieces: bytes) -> list[Chunk]:
    """Chunks of 100 ms from position 0 on."""
    return [Chunk(1600 * number, pcm) for number, pcm in enumerate(pieces)]


@pytest.mark.parametrize(
    ("pieces", "position_ms", "begin_ms"),
    [
        ([LOUD, LOUD, LOUD], 300, 300),  # a word goes right up to it: where the recognizer ended one, the next begins
        ([LOUD, QUIET, LOUD], 200, 100),  # the quiet before the next word belongs to it
        ([LOUD, QUIET, QUIET, QUIET, QUIET], 500, 500 - MARGIN_MS),  # but no more of it than the margin
        ([LOUD, QUIET, LOUD], 150, 100),
        ([LOUD, QUIET, LOUD], 230, 230),
        ([QUIET], 0, 0),
    ],
)
def test_a_resume_point_lies_in_quiet_and_never_in_a_word(pieces: list[bytes], position_ms: int, begin_ms: int) -> None:
    """At the end of the finals, or earlier with nothing but quiet between."""
    assert RATE.ms(resume_point(chunks(*pieces), RATE.samples(position_ms), RATE)) == begin_ms


def test_a_resume_point_does_not_go_back_over_what_is_missing() -> None:
    """A pause or a dropped chunk is no quiet."""
    apart = [Chunk(0, LOUD + QUIET), Chunk(4800, QUIET)]
    assert resume_point(apart, 6400, RATE) == 4800
    assert resume_point([], 6400, RATE) == 6400


@given(st.lists(st.sampled_from([LOUD, QUIET]), max_size=8), st.integers(0, 900))
def test_a_resume_point_is_never_after_the_position_and_never_far_before_it(
    pieces: list[bytes], position_ms: int
) -> None:
    """No audio is left out, and at most the margin is sent twice."""
    position = RATE.samples(position_ms)
    begin = resume_point(chunks(*pieces), position, RATE)
    assert position - RATE.samples(MARGIN_MS) <= begin <= position


def test_a_new_task_begins_where_finals_end_but_not_before_the_lost_one() -> None:
    """And not before the audio that is kept; the missing audio becomes a gap."""
    audio = Replay(0, 10_000_000)
    for chunk in chunks(*[LOUD] * 10):
        audio.add(chunk)
    audio.cursor = 8000
    assert resume_position(audio, 4800, RATE) == (4800, 4800)
    assert resume_position(audio, 99_999, RATE) == (8000, 8000)
    audio.skip_to(6400)
    assert resume_position(audio, 4800, RATE) == (6400, 6400)
    short = Replay(0, 4800)
    for chunk in chunks(*[LOUD] * 10):
        short.add(chunk)
    short.cursor = 16000
    assert resume_position(short, 1600, RATE) == (1600, 11200)


def test_catching_up_goes_at_its_pace_until_nothing_waits() -> None:
    """Ten seconds at four times real time take two and a half."""
    pace = Pacing(16000, 4.0)
    pace.begin(100.0, 160_000, waiting=160_000)
    assert pace.due(160_000 + 64_000) == 101.0
    pace.end()
    assert pace.due(10**9) is None


@pytest.mark.parametrize(("factor", "waiting"), [(None, 10**6), (4.0, 8000)])
def test_a_little_goes_out_at_once_and_so_does_all_where_nobody_minds(factor: float | None, waiting: int) -> None:
    """Less than a second of audio, or --pace max."""
    pace = Pacing(16000, factor)
    pace.begin(0.0, 0, waiting)
    assert pace.due(10**9) is None


def test_the_stall_detector_counts_from_the_first_speech_without_an_answer() -> None:
    """Any message is an answer; a stall doubles the timeout; a transcript resets it."""
    detector = StallDetector(30.0)
    assert detector.deadline is None
    detector.speech_sent(5.0)
    detector.speech_sent(20.0)
    assert detector.deadline == 35.0
    detector.answered()
    assert detector.deadline is None
    detector.speech_sent(50.0)
    assert detector.expire() == 30.0
    detector.next_task()
    detector.speech_sent(100.0)
    assert detector.deadline == 160.0
    detector.reset()
    assert detector.deadline == 130.0


def test_audio_that_is_passed_over_takes_no_time_to_catch_up_with() -> None:
    """After a jump of ten minutes the pace continues from where it was."""
    pace = Pacing(16000, 4.0)
    pace.skip(5)
    pace.begin(100.0, 0, waiting=160_000)
    pace.skip(9_600_000)
    assert pace.due(9_600_000 + 64_000) == 101.0


def test_a_new_task_begins_where_finals_end_also_where_no_audio_is_kept() -> None:
    """All of it was forgotten: there is nothing to be sent again."""
    audio = Replay(0, 10_000_000)
    audio.add(chunks(LOUD)[0])
    audio.cursor = 1600
    audio.settle(1600)
    assert resume_position(audio, 800, RATE) == (800, 800)
