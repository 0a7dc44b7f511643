"""An input while it is transcribed: its figures, and the connections that its parts ask for."""

from collections.abc import Sequence

import pytest

from asrcli.core.errors import ServiceRefused
from asrcli.core.events import Began, Billed, Gap, Notice, Progress, Ready, Reconnecting, Usage
from asrcli.core.transcript import Transcript
from asrcli.runs.batch.active_input import ActiveInput, BatchTask, is_throttled
from asrcli.runs.batch.decisions import Action, Decision, InputStamp, LedgerRow
from asrcli.runs.batch.manifest import BatchInput


def test_the_figures_of_an_active_input_come_from_its_events() -> None:
    """How far it is, how long it is, what it costs, and whether the service has room."""
    active = ActiveInput(BatchTask(BatchInput("a", "a", "a"), LedgerRow("a"), Decision(Action.NEW, "")))
    for event in (
        Began("a", "m", "t", 500, 9500, engine="counting"), Progress(3000), Progress(2000), Billed(Usage(3.0), 0.5),
        Reconnecting(1, 10, str(ServiceRefused("Throttling", "slow down"))), Reconnecting(1, 10, "connection lost"),
    ):  # fmt: skip
        active.handle(event, Transcript())
    active.close()
    figures = (active.reached_ms, active.length_ms, active.cost, active.engine, active.refusals)
    assert figures == (3000, 10_000, 0.5, "counting", 1)
    assert not is_throttled("refused by the service: ")
    assert InputStamp() == InputStamp(None, None, "")


def test_what_the_source_says_of_the_recording_is_kept_once() -> None:
    """Not what is about the connection, nor what an attempt said that was begun again."""
    active = ActiveInput(BatchTask(BatchInput("a", "a", "a"), LedgerRow("a"), Decision(Action.NEW, "")))
    early = Notice("warning", "a: ends 1.5 s before the end that its header names")
    others = [Notice("warning", "connected again"), Notice("info", "a: has 2 tracks")]
    active.handle(Began("a", "m", "t", 0), Transcript())
    for notice in (early, *others, early):
        active.handle(notice, Transcript())
    assert list(active.remarks) == [early.text]
    active.begin_again()
    assert not active.remarks


@pytest.mark.parametrize(
    ("reasons", "lost"),
    [
        ((), False),
        (("the file is damaged here: 3 packets could not be decoded", "no audio in the file here"), False),
        (("the file is cut short here",), False),
        (("no audio in the file here", "connection lost"), True),
        (("connection lost", "the file is damaged here"), True),
    ],
)
def test_audio_that_the_recording_does_not_have_is_not_lost_by_the_run(reasons: Sequence[str], lost: bool) -> None:
    """Another run would have the same gaps there, and perhaps none elsewhere."""
    active = ActiveInput(BatchTask(BatchInput("a", "a", "a"), LedgerRow("a"), Decision(Action.NEW, "")))
    for number, reason in enumerate(reasons):
        active.handle(Gap(number * 1000, number * 1000 + 500, reason), Transcript())
    assert active.lost_audio is lost


def test_parts_get_the_connection_that_is_there_and_ask_for_more() -> None:
    """The main thread is woken, and grants one when its limits allow; one that is stopped wants none."""
    woken, granted = list[int](), list[str]()
    task = BatchTask(BatchInput("a", "a", "a"), LedgerRow("a"), Decision(Action.NEW, ""))
    active = ActiveInput(task, wake=lambda: woken.append(1))
    for name in ("first", "second", "third"):
        active.ask(lambda name=name: granted.append(name))  # type: ignore[misc]
    assert (granted, len(woken), active.wants_stream, active.streams) == (["first"], 2, True, 1)
    active.grant()
    assert (granted, active.streams) == (["first", "second"], 2)
    active.give_back()
    assert (active.streams, len(woken)) == (1, 3)
    active.stop()
    assert not active.wants_stream


def test_tasks_that_begin_again_are_counted() -> None:
    """The service limits how many begin, whatever the reason."""
    task = BatchTask(BatchInput("a", "a", "a"), LedgerRow("a"), Decision(Action.NEW, ""))
    active = ActiveInput(task)
    for event in (Ready("1"), Reconnecting(1, 0, "connection lost"), Ready("2"), Ready("3")):
        active.handle(event, Transcript())
    assert active.starts == 3


class Stopped:
    """A run that keeps how it was asked to end."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def finish(self) -> None:
        """Asked for its last words."""
        self.asked.append("finish")

    def leave(self) -> None:
        """Asked to wait for nothing."""
        self.asked.append("leave")


def test_an_end_reaches_all_runs_of_an_input_also_a_later_one() -> None:
    """A run that begins after the user has asked for the end learns of it at once."""
    active = ActiveInput(BatchTask(BatchInput("a", "a", "a"), LedgerRow("a"), Decision(Action.NEW, "")))
    first, second, third = Stopped(), Stopped(), Stopped()
    active.attach(first)
    assert first.asked == []
    active.stop()
    active.attach(second)
    active.leave()
    active.attach(third)
    assert (first.asked, second.asked, third.asked) == (["finish", "leave"], ["finish", "leave"], ["leave"])


def test_an_input_that_begins_again_wants_no_connection_of_before() -> None:
    """What asked for more is lost with its worker: nobody would use the connection."""
    granted: list[str] = []
    active = ActiveInput(BatchTask(BatchInput("a", "a", "a"), LedgerRow("a"), Decision(Action.NEW, "")))
    for name in ("first", "second"):
        active.ask(lambda name=name: granted.append(name))  # type: ignore[misc]
    assert active.wants_stream
    active.begin_again()
    assert (granted, active.wants_stream, active.streams) == (["first"], False, 1)
    active.grant()  # the main thread has looked before
    assert (granted, active.streams) == (["first"], 1)
