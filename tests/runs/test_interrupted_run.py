"""Runs that a signal ends while they dial or while their input ends: the account is there, and no error."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from threading import Event as Flag
from threading import Thread
from typing import Any

import pytest

from asrcli.core.audio import Chunk
from asrcli.core.errors import ConnectFailed, SourceError
from asrcli.core.events import Ended, Event, Final, Finished, Gap, Partial, Ready
from asrcli.core.interfaces import Source
from asrcli.core.settings import ConnectionSettings
from asrcli.core.transcript import Transcript, fold
from asrcli.engine import session
from asrcli.engine.connection_pool import Dial
from asrcli.engine.outbox import Outbox
from asrcli.runs.run import ConcurrentSources, Run
from asrcli.terminal import interrupts
from asrcli.terminal.interrupts import interruptible
from tests.support.device import Clock
from tests.support.handshake import PATIENCE_S, Service, Tone, Wire
from tests.support.listener import Listener
from tests.support.live_session import LiveSource, audio, saying
from tests.support.run_plans import plan


@pytest.mark.parametrize("how", ["Ctrl-C", "SIGTERM", "Ctrl-C twice", "finish"])
def test_a_run_that_is_ended_while_it_dials_has_its_account(how: str) -> None:
    """The service has not answered yet: nothing of the file was sent, and the account says so."""
    answered = Flag()

    def dial(url: str, connection: ConnectionSettings) -> Wire:
        del connection
        answered.wait(60)
        raise ConnectFailed(url, "nobody there")

    @contextmanager
    def signalled(ask: Callable[[], object], hurry: Callable[[], object], _: object) -> Iterator[None]:
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
        ended.wait(60)
        raise ConnectFailed(url, "nobody there")

    @contextmanager
    def signalled(ask: Callable[[], object], hurry: Callable[[], object], _: object) -> Iterator[None]:
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
    def signalled(ask: Callable[[], object], hurry: Callable[[], object], _: object) -> Iterator[None]:
        del hurry
        asks.append(ask)
        yield

    listener = Listener()
    run = Run(replace(plan(play), interruptible=signalled), [listener])
    with pytest.raises(KeyboardInterrupt):
        run.transcribe([Tone(3, error=SourceError("standard input", "is empty"))])
    assert isinstance(listener.events[-1], Ended)


def test_text_that_comes_while_another_session_is_left_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C for the second time, with two devices: to close one may take a second, and the account has all finals."""
    monkeypatch.setattr(session, "CLOSE_S", PATIENCE_S)  # this machine may be slow
    anna, bob, anna_talks = LiveSource(), LiveSource(), Flag()
    anna.speaker, bob.speaker = "Anna", "Bob"
    services: dict[str, Service] = {}

    class Closing(Wire):
        def close(self) -> None:
            """The other service answers while this session ends."""
            services["Bob"].tell(Final("1", 0, 300, "what Bob said"))
            super().close()

    def serve(speaker: str) -> None:
        service = services[speaker]
        service.asked()
        service.tell(Ready(""))
        audio(service, 3)
        if speaker == "Anna":
            anna_talks.set()
        elif anna_talks.wait(PATIENCE_S):
            service.tell(Partial("1", 0, "", "what"))

    def dial_for(source: Source, _: Dial) -> Dial:
        def opened(_: str, __: ConnectionSettings) -> Wire:
            wire = Closing() if source is anna else Wire()
            services[source.speaker] = Service(wire)
            Thread(target=serve, args=(source.speaker,), daemon=True).start()
            return wire

        return opened

    class Leaving(Listener):
        def handle(self, event: Event, transcript: Transcript) -> None:
            """The user presses Ctrl-C when a sentence of Bob is open. The devices are closed at once."""
            super().handle(event, transcript)
            if isinstance(event, Partial):
                anna.end()
                bob.end()
                raise KeyboardInterrupt

    anna.say(3)
    bob.say(3)
    listener = Leaving()
    with pytest.raises(KeyboardInterrupt):
        Run(replace(plan(), recorded=dial_for), [listener]).transcribe([ConcurrentSources((anna, bob))])
    assert [final.text for final in listener.of(Final) if isinstance(final, Final)] == ["what Bob said"]
    account = listener.events[-1]
    assert isinstance(account, Ended)
    assert (account.sentences, account.final_ms, account.lost_ms) == (1, 300, 300)


def test_text_that_has_come_is_written_before_the_sessions_are_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C again and again: to close a device may take a second, and the third one interrupts that."""

    def interrupted(_: session.TranscriptionSession) -> None:
        raise KeyboardInterrupt

    class Slow(Listener):
        def handle(self, event: Event, transcript: Transcript) -> None:
            """This output takes so long that all the rest of the text comes meanwhile."""
            super().handle(event, transcript)
            if isinstance(event, Ready):
                assert run._current[0]._ended.wait(PATIENCE_S)
                raise KeyboardInterrupt

    monkeypatch.setattr(session.TranscriptionSession, "abandon", interrupted)
    listener = Slow()
    run = Run(plan(saying(Final("1", 0, 300, "one"), Final("2", 300, 500, "two"))), [listener])
    with pytest.raises(KeyboardInterrupt):
        run.transcribe([Tone(5)])
    assert [final.text for final in listener.of(Final) if isinstance(final, Final)] == ["one", "two"]


@pytest.mark.parametrize("moment", ["taken from the queue", "folded", "handled by the first output"])
@pytest.mark.parametrize("devices", [1, 2])
def test_the_second_signal_loses_no_text_in_hand(monkeypatch: pytest.MonkeyPatch, moment: str, devices: int) -> None:
    """Wherever between the queue and the last output Ctrl-C comes: each output has each sentence once."""
    now, pressed = Clock(), list[Event]()
    monkeypatch.setattr(interrupts, "monotonic", now)

    def press(event: object, kind: type[Event] = Final) -> None:
        """Ctrl-C with the first event of this kind in hand."""
        if isinstance(event, kind) and not any(isinstance(each, kind) for each in pressed):
            pressed.append(event)
            now.now += 2 * interrupts.TWICE_S
            signal.raise_signal(signal.SIGINT)

    def take(queue: Outbox[Any]) -> Any:
        item = take_item(queue)
        if moment == "taken from the queue" and isinstance(item, tuple):
            press(item[1])
        return item

    def fold_event(transcript: Transcript, event: Event) -> Transcript:
        if moment == "folded":
            press(event)
        return fold(transcript, event)

    class Pressing(Listener):
        def handle(self, event: Event, transcript: Transcript) -> None:
            super().handle(event, transcript)
            press(event, Partial)
            if moment == "handled by the first output":
                press(event)

    take_item = Outbox._take
    monkeypatch.setattr(Outbox, "_take", take)
    monkeypatch.setattr("asrcli.runs.run.fold", fold_event)
    first, second = Pressing(), Listener()
    service = saying(Partial("1", 0, "", "o"), Final("1", 0, 100, "one"), Final("2", 100, 200, "two"))
    run = Run(replace(plan(*[service] * devices), interruptible=interruptible), [first, second])
    with pytest.raises(KeyboardInterrupt):
        run.transcribe([ConcurrentSources(tuple(Tone(2) for _ in range(devices)))])
    assert [type(event) for event in pressed] == [Partial, Final]
    assert pressed[1] in first.of(Final)
    assert first.of(Final) == second.of(Final)
    account = first.events[-1]
    assert isinstance(account, Ended)
    assert account.sentences == len(first.of(Final))
    assert account.final_ms == 100 * account.sentences
