"""What of a terminal is to be put right before this process ends or is stopped, and to be made again when it goes on.

An exception unwinds by itself; a signal that ends a process does not. Only SIGKILL and a crash inside a C library are
beyond it.
"""

import atexit
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from threading import current_thread, main_thread
from types import FrameType

# All that end a process unless somebody handles them, but for those that a fault of the processor raises: a handler in
# Python would return to the fault, for ever.
ENDINGS = [
    number
    for name in (
        *("SIGHUP", "SIGINT", "SIGQUIT", "SIGABRT", "SIGTERM", "SIGALRM", "SIGUSR1", "SIGUSR2", "SIGVTALRM"),
        *("SIGPROF", "SIGXCPU", "SIGIO", "SIGPWR", "SIGSTKFLT", "SIGTRAP", "SIGSYS", "SIGBREAK"),
    )
    if (number := getattr(signal, name, None)) is not None
]

_Handler = Callable[[int, FrameType | None], object] | int | None
_Pair = tuple[Callable[[], None], Callable[[], None]]
_pending: list[_Pair] = []  # what is to be put right, and how it is made again; the last one first
_before: dict[signal.Signals, _Handler] = {}  # handlers that ours stand in for


@contextmanager
def restored_on_exit(restore: Callable[[], None], again: Callable[[], None] = lambda: None) -> Iterator[None]:
    """While the block lasts, `restore` is called before any catchable signal ends or stops the process.

    At the end of the block it is called too. Both must bear to be called at any moment of the main thread, and twice.

    Args:
        restore: Puts right what this process has changed.
        again: Changes it again, after SIGCONT.
    """
    pair = restore, again
    atexit.register(restore)
    if not _pending and current_thread() is main_thread():
        _handle()
    _pending.append(pair)
    try:
        yield
    finally:
        try:
            restore()
        finally:
            _pending.remove(pair)
            atexit.unregister(restore)
            if not _pending:
                _handle_no_more()


def _handle() -> None:
    for number in ENDINGS:
        if signal.getsignal(number) is signal.SIG_DFL:  # who handles it, or has it ignored, means something by that
            _before[number] = signal.signal(number, _end)
    if hasattr(signal, "SIGTSTP"):
        for number, handler in ((signal.SIGTSTP, _stop), (signal.SIGCONT, _go_on)):
            if signal.getsignal(number) is signal.SIG_DFL:
                _before[number] = signal.signal(number, handler)


def _handle_no_more() -> None:
    while _before and current_thread() is main_thread():
        number, handler = _before.popitem()
        signal.signal(number, handler)


def _put_right() -> None:
    for restore, _ in reversed(_pending):
        with suppress(Exception):  # the next one must be put right all the same
            restore()


def _end(number: int, frame: FrameType | None) -> None:
    """Die of the signal after all, so that whoever waits for this process learns of it."""
    del frame
    _put_right()
    signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)


def _stop(number: int, frame: FrameType | None) -> None:
    """Ctrl-Z: the shell gets its terminal back."""
    del number, frame
    _put_right()
    os.kill(os.getpid(), signal.SIGSTOP)


def _go_on(number: int, frame: FrameType | None) -> None:
    """`fg`, or `bg`."""
    del number, frame
    for _, again in _pending:
        with suppress(Exception):
            again()
