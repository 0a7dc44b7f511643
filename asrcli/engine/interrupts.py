"""Ctrl-C and its kin: the first asks for an end, the second leaves at once."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import current_thread, main_thread
from time import monotonic
from types import FrameType

STOPS = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
TWICE_S = 0.25  # `timeout` sends its signal to the process and to its group: that is one request


@contextmanager
def interruptible(ask: Callable[[], object], hurry: Callable[[], object] | None = None) -> Iterator[None]:
    """While the block lasts, `ask` hears of the first signal, and a later one raises KeyboardInterrupt.

    `hurry` hears of the first signal in its place where it is no Ctrl-C: whoever sends one will not wait for long.
    """
    asked_at: list[float] = []

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
