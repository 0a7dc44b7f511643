"""Restores a terminal before a signal ends or stops this process, and changes it again when the process continues.

An exception unwinds the blocks that restore things; a signal that ends a process does not. SIGKILL and a crash inside a
C library cannot be handled.
"""

import atexit
import errno
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from threading import current_thread, main_thread
from time import monotonic
from types import FrameType

RESTORE_S = 0.5  # for all that a signal has restored; the user who presses Ctrl-Z wants the shell back

# All signals that end a process unless they are handled, except those of a processor fault: a handler in Python would
# return to the fault forever.
ENDINGS = [
    number
    for name in (
        *("SIGHUP", "SIGINT", "SIGQUIT", "SIGABRT", "SIGTERM", "SIGALRM", "SIGUSR1", "SIGUSR2", "SIGVTALRM"),
        *("SIGPROF", "SIGXCPU", "SIGIO", "SIGPWR", "SIGSTKFLT", "SIGTRAP", "SIGSYS", "SIGBREAK"),
    )
    if (number := getattr(signal, name, None)) is not None
]

_OurHandler = Callable[[int, FrameType | None], None]
_Handler = Callable[[int, FrameType | None], object] | int | None
_Pair = tuple[Callable[[], None], Callable[[], None]]
_pending: list[_Pair] = []  # of each block that lasts: how to restore, and how to change again; innermost last
_earlier_handlers: dict[signal.Signals, _Handler] = {}  # handlers that ours replace
_drawings: list[None] = []  # one for each `signals_deferred` that lasts
_deferred: list[tuple[_OurHandler, int]] = []  # handlers that could not be called yet, oldest first
_restored_since: list[float] = []  # when each of the signals being handled began to restore, innermost last


@contextmanager
def restored_on_exit(restore: Callable[[], None], again: Callable[[], None] = lambda: None) -> Iterator[None]:
    """While the block lasts, `restore` is called before any catchable signal ends or stops the process.

    It is also called at the end of the block. Both functions must be safe at any moment of the main thread, and safe to
    call twice.

    Args:
        restore: Undoes what this process has changed.
        again: Changes it again, after SIGCONT.
    """
    pair = restore, again
    atexit.register(restore)
    if not _pending and current_thread() is main_thread():
        _install_handlers()
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
                _remove_handlers()


@contextmanager
def signals_deferred() -> Iterator[None]:
    """While the block lasts, nothing is restored or changed again; a signal that comes is handled at its end.

    For drawing: Rich forgets what it writes only when the write has returned. If a signal made it draw before that, the
    same rows would be written again, and one copy of them would stay on the screen.
    """
    _drawings.append(None)
    try:
        yield
    finally:
        _drawings.pop()
        if not _drawings:
            handle_deferred_signals()


def handle_deferred_signals() -> None:
    """Handle what `signals_deferred` has deferred, now: a drawing may wait for its terminal forever.

    Raises:
        TimeoutError: the drawing that waits is part of what a signal restores, and RESTORE_S have passed.
    """
    while _deferred:
        handler, number = _deferred.pop(0)
        handler(number, None)
    if _restored_since and monotonic() - _restored_since[-1] > RESTORE_S:
        raise TimeoutError(errno.ETIMEDOUT, os.strerror(errno.ETIMEDOUT))


def _deferrable(handler: _OurHandler) -> _OurHandler:
    def handle(number: int, frame: FrameType | None) -> None:
        if _drawings:
            _deferred.append((handler, number))
        else:
            handler(number, frame)

    return handle


def _install_handlers() -> None:
    for number in ENDINGS:
        if signal.getsignal(number) is signal.SIG_DFL:  # a handler of somebody else, or SIG_IGN, is left alone
            _earlier_handlers[number] = signal.signal(number, _deferrable(_end))
    if sys.platform != "win32":
        for number, handler in ((signal.SIGTSTP, _stop), (signal.SIGCONT, _continue)):
            if signal.getsignal(number) is signal.SIG_DFL:
                _earlier_handlers[number] = signal.signal(number, _deferrable(handler))


def _remove_handlers() -> None:
    while _earlier_handlers and current_thread() is main_thread():
        number, handler = _earlier_handlers.popitem()
        signal.signal(number, handler)


def _restore_all() -> None:
    _restored_since.append(monotonic())
    try:
        for restore, _ in reversed(_pending):
            with suppress(Exception):  # the others must be restored anyway
                restore()
    finally:
        _restored_since.pop()


def _end(number: int, frame: FrameType | None) -> None:
    """Restore, then end by the same signal, so that the parent process learns of it; a second one ends it at once."""
    del frame
    signal.signal(number, signal.SIG_DFL)
    _restore_all()
    os.kill(os.getpid(), number)


def _stop(number: int, frame: FrameType | None) -> None:
    """Restore for Ctrl-Z, then stop: the shell gets its terminal back."""
    del number, frame
    _restore_all()
    if sys.platform != "win32":  # which sends no SIGTSTP
        os.kill(os.getpid(), signal.SIGSTOP)


def _continue(number: int, frame: FrameType | None) -> None:
    """Change again after `fg` or `bg`."""
    del number, frame
    for _, again in _pending:
        with suppress(Exception):
            again()
