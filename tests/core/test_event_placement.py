"""Events on another timeline."""

import pytest

from asrcli.core.event_placement import clamp_event, decided_until_ms, label_event, shift_event
from asrcli.core.events import (
    Event,
    Final,
    Finished,
    Gap,
    Notice,
    Partial,
    Progress,
    Ready,
    SpeechStarted,
    SpeechStopped,
    Usage,
    Word,
)

WORDS, LATER = (Word("a", 0, 5, ".", True),), (Word("a", 1000, 1005, ".", True),)


@pytest.mark.parametrize(
    ("event", "moved"),
    [
        (SpeechStarted("1", 7), SpeechStarted("1", 1007)),
        (SpeechStopped("1", 9), SpeechStopped("1", 1009)),
        (Partial("1", 7, "a.", "b", WORDS, "en"), Partial("1", 1007, "a.", "b", LATER, "en")),
        (Final("1", 7, 9, "a.", WORDS), Final("1", 1007, 1009, "a.", LATER)),
        (
            Final("1", 7, 9, "a.", WORDS, estimated=True, sure_ms=8),
            Final("1", 1007, 1009, "a.", LATER, estimated=True, sure_ms=1008),
        ),
        (Gap(7, 9, "why"), Gap(1007, 1009, "why")),
    ],
)
def test_every_time_in_an_event_moves(event: Event, moved: Event) -> None:
    """The server counts from its own first sample; the run has one timeline."""
    assert repr(shift_event(event, 1000)) == repr(moved)  # all fields: some are no part of the comparison
    assert shift_event(event, 0) is event


@pytest.mark.parametrize("event", [Ready("t"), Notice("info", "x"), Finished(Usage(3)), Progress(5)])
def test_an_event_without_a_time_of_the_task_stays(event: Event) -> None:
    """Progress is reported by the engine, on the run's timeline already."""
    assert shift_event(event, 1000) == event


def test_a_label_tells_the_sentences_of_speakers_apart() -> None:
    """Keys of two sessions never meet; without a label nothing changes."""
    for event in (SpeechStarted("1", 0), SpeechStopped("1", 9), Partial("1", 0, "a"), Final("1", 0, 9, "a")):
        assert label_event(event, "left").key == "left:1"  # type: ignore[union-attr]
        assert label_event(event, "") is event
    for spoken in (Partial("1", 0, "a"), Final("1", 0, 9, "a"), Gap(0, 1, "x"), Finished()):
        assert label_event(spoken, "left").speaker == "left"  # type: ignore[union-attr]
    assert label_event(Notice("info", "x"), "left") == Notice("info", "x")


@pytest.mark.parametrize(
    ("event", "cut"),
    [
        (SpeechStarted("1", 7), SpeechStarted("1", 10)),
        (SpeechStopped("1", 99), SpeechStopped("1", 20)),
        (Partial("1", 7, "a.", "", (Word("a", 0, 30),)), Partial("1", 10, "a.", "", (Word("a", 10, 20),))),
        (Final("1", 12, 30, "a.", (Word("a", 0, 5),)), Final("1", 12, 20, "a.", (Word("a", 12, 12),))),
        (Final("1", 30, 30, "a.", sure_ms=150), Final("1", 20, 20, "a.", sure_ms=20)),
        (Final("1", 12, 15, "a.", sure_ms=3), Final("1", 12, 15, "a.", sure_ms=10)),
        (Final("1", 12, 25, "a.", estimated=True, sure_ms=14), Final("1", 12, 20, "a.", estimated=True, sure_ms=14)),
        (
            Final("1", 12, 25, "a.", (Word("a", 12, 25, ".", True),)),
            Final("1", 12, 20, "a.", (Word("a", 12, 20, ".", True),)),
        ),
        (Gap(0, 5, "lost"), Gap(10, 10, "lost")),
        (Finished(), Finished()),
    ],
)
def test_times_are_cut_to_a_span(event: Event, cut: Event) -> None:
    """Nothing lies outside it, and no end before its start; what is inside is the same event."""
    found = clamp_event(event, 10, 20)
    assert repr(found) == repr(cut)  # all fields: some are no part of the comparison
    assert clamp_event(cut, 10, 20) is cut


@pytest.mark.parametrize(
    ("sure_ms", "until_ms"),
    [(None, 900), (500, 500), (150_000, 900)],
)
def test_a_final_decides_no_audio_after_its_end(sure_ms: int | None, until_ms: int) -> None:
    """Whatever a service or a journal says: resuming from there would leave out audio that has no text."""
    assert decided_until_ms(Final("1", 400, 900, "a.", sure_ms=sure_ms)) == until_ms
