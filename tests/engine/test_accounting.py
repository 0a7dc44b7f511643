"""What becomes of each part of the audio of a session, and what listeners are told of it."""

from collections.abc import Callable

from asrcli.core.audio import Chunk, Format
from asrcli.core.events import Billed, Event, Final, Gap, Partial, Progress, Usage
from asrcli.core.provisional_event import Provisional
from asrcli.engine.accounting import SessionAccount
from asrcli.recovery.provisional import LocalSentence

RATE = Format(1000)  # a sample a millisecond


def account(events: list[Event], captured_ms: int, clock: Callable[[], float] = lambda: 0.0) -> SessionAccount:
    """An account of this much loud audio, which tells its events to this list."""
    made = SessionAccount(clock, events.append, RATE, 0)
    made.add_chunk(Chunk(0, bytes(2 * captured_ms), quiet=False))
    return made


def test_a_gap_takes_the_provisional_text_of_its_audio_with_it() -> None:
    """The text is withdrawn before the gap says it: no listener ever shows both."""
    events: list[Event] = []
    made = account(events, 1000)
    made.provisional.update(LocalSentence("local-1", 100, 900, "heard here"), made.ledger.undecided)
    made.add_missing(0, 1000, "lost")
    withdrawn, gap = events
    assert withdrawn == Provisional("local-1", 100, 900, "")
    assert gap == Gap(0, 1000, "lost", local_text="heard here")
    assert made.ledger.totals(1000).local_ms == 800


def test_the_last_gaps_and_texts_come_out_at_the_end() -> None:
    """In the order of the recording, and nothing provisional stays."""
    events: list[Event] = []
    made = account(events, 3000)
    made.add_missing(1000, 2000, "lost")
    assert events == []  # sound before it may still get its text
    final = Final("1", 0, 1000, "text")
    made.add_event(final)
    made.emit_after_gaps(final)
    made.provisional.update(LocalSentence("local-1", 2100, 2900, "rest"), made.ledger.undecided)
    made.complete()
    assert [type(event) for event in events] == [Final, Gap, Provisional, Gap]
    assert [event.begin_ms for event in events if isinstance(event, Gap)] == [1000, 2000]
    assert made.provisional.sentences == ()


def test_an_empty_final_decides_only_the_audio_that_the_service_has_named() -> None:
    """A guessed end is the end of the sent audio, which the service may not have processed."""
    made = account([], 3000)
    assert not made.add_event(Final("1", 500, 3000, "", estimated=True, sure_ms=500))
    assert made.undecided() == [(0, 3000)]
    assert made.add_event(Final("2", 500, 900, ""))
    assert made.undecided() == [(0, 500), (900, 3000)]


def test_delays_are_measured_to_the_first_text_and_from_the_end_to_the_last_final() -> None:
    """A final before the end of the audio is not the last word, and an empty partial no text."""
    now = 10.0
    made = account([], 3000, lambda: now)
    made.add_sent(0, 1000, now)
    now = 10.5
    made.add_event(Partial("1", 0, ""))
    now = 11.0
    made.add_event(Partial("1", 0, "so"))
    now = 12.0
    made.add_event(Final("1", 0, 1000, "so far"))
    now = 13.0
    made.end_input()
    figures = made.result(None, Usage(), 0, broken=False).figures
    assert (figures.first_text_ms, figures.final_after_stop_ms) == (1000, None)
    now = 13.25
    made.add_event(Final("2", 1000, 3000, "to the end"))
    assert made.result(None, Usage(), 0, broken=False).figures.final_after_stop_ms == 250


def test_a_bill_is_told_once_each_time_it_changes() -> None:
    """The service counts again in each task, and the bill is the sum. What it repeats is no news."""
    events: list[Event] = []
    made = account(events, 1000)
    first = Usage(seconds=1)
    made.update_bill(first, task_ended=False)
    made.update_bill(first, task_ended=False)
    made.update_bill(Usage(seconds=1), task_ended=False)
    assert events == [Billed(Usage(seconds=1))]
    made.update_bill(Usage(seconds=3), task_ended=False)
    made.end_task(Usage(seconds=4), 0)
    made.update_bill(Usage(seconds=4), task_ended=True)
    made.update_bill(Usage(seconds=2), task_ended=False)
    assert [event.usage.seconds for event in events if isinstance(event, Billed)] == [1, 3, 4, 6]
    assert made.result(None, Usage(seconds=2), 0, broken=False).usage == Usage(seconds=6)


def test_progress_is_reported_at_most_as_often_as_was_asked() -> None:
    """And audio that is sent again is counted, up to where it is new."""
    events: list[Event] = []
    made = account(events, 2000)
    made.progress_s = 1.0
    for number in range(8):
        made.add_sent(100 * number, 100 * number + 100, 5.0 + number / 4)
    assert events == [Progress(100), Progress(500)]
    made.add_sent(500, 900, 6.9)
    assert (made.sent_to, made.resent) == (900, 300)
