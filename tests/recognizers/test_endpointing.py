"""The beginnings and ends of sentences, for every series of voiced and unvoiced frames."""

from hypothesis import given
from hypothesis import strategies as st

from asrcli.recognizers.endpointing import FRAME_MS, LATE_MS, START_MS, Endpointer, SpeechBegan, SpeechCut, SpeechEnded

RUNS = st.lists(st.tuples(st.booleans(), st.integers(1, 120)), max_size=30)
SPEECH, SHORT = START_MS // FRAME_MS, START_MS // FRAME_MS - 1


def decisions(runs: list[tuple[bool, int]], **options: int) -> list[tuple[int, object]]:
    """Each decision with the frame behind which it fell."""
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


def test_a_long_sentence_is_cut_in_the_middle_of_its_longest_late_pause() -> None:
    """And the frames behind the cut begin the next one."""
    runs = [(True, 400), (False, 10), (True, 200)]
    assert decisions(runs)[1] == (500, SpeechCut(90 + 5))


def test_speech_without_any_pause_is_cut_at_the_limit() -> None:
    """Nothing better is known: no frame is said twice, none is lost."""
    assert decisions([(True, 1100)]) == [(SPEECH, SpeechBegan(SPEECH)), (500, SpeechCut(0)), (999, SpeechCut(0))]


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
            assert decision.frames == SPEECH
        elif isinstance(decision, SpeechCut):
            assert open_since is not None
            assert 0 <= decision.back * FRAME_MS <= LATE_MS + 6000
            ended = at - decision.back
            assert ended > open_since
            open_since = ended
        else:
            assert isinstance(decision, SpeechEnded)
            assert open_since is not None
            ended = at - decision.quiet
            assert ended >= open_since
            open_since = None
