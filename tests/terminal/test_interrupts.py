"""What a signal does while a run lasts, also where runs take place in other threads."""

import asyncio
import signal
from contextlib import suppress
from queue import SimpleQueue
from threading import Event, Lock, Thread, get_ident
from time import monotonic, sleep

import pytest

from asrcli.terminal import interrupts
from asrcli.terminal.interrupts import STOPS, interrupted_between, interruptible, stop_requested, time_left_s
from tests.support.device import PATIENCE_S, Clock

AGAIN_S, ANOTHER_S = 0.9 * interrupts.TWICE_S, 1.1 * interrupts.TWICE_S  # the same request twice, and two requests


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """What the handlers go by; the time between two signals is that of the test, however slow the machine is."""
    made = Clock()
    monkeypatch.setattr(interrupts, "monotonic", made)
    return made


def test_the_run_of_another_thread_does_not_forget_the_first_signal(clock: Clock) -> None:
    """A part of a recording that begins just after Ctrl-C leaves it counted: the next one ends the program."""

    def begin() -> None:
        with interruptible(lambda: None):
            pass

    asked: list[str] = []
    with interruptible(lambda: asked.append("finish")):
        signal.raise_signal(signal.SIGINT)
        thread = Thread(target=begin)
        thread.start()
        thread.join()
        assert stop_requested(0)
        clock.now += ANOTHER_S
        try:
            signal.raise_signal(signal.SIGINT)
        except KeyboardInterrupt:
            asked.append("left")
    assert asked == ["finish", "left"]


@pytest.mark.parametrize("number", STOPS)
def test_between_two_runs_every_signal_is_ctrl_c(number: signal.Signals) -> None:
    """No signal ends the process there without closing what is open, and afterwards each has its own meaning again."""
    before = [signal.getsignal(each) for each in STOPS]
    asked: list[str] = []
    with interrupted_between():
        with interruptible(lambda: asked.append("finish")):
            pass
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(number)
    assert asked == []
    assert [signal.getsignal(each) for each in STOPS] == before


@pytest.mark.parametrize("number", STOPS)
def test_the_same_request_sent_twice_does_not_end_the_wait(clock: Clock, number: signal.Signals) -> None:
    """While the run lasts: a launcher that passes Ctrl-C on has asked once. A later signal is a second request."""
    asked: list[str] = []
    with interruptible(lambda: asked.append("finish")):
        signal.raise_signal(number)
        clock.now += AGAIN_S
        signal.raise_signal(number)
        asked.append("waited")
        clock.now += ANOTHER_S - AGAIN_S
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(number)
    assert asked == ["finish", "waited"]


@pytest.mark.parametrize("number", STOPS)
def test_the_same_request_sent_twice_does_not_spoil_the_end(clock: Clock, number: signal.Signals) -> None:
    """`timeout`, and a launcher that passes Ctrl-C on, signal twice; the run may have ended in between."""
    asked: list[str] = []
    with interrupted_between():
        with interruptible(lambda: asked.append("finish")):
            signal.raise_signal(number)
        clock.now += AGAIN_S
        signal.raise_signal(number)
        asked.append("closed")
        clock.now += ANOTHER_S - AGAIN_S
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(number)
    assert asked == ["finish", "closed"]


@pytest.mark.skipif(not hasattr(signal, "pthread_kill"), reason="there the main thread does not wait for long")
@pytest.mark.parametrize("waits_at", ["a queue", "a lock"])
@pytest.mark.parametrize("number", STOPS)
def test_a_signal_that_another_thread_gets_is_handled_at_once(number: signal.Signals, waits_at: str) -> None:
    """Linux chooses a thread, and any when a program goes on that was stopped; the main thread may wait at a lock."""
    queue, lock = SimpleQueue[str](), Lock()
    waiting = Event()

    def get_signal() -> None:
        waiting.wait(PATIENCE_S)
        sleep(0.1)  # the main thread waits by then, or handles the signal before it does
        signal.pthread_kill(get_ident(), number)

    def ask() -> None:
        queue.put("asked") if waits_at == "a queue" else lock.release()

    lock.acquire()
    Thread(target=get_signal, daemon=True).start()
    with interruptible(ask):
        waiting.set()
        if waits_at == "a queue":
            assert queue.get(timeout=PATIENCE_S) == "asked"
        else:
            assert lock.acquire(timeout=PATIENCE_S)


@pytest.mark.skipif(not hasattr(signal, "pthread_kill"), reason="there the main thread does not wait for long")
def test_a_main_thread_that_is_woken_just_before_it_waits_is_woken_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """The system ends the wait of a thread that waits, and not one that begins a moment later."""
    lock, waiting = Lock(), Event()
    early: list[int] = []
    pthread_kill = signal.pthread_kill

    def kill(thread: int, number: int) -> None:
        if number == signal.SIGURG and not early:
            early.append(number)  # it had no effect
        else:
            pthread_kill(thread, number)

    def get_signal() -> None:
        waiting.wait(PATIENCE_S)
        sleep(0.1)  # as above
        kill(get_ident(), signal.SIGTERM)

    monkeypatch.setattr(signal, "pthread_kill", kill)
    lock.acquire()
    Thread(target=get_signal, daemon=True).start()
    with interruptible(lock.release):
        waiting.set()
        assert lock.acquire(timeout=PATIENCE_S)
    until = monotonic() + PATIENCE_S
    while not early and monotonic() < until:
        sleep(0.01)
    assert early


@pytest.mark.skipif(not hasattr(signal, "pthread_kill"), reason="there the main thread does not wait for long")
def test_a_loop_that_is_woken_by_signals_is_still_woken() -> None:
    """The one of asyncio in the main thread calls its own handlers by what Python writes for it."""

    async def run() -> None:
        handled = asyncio.Event()
        asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, handled.set)
        with interruptible(lambda: None):
            signal.raise_signal(signal.SIGUSR1)
            await asyncio.wait_for(handled.wait(), PATIENCE_S)

    asyncio.run(run())
    assert signal.set_wakeup_fd(-1) == -1


def test_a_hangup_that_is_ignored_stays_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    """With nohup, also between two runs."""
    monkeypatch.setattr(signal, "getsignal", lambda number: signal.SIG_IGN if number.name == "SIGHUP" else None)
    handled: list[int] = []
    monkeypatch.setattr(signal, "signal", lambda number, _: handled.append(number))
    with interrupted_between():
        pass
    assert signal.SIGHUP not in handled
    assert handled.count(signal.SIGTERM) == 2


@pytest.mark.parametrize("number", STOPS)
@pytest.mark.parametrize("within", [True, False])
def test_only_a_sender_that_kills_soon_shortens_a_wait(clock: Clock, number: signal.Signals, *, within: bool) -> None:
    """After SIGTERM what is waited for is bounded from the signal on; whoever presses Ctrl-C can press it again."""
    with interrupted_between():
        assert time_left_s(10.0, 5.0) == 10.0
        if within:
            with interruptible(lambda: None):
                signal.raise_signal(number)
        else:
            with suppress(KeyboardInterrupt):
                signal.raise_signal(number)
        if number == signal.SIGINT:
            assert time_left_s(10.0, 5.0) == 10.0
            return
        assert time_left_s(10.0, 5.0) == 5.0
        clock.now += 60.0
        assert time_left_s(10.0, 5.0) == 0.0
    with interrupted_between():
        assert time_left_s(10.0, 5.0) == 10.0
