"""Runs that a signal ends while they dial or while their input ends: the account is there, and no error."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from threading import Event as Flag

import pytest

from asrcli.core.audio import Chunk
from asrcli.core.errors import ConnectFailed, SourceError
from asrcli.core.events import Ended, Event, Finished, Gap, Ready
from asrcli.core.settings import ConnectionSettings
from asrcli.runs.run import Run
from tests.support.handshake import Service, Tone, Wire
from tests.support.listener import Listener
from tests.support.live_session import LiveSource
from tests.support.run_plans import plan


@pytest.mark.parametrize("how", ["Ctrl-C", "SIGTERM", "Ctrl-C twice", "finish"])
def test_a_run_that_is_ended_while_it_dials_has_its_account(how: str) -> None:
    """The service has not answered yet: nothing of the file was sent, and the account says so."""
    answered = Flag()

    def dial(url: str, connection: ConnectionSettings) -> Wire:
        del connection
        answered.wait(30)
        raise ConnectFailed(url, "nobody there")

    @contextmanager
    def signalled(ask: Callable[[], object], hurry: Callable[[], object]) -> Iterator[None]:
        if how == "Ctrl-C twice":
            raise KeyboardInterrupt
        {"Ctrl-C": ask, "SIGTERM": hurry, "finish": run.finish}[how]()
        yield

    listener = Listener()
    run = Run(replace(plan(), dial=dial, interruptible=signalled), [listener])
    with suppress(KeyboardInterrupt, ConnectFailed):
        run.transcribe([Tone(5)])
    answered.set()
    ended = listener.events[-1]
    assert isinstance(ended, Ended)
    assert (ended.audio_ms, ended.lost_ms, ended.sentences) == (0, 0, 0)


@pytest.mark.parametrize("how", ["Ctrl-C", "SIGTERM", "finish"])
def test_what_a_device_has_captured_while_a_call_fails_is_in_the_account(how: str) -> None:
    """A journal takes what its account does not name as lost for finished: nobody would transcribe it any more."""
    ended = Flag()

    class Speaking(LiveSource):
        def chunks(self, start: int) -> Iterator[Chunk | Event]:
            """All that was said; the call fails when all of it was taken."""
            yield from super().chunks(start)
            ended.set()

    def dial(url: str, connection: ConnectionSettings) -> Wire:
        del connection
        ended.wait(30)
        raise ConnectFailed(url, "nobody there")

    @contextmanager
    def signalled(ask: Callable[[], object], hurry: Callable[[], object]) -> Iterator[None]:
        talk.say(5)
        {"Ctrl-C": ask, "SIGTERM": hurry, "finish": run.finish}[how]()
        yield

    talk = Speaking()
    listener = Listener()
    run = Run(replace(plan(), dial=dial, interruptible=signalled), [listener])
    with suppress(KeyboardInterrupt, ConnectFailed):
        run.transcribe([talk])
    account = listener.events[-1]
    assert isinstance(account, Ended)
    assert (account.audio_ms, account.lost_ms) == (500, 500)
    assert [(gap.begin_ms, gap.end_ms) for gap in listener.of(Gap) if isinstance(gap, Gap)] == [(0, 500)]


def test_an_input_that_ends_with_the_interrupt_is_no_error() -> None:
    """Ctrl-C in a pipeline also ends the program that writes: its broken input is not reported, the interrupt is."""
    asks: list[Callable[[], object]] = []

    def play(service: Service, wire: Wire) -> None:
        del wire
        service.asked()
        service.tell(Ready(""))
        service.until_finish()  # the input has ended
        asks[0]()
        service.tell(Finished())

    @contextmanager
    def signalled(ask: Callable[[], object], hurry: Callable[[], object]) -> Iterator[None]:
        del hurry
        asks.append(ask)
        yield

    listener = Listener()
    run = Run(replace(plan(play), interruptible=signalled), [listener])
    with pytest.raises(KeyboardInterrupt):
        run.transcribe([Tone(3, error=SourceError("standard input", "is empty"))])
    assert isinstance(listener.events[-1], Ended)
