"""The outbox of a session: everything final comes out once and in order, and an old partial takes no room."""

from threading import Thread, Timer

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asrcli.core.events import Billed, Event, Final, Partial, Progress, Reconnecting, Usage
from asrcli.core.transcript import Transcript, fold
from asrcli.engine import outbox as outbox_module
from asrcli.engine.outbox import Outbox, is_passing, replaces
from tests.support.handshake import PATIENCE_S
from tests.support.manual_thread import ManualThread

EVENTS = st.one_of(
    st.builds(Partial, st.sampled_from("ab"), st.integers(0, 9), st.just(""), st.text(max_size=2)),
    st.builds(Final, st.sampled_from("cd"), st.integers(0, 9), st.just(9), st.text(max_size=2)),
    st.builds(Progress, st.integers(0, 99)),
)


@given(st.lists(st.lists(EVENTS, max_size=20), max_size=10))
def test_finals_stay_in_order_and_the_latest_of_what_replaces_is_what_comes(batches: list[list[Event]]) -> None:
    """Whenever the listener takes what is there: nothing final is missing, and nothing out of date comes last."""
    outbox, taken, put = Outbox[Event](replaces), list[Event](), list[Event]()
    for batch in batches:
        for event in batch:
            outbox.put(event)
        put += batch
        left = {replaces(event) for event in batch if replaces(event)}
        count = len(left) + sum(isinstance(event, Final) for event in batch)
        taken += [outbox.get() for _ in range(count)]
    assert [event for event in taken if isinstance(event, Final)] == [
        event for event in put if isinstance(event, Final)
    ]
    for key in {replaces(event) for event in put} - {None}:
        assert [event for event in taken if replaces(event) == key][-1] == [e for e in put if replaces(e) == key][-1]


SAME_NAMES = st.one_of(
    st.builds(Partial, st.sampled_from("ab"), st.just(0), st.just(""), st.text(max_size=2)),
    st.builds(Final, st.sampled_from("ab"), st.just(0), st.just(9), st.just("text")),
    st.sampled_from([Reconnecting(1, 0, ""), Progress(1)]),
)


@given(st.lists(st.lists(SAME_NAMES, max_size=9), max_size=5))
def test_a_listener_that_lags_ends_with_the_same_transcript(batches: list[list[Event]]) -> None:
    """Also where the next task uses the name of a sentence again: its open text stays behind the final of the last."""
    outbox, late, punctual = Outbox[Event](replaces), Transcript(), Transcript()
    for batch in batches:
        for event in batch:
            outbox.put(event)
            punctual = fold(punctual, event)
        for event in outbox.waiting():
            late = fold(late, event)
        assert (late.open, late.sentences) == (punctual.open, punctual.sentences)


def test_an_hour_of_partials_that_nobody_takes_is_one() -> None:
    """A reader that stands still costs no memory."""
    outbox = Outbox[Event](replaces)
    for number in range(36_000):
        outbox.put(Partial("1", 0, "", f"text {number}"))
        outbox.put(Progress(number))
    outbox.put(Final("1", 0, 1, "text"))
    assert [outbox.get() for _ in range(3)] == [
        Partial("1", 0, "", "text 35999"),
        Progress(35_999),
        Final("1", 0, 1, "text"),
    ]


def test_what_comes_faster_than_it_is_taken_comes_in_turn() -> None:
    """A listener that takes one of three at a time gets each of them again and again, not always the same one."""
    outbox, taken = Outbox[Event](replaces), list[Event]()
    for number in range(30):
        for event in (Partial("1", 0, "", f"{number}"), Progress(number), Billed(Usage())):
            outbox.put(event)
        taken.append(outbox.get())
    assert [taken.count(event) for event in taken if isinstance(event, Billed)] == [10] * 10
    assert [event.sent_ms for event in taken if isinstance(event, Progress)] == list(range(1, 30, 3))
    assert [event.unsettled for event in taken if isinstance(event, Partial)] == [str(n) for n in range(0, 30, 3)]


def test_what_is_there_is_not_waited_for() -> None:
    """However it came there: before the listener looked, or while it did; without an item the wait has its time."""
    outbox = Outbox[Event](replaces)
    assert not outbox.wait(0)
    outbox.put(Progress(1))
    assert outbox.wait(0)
    outbox.put(Final("1", 0, 1, "text"))
    assert outbox.wait(0)
    assert outbox.get() == Progress(1)
    assert outbox.wait(0)
    assert outbox.get() == Final("1", 0, 1, "text")
    assert not outbox.wait(0)


def test_a_waiting_listener_is_woken() -> None:
    """By the first item, from another thread."""
    outbox, heard = Outbox[Event](replaces), list[Event]()
    listener = Thread(target=lambda: heard.append(outbox.get()))
    listener.start()
    outbox.put(Progress(1))
    listener.join(PATIENCE_S)
    assert heard == [Progress(1)]


def test_waiting_takes_no_item() -> None:
    """No longer than it may, where nothing comes; what comes is there for whoever takes it, in its place."""
    outbox = Outbox[Event](replaces)
    assert not outbox.wait(0)
    outbox.put(Progress(1))
    assert outbox.wait(0)
    assert outbox.get() == Progress(1)
    Timer(0.05, lambda: outbox.put(Progress(2))).start()
    assert outbox.wait(PATIENCE_S)
    assert outbox.get() == Progress(2)
    assert not outbox.wait(0)


def test_a_wait_that_is_cut_into_pieces_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on Windows, where Ctrl-C comes between two of them only."""
    monkeypatch.setattr(outbox_module, "WAIT_S", 0.001)
    outbox = Outbox[Event](replaces)
    Timer(0.05, lambda: outbox.put(Progress(1))).start()
    assert outbox.get() == Progress(1)


def test_nobody_is_woken_for_what_can_wait() -> None:
    """It comes, in its place, together with the next item that cannot; or to whoever takes all that is there."""
    outbox = Outbox[Event](replaces, is_passing)
    heard = list[Event]()
    listener = Thread(target=lambda: heard.extend(outbox.get() for _ in range(3)))
    listener.start()
    outbox.put(Partial("1", 0, "", "hel"))
    outbox.put(Billed(Usage(1.0)))
    listener.join(0.05)
    assert heard == []
    outbox.put(Final("1", 0, 9, "hello"))
    listener.join(PATIENCE_S)
    assert heard == [Partial("1", 0, "", "hel"), Billed(Usage(1.0)), Final("1", 0, 9, "hello")]
    outbox.put(Partial("2", 9, "", "wor"))
    assert list(outbox.waiting()) == [Partial("2", 9, "", "wor")]


def test_the_thread_that_fills_it_wakes_the_listener_after_its_work() -> None:
    """All that it puts in one turn is there then; another thread wakes the listener at once."""
    outbox, shared, heard = Outbox[Event](replaces), ManualThread(), list[Event]()
    outbox.filled_by(shared)
    listener = Thread(target=lambda: heard.extend(outbox.get() for _ in range(3)))
    listener.start()
    while not outbox._listener_waits:
        listener.join(0.001)
    shared.is_current = True
    outbox.put(Final("1", 0, 9, "one"))
    outbox.put(Final("2", 9, 10, "two"))
    assert heard == []
    shared.turn()
    shared.is_current = False
    outbox.put(Final("3", 10, 11, "three"))
    listener.join(PATIENCE_S)
    assert [event.text for event in heard if isinstance(event, Final)] == ["one", "two", "three"]
