"""Events on another timeline."""

import pytest

from asrcli.events import (
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
    Word,
    shifted,
)

WORDS, LATER = (Word("a", 0, 5, "."),), (Word("a", 1000, 1005, "."),)


@pytest.mark.parametrize(
    ("event", "moved"),
    [
        (SpeechStarted("1", 7), SpeechStarted("1", 1007)),
        (SpeechStopped("1", 9), SpeechStopped("1", 1009)),
        (Partial("1", 7, "a.", "b", WORDS, "en"), Partial("1", 1007, "a.", "b", LATER, "en")),
        (Final("1", 7, 9, "a.", WORDS), Final("1", 1007, 1009, "a.", LATER)),
        (Gap(7, 9, "why"), Gap(1007, 1009, "why")),
    ],
)
def test_every_time_in_an_event_moves(event: Event, moved: Event) -> None:
    """The server counts from its own first sample; the run has one timeline."""
    assert shifted(event, 1000) == moved


@pytest.mark.parametrize("event", [Ready("t"), Notice("info", "x"), Finished(3), Progress(5)])
def test_an_event_without_a_time_of_the_task_stays(event: Event) -> None:
    """Progress is told by the engine, on the run's timeline already."""
    assert shifted(event, 1000) == event
