"""The outbox of a session: everything final comes out once and in order, and an old partial takes no room."""

from threading import Thread, Timer

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asrcli.core.events import Event, Final, Partial, Progress
from asrcli.engine import outbox as outbox_module
from asrcli.engine.outbox import Outbox, replaces

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


def test_whoever_waits_is_woken() -> None:
    """By the first item, from another thread."""
    outbox, heard = Outbox[Event](replaces), list[Event]()
    listener = Thread(target=lambda: heard.append(outbox.get()))
    listener.start()
    outbox.put(Progress(1))
    listener.join(20)
    assert heard == [Progress(1)]


def test_a_wait_that_is_cut_into_pieces_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on Windows, where Ctrl-C comes between two of them only."""
    monkeypatch.setattr(outbox_module, "WAIT_S", 0.001)
    outbox = Outbox[Event](replaces)
    Timer(0.05, lambda: outbox.put(Progress(1))).start()
    assert outbox.get() == Progress(1)
