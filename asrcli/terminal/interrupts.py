"""Ctrl-C and its kin: the first asks for an end, the second leaves at once."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import current_thread, main_thread
from time import monotonic, sleep
from types import FrameType

STOPS = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
TWICE_S = 0.25  # `timeout` sends its signal to the process and to its group: that is one request


_asked_at: list[float] = []  # of the run that goes on, or was the last


def stop_requested(within_s: float = 0.25) -> bool:
    """Whether a signal has asked for the end.

    A terminal sends Ctrl-C to all programs of a pipeline; another may be dead of it before we hear of it. So this waits
    for it a moment. Of the main thread only, where signals are heard.
    """
    until = monotonic() + within_s
    while not _asked_at and monotonic() < until:
        sleep(0.01)
    return bool(_asked_at)


@contextmanager
def interruptible(ask: Callable[[], object], hurry: Callable[[], object] | None = None) -> Iterator[None]:
    """While the block lasts, `ask` hears of the first signal, and a later one raises KeyboardInterrupt.

    `hurry` hears of the first signal in its place where it is no Ctrl-C: whoever sends one will not wait for long.
    """
    asked_at = _asked_at
    asked_at.clear()

    def interrupt(number: int, frame: FrameType | None) -> None:
        del frame
        asked_at.append(monotonic())
        if asked_at[-1] - asked_at[0] > TWICE_S:
            raise KeyboardInterrupt
        if len(asked_at) == 1:
            (ask if hurry is None or number == signal.SIGINT else hurry)()

    if current_thread() is not main_thread():  # signals are not for other threads
        yield
        return
    before = {}
    for number in STOPS:
        if number.name != "SIGHUP" or signal.getsignal(number) is not signal.SIG_IGN:  # nohup means what it says
            before[number] = signal.signal(number, interrupt)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
