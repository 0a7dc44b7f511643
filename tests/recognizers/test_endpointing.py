"""The beginnings and ends of sentences, for every series of voiced and unvoiced frames."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asrcli.recognizers.endpointing import FRAME_MS, START_MS, Endpointer, SpeechBegan, SpeechCut, SpeechEnded

RUNS = st.lists(st.tuples(st.booleans(), st.integers(1, 120)), max_size=30)
SPEECH, SHORT = START_MS // FRAME_MS, START_MS // FRAME_MS - 1


def decisions(runs: list[tuple[bool, int]], **options: int) -> list[tuple[int, object]]:
    """Each decision with the frame after which it fell."""
    endpointer, at = Endpointer(**options), 0
    found: list[tuple[int, object]] = []
    for voiced, count in runs:
        for _ in range(count):
            at += 1
            decision = endpointer.add_frame(voiced=voiced)
            if decision is not None:
                found.append((at, decision))
    return found


def test_a_sentence_begins_after_240_ms_of_voice_and_ends_after_600_ms_of_quiet() -> None:
    """The first voiced frame is where it began; the quiet at its end is not part of it."""
    assert decisions([(False, 10), (True, 50), (False, 30)]) == [
        (10 + SPEECH, SpeechBegan(SPEECH)),
        (80, SpeechEnded(20)),
    ]


def test_a_short_noise_is_no_speech() -> None:
    """A voice detector calls the first moments of a noisy stream speech; START_MS is longer than that."""
    assert decisions([(True, SHORT), (False, 1)] * 20) == []


def test_a_pause_within_a_sentence_does_not_end_it() -> None:
    """Up to one frame less than asked for."""
    assert decisions([(True, 20), (False, 19), (True, 20)]) == [(SPEECH, SpeechBegan(SPEECH))]


def test_the_silence_that_ends_a_sentence_is_the_client_s_to_choose() -> None:
    """Its parameter arrives here."""
    ends = [decisions([(True, 20), (False, 300)], silence_ms=ms)[1][0] for ms in (200, 1300, 6000)]
    assert ends == [26, 63, 220]


@pytest.mark.parametrize(("length", "pause"), [(340, 9), (400, 5), (450, 2), (498, 1)])
def test_a_long_sentence_ends_at_a_pause_the_shorter_the_longer_it_is(length: int, pause: int) -> None:
    """While the pause lasts, so that no word waits for the limit; one frame less does not end it."""
    assert decisions([(True, length), (False, pause - 1), (True, 1)])[1:] == []
    assert decisions([(True, length), (False, pause)])[1:] == [(length + pause, SpeechEnded(pause))]


def test_after_a_short_pause_speech_goes_on_with_its_first_frame() -> None:
    """It is the same speech: nothing between the two sentences has to be as long as a first word."""
    runs = [(True, 450), (False, 5), (True, 1), (False, 4), (True, 3)]
    assert decisions(runs)[1:] == [(452, SpeechEnded(2)), (456, SpeechBegan(1))]


def test_a_pause_that_lasts_ends_speech_as_silence_does() -> None:
    """After it a short noise is no speech."""
    assert decisions([(True, 450), (False, 19), (True, 1)])[1:] == [(452, SpeechEnded(2)), (470, SpeechBegan(1))]
    assert decisions([(True, 450), (False, 20), (True, SHORT)])[1:] == [(452, SpeechEnded(2))]


def test_speech_without_any_pause_is_cut_at_the_limit() -> None:
    """Nothing better is known: no frame is said twice, none is lost."""
    assert decisions([(True, 1100)]) == [(SPEECH, SpeechBegan(SPEECH)), (500, SpeechCut()), (999, SpeechCut())]


@given(RUNS, st.sampled_from([None, 200, 600, 6000]))
def test_decisions_alternate_and_point_at_frames_that_exist(
    runs: list[tuple[bool, int]], silence_ms: int | None
) -> None:
    """Started, cuts, stopped, started: a sentence is open or it is not, and none reaches back into another."""
    open_since: int | None = None
    ended = 0
    for at, decision in decisions(runs, **({} if silence_ms is None else {"silence_ms": silence_ms})):
        if isinstance(decision, SpeechBegan):
            assert open_since is None
            open_since = at - decision.frames
            assert open_since >= ended
            assert decision.frames == SPEECH or (decision.frames == 1 and ended > 0)
        elif isinstance(decision, SpeechCut):
            assert open_since is not None
            ended = at
            assert ended > open_since
            open_since = ended
        else:
            assert isinstance(decision, SpeechEnded)
            assert open_since is not None
            ended = at - decision.quiet
            assert ended >= open_since
            open_since = None
