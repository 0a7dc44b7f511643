"""The fold: numbers, tails, coverage and loss."""

from functools import reduce

from hypothesis import given
from hypothesis import strategies as st

from asrcli.core.events import (
    Billed,
    Event,
    Final,
    Finished,
    Gap,
    Level,
    Notice,
    Partial,
    Paused,
    Progress,
    Ready,
    Reconnecting,
    Resumed,
    Usage,
    Word,
)
from asrcli.core.provisional_event import Provisional
from asrcli.core.transcript import MOST_OPEN, Transcript, fold


def folded(*events: Event) -> Transcript:
    """The transcript after these events."""
    return reduce(fold, events, Transcript())


def test_a_final_takes_the_number_its_partials_had() -> None:
    """A reader of partials can tell which final they became."""
    after_partial = folded(Partial("a", 0, "", "hel"))
    assert after_partial.numbers == {"a": 1}
    after_final = fold(after_partial, Final("a", 0, 500, "hello"))
    assert after_final.latest is not None
    assert after_final.latest.number == 1
    assert after_final.open == {}


def test_sentences_are_numbered_through_tasks_whose_keys_begin_again() -> None:
    """Keys restart with every task; numbers never do."""
    transcript = folded(Final("1", 0, 500, "one"), Finished(), Partial("1", 600, "", "tw"), Final("1", 600, 900, "two"))
    assert transcript.latest is not None
    assert transcript.latest.number == 2
    assert transcript.sentences == 2


def test_an_empty_final_takes_its_partial_back_and_frees_the_number() -> None:
    """Noise that turned out to be nothing leaves no hole in the numbers."""
    transcript = folded(Partial("a", 0, "", "uh"), Final("a", 0, 300, " "), Final("b", 400, 800, "yes"))
    assert transcript.latest is not None
    assert transcript.latest.number == 1
    assert transcript.sentences == 1


def test_overlapping_sentences_show_the_oldest_first() -> None:
    """Only what precedes anything unsettled counts as settled."""
    transcript = folded(Partial("a", 0, "one ", "two"), Partial("b", 900, "three", " four"))
    assert transcript.settled == "one "
    assert transcript.unsettled == "two three four"


def test_open_translations_are_beside_the_open_text() -> None:
    """Where there are any; they go with the sentence they belong to."""
    transcript = folded(Partial("a", 0, "一", translation="one"), Partial("b", 9, "二"), Partial("c", 9, "三"))
    assert transcript.translation == "one"
    transcript = fold(transcript, Partial("c", 9, "三", translation="three"))
    assert (transcript.translation, transcript.settled, transcript.unsettled) == ("one three", "一", " 二 三")
    transcript = fold(transcript, Final("a", 0, 9, "一", translation="one", translated_into="en"))
    assert transcript.translation == "three"
    assert transcript.latest is not None
    assert transcript.latest.final.translation == "one"


def test_partials_of_a_lost_connection_vanish() -> None:
    """They will be said again after the replay."""
    assert folded(Partial("a", 0, "one", ""), Reconnecting(1, 0, "lost")).open == {}
    assert folded(Partial("a", 0, "one", ""), Finished()).unsettled == ""


def test_coverage_follows_words_and_finals_and_never_goes_back() -> None:
    """The position shown is how far the text reaches."""
    transcript = folded(Partial("a", 100, "", "x", (Word("x", 100, 900),)))
    assert transcript.covered_ms == 900
    assert fold(transcript, Final("a", 100, 700, "x")).covered_ms == 900


def test_lost_time_is_the_sum_of_the_gaps() -> None:
    """Each gap counts once."""
    assert folded(Gap(0, 500, "x"), Gap(700, 1000, "y")).lost_ms == 800


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(["partial", "final", "empty"]))))
def test_numbers_are_unique_whatever_the_order(happenings: list[tuple[str, str]]) -> None:
    """No two sentences ever carry the same number, and the count is the count of finals with text."""
    transcript, numbers = Transcript(), []
    for key, kind in happenings:
        event = Partial(key, 0, "", "x") if kind == "partial" else Final(key, 0, 1, "x" if kind == "final" else "")
        transcript = fold(transcript, event)
        if kind == "final":
            assert transcript.latest is not None
            numbers.append(transcript.latest.number)
        assert len(set(transcript.numbers.values())) == len(transcript.numbers)
        assert set(transcript.numbers) == set(transcript.open)
        assert transcript.next_number == 1 + max([transcript.highest, *transcript.numbers.values()])
    assert len(set(numbers)) == len(numbers) == transcript.sentences


def test_the_end_of_one_speaker_leaves_what_others_are_saying() -> None:
    """Their open sentences go on, with the numbers they have."""
    transcript = Transcript()
    for event in (Partial("l:1", 0, "a", speaker="l"), Partial("r:1", 0, "b", speaker="r"), Finished(speaker="l")):
        transcript = fold(transcript, event)
    assert list(transcript.open) == ["r:1"]
    assert transcript.numbers == {"r:1": 2}


def test_a_pause_counts_and_is_neither_text_nor_loss() -> None:
    """Each adds to those before."""
    transcript = folded(Resumed(1000, 1500), Resumed(2000, 2100))
    assert (transcript.paused_ms, transcript.lost_ms, transcript.sentences) == (600, 0, 0)


def test_sentences_that_are_opened_and_never_ended_are_forgotten_from_the_oldest_on() -> None:
    """Memory is bounded, and the numbers of the others stay."""
    transcript = folded(*(Partial(f"{number}", number, "", "x") for number in range(MOST_OPEN + 5)))
    assert (len(transcript.open), next(iter(transcript.open))) == (MOST_OPEN, "5")
    assert transcript.numbers.keys() == transcript.open.keys()
    assert fold(transcript, Partial(f"{MOST_OPEN}", 0, "", "y")).open.keys() == transcript.open.keys()


def test_events_without_text_leave_the_transcript_as_it_is() -> None:
    """Also the open sentences: only the end of a task and a lost connection take them back."""
    before = folded(Final("1", 0, 500, "one"), Partial("2", 500, "tw", "o"))
    for event in (
        Progress(900),
        Notice("warning", "late"),
        Paused(900),
        Level(900, -20.0, -9.0),
        Ready("task"),
        Billed(Usage(1)),
    ):
        assert fold(before, event) is before


def test_provisional_text_is_kept_until_it_is_withdrawn() -> None:
    """It is no sentence: it has no number and covers nothing."""
    heard = folded(Provisional("a", 0, 500, "one"), Provisional("b", 500, 900, "two"), Provisional("a", 0, 400, "on"))
    assert [event.text for event in heard.provisional.values()] == ["on", "two"]
    assert (heard.sentences, heard.covered_ms) == (0, 0)
    assert list(fold(heard, Provisional("a", 0, 400, " ")).provisional) == ["b"]
