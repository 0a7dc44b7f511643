"""The keys of a Windows console, one at a time and without echo, through the functions of its C library."""

from _thread import interrupt_main
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from signal import SIGINT
from threading import Event, Thread
from typing import Protocol

POLL_S = 0.05  # how often the console is asked for keys: it has no way to wait for one and for our end at once
PREFIXES = "\x00\xe0"  # what arrows and function keys begin with; à is the second one alone
CTRL_C = "\x03"


class Console(Protocol):
    """What the module `msvcrt` offers and is used here."""

    def kbhit(self) -> bool:
        """Whether a key waits to be read."""
        ...

    def getwch(self) -> str:
        """Wait for a key and return it, without echo."""
        ...


@contextmanager
def console_keyboard(console: Console, press: Callable[[str], None]) -> Iterator[None]:
    """While the block lasts, another thread calls `press` for each key."""
    ended = Event()
    # A signal by its number, so that whoever handles Ctrl-C cannot tell the difference.
    interrupt = partial(interrupt_main, SIGINT)
    thread = Thread(target=read_console_keys, args=(console, press, interrupt, ended), name="keyboard", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def read_console_keys(
    console: Console, press: Callable[[str], None], interrupt: Callable[[], None], ended: Event
) -> None:
    """Call `press` for each key until `ended` is set; arrows and function keys are ignored.

    Ctrl-C comes as a signal as a rule. While a key is being read it comes as a key, and `interrupt` is called.
    """
    while not ended.wait(POLL_S):
        while console.kbhit() and not ended.is_set():
            key = console.getwch()
            if key == CTRL_C:
                interrupt()
            elif key in PREFIXES and (key == "\x00" or console.kbhit()):
                console.getwch()
            else:
                press(key)
