"""Ctrl-C, SIGTERM, SIGHUP, Ctrl-Break: the first signal asks for the end of a run, the second one leaves at once."""

import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from queue import Empty, SimpleQueue
from threading import Thread, current_thread, main_thread
from time import monotonic, sleep
from types import FrameType

STOPS = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK") if hasattr(signal, name)]
WAKE_S = 0.1  # how long the main thread has to wake up, before it is woken again
TWICE_S = 0.25  # `timeout` signals the process and its group: two signals so close together are one request

_signalled_at: list[float] = []  # times of the signals of the running `interruptible` block, or of the last one
_hurried_at: list[float] = []  # the time of the first of them, if its sender will not wait for long
_held_hangups: list[int] = []


def hold_hangup(*, wanted: bool) -> None:
    """Keep SIGHUP from ending this process from now on, if `wanted`; `take_hangup` says whether it came.

    By a handler, because a blocked signal would be blocked in the processes that this one starts, too.
    """
    if wanted and hasattr(signal, "SIGHUP"):
        signal.signal(signal.SIGHUP, lambda number, _: _held_hangups.append(number))


def take_hangup() -> bool:
    """Return whether SIGHUP came since `hold_hangup` or the last call."""
    came = bool(_held_hangups)
    _held_hangups.clear()
    return came


def stop_requested(within_s: float = 0.25) -> bool:
    """Return whether a signal has asked for the end; waits for one up to `within_s`. For the main thread only.

    A terminal sends Ctrl-C to all programs of a pipeline; another program may end because of it, and break our pipe,
    before Python delivers the signal to us.
    """
    until = monotonic() + within_s
    while not _signalled_at and monotonic() < until:
        sleep(0.01)
    return bool(_signalled_at)


def is_in_foreground() -> bool:
    """Whether Ctrl-C in a terminal reaches this program, and with it every program that it has started."""
    if sys.platform == "win32":
        return True
    try:
        terminal = os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY)
    except OSError:  # there is none: a signal comes from another program
        return False
    try:
        return os.tcgetpgrp(terminal) == os.getpgrp()
    except OSError:
        return False
    finally:
        os.close(terminal)


def time_left_s(most_s: float, hurry_s: float) -> float:
    """Return how many seconds to wait for something: `most_s`, but only until `hurry_s` after SIGTERM or SIGHUP."""
    if not _hurried_at:
        return most_s
    return min(most_s, max(0.0, _hurried_at[0] + hurry_s - monotonic()))


@contextmanager
def interruptible(
    ask: Callable[[], object],
    hurry: Callable[[], object] | None = None,
    leave: Callable[[], bool] = lambda: False,
    *,
    hangup: bool = True,
) -> Iterator[None]:
    """While the block lasts, the first signal calls `ask`, and a later one `leave`, or raises KeyboardInterrupt.

    It raises where `leave` returns False, because the block may be waiting: an exception loses what the block has in
    hand. If the first signal is not Ctrl-C it calls `hurry` instead of `ask`, if given, because its sender will not
    wait for long. Without `hangup` SIGHUP keeps its meaning. Does nothing outside the main thread, which alone gets
    signals.
    """
    if current_thread() is not main_thread():
        yield
        return
    times = _signalled_at  # another thread must not clear it: the second signal would be taken for the first
    _forget_signals()

    def interrupt(number: int, frame: FrameType | None) -> None:
        del frame
        times.append(monotonic())
        if times[-1] - times[0] > TWICE_S and not leave():
            raise KeyboardInterrupt
        if len(times) > 1:
            return
        if number != signal.SIGINT:
            _hurried_at.append(times[0])
        if hurry is None or number == signal.SIGINT:
            ask()
        else:
            hurry()

    with _handling(interrupt, hangup=hangup):
        yield


@contextmanager
def interrupted_between() -> Iterator[None]:
    """While the block lasts, every signal outside its `interruptible` blocks raises KeyboardInterrupt, as Ctrl-C does.

    Outputs are opened and closed there. SIGTERM would otherwise end the process while they are half closed, and the
    second of two signals that are one request would end a run that has just ended normally because of the first.
    """
    if current_thread() is not main_thread():
        yield
        return
    _forget_signals()

    def interrupt(number: int, frame: FrameType | None) -> None:
        del frame
        now = monotonic()
        if _signalled_at and now - _signalled_at[0] <= TWICE_S:
            return
        _signalled_at.append(now)
        if number != signal.SIGINT and not _hurried_at:
            _hurried_at.append(now)
        raise KeyboardInterrupt

    with _handling(interrupt):
        yield


def _forget_signals() -> None:
    _signalled_at.clear()
    _hurried_at.clear()


@contextmanager
def _handling(handler: Callable[[int, FrameType | None], None], *, hangup: bool = True) -> Iterator[None]:
    """While the block lasts, the signals that ask for an end call the handler, SIGHUP only with `hangup`."""
    earlier_handlers = {}
    for number in STOPS:
        # With nohup it is ignored.
        if number.name != "SIGHUP" or (hangup and signal.getsignal(number) is not signal.SIG_IGN):
            earlier_handlers[number] = signal.signal(number, handler)
    try:
        with _handled_at_once():
            yield
    finally:
        for number, earlier in earlier_handlers.items():
            signal.signal(number, earlier)


@contextmanager
def _handled_at_once() -> Iterator[None]:
    """While the block lasts, a signal is handled at once, whichever thread of this process the system gives it to.

    Python calls handlers in the main thread, which may wait for a lock until there is text. The system interrupts that
    wait only if it gives the signal to the main thread. A program that was stopped by Ctrl-Z gets what `kill %1` sent
    when it goes on, in any of its threads.
    """
    if sys.platform == "win32":  # where the main thread does not wait for long
        yield
        return
    relay = _relay()
    earlier = signal.set_wakeup_fd(relay, warn_on_full_buffer=False)
    if earlier not in (relay, -1):  # a loop of asyncio in this thread, which is woken by it
        signal.set_wakeup_fd(earlier)
        yield
        return
    try:
        yield
    finally:
        signal.set_wakeup_fd(earlier)


@cache
def _relay() -> int:
    """Return the pipe to which Python writes the number of each signal. Its reader, a thread, wakes the main thread."""
    reading, writing = os.pipe()
    woken = SimpleQueue[None]()
    if sys.platform != "win32":
        os.set_blocking(writing, False)
        signal.signal(signal.SIGURG, lambda *_: woken.put(None))  # ends a wait, and means nothing else here
    Thread(target=_wake_main_thread, args=(reading, woken), name="signals", daemon=True).start()
    return writing


def _wake_main_thread(reading: int, woken: "SimpleQueue[None]") -> None:
    while numbers := os.read(reading, 64):
        if sys.platform != "win32" and any(number != signal.SIGURG for number in numbers):
            while not woken.empty():
                woken.get()
            # Again until Python has called a handler: what comes just before the main thread begins to wait does not
            # end that wait.
            is_woken = False
            while not is_woken:
                signal.pthread_kill(main_thread().ident or 0, signal.SIGURG)
                with suppress(Empty):
                    woken.get(timeout=WAKE_S)
                    is_woken = True
