"""The keys of a terminal, one at a time and without echo, read in a thread. The terminal is always restored."""

import os
import select
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from threading import Event, Thread
from time import monotonic
from typing import Any

from asrcli.core.lazy_pattern import lazy_pattern
from asrcli.terminal.console_keys import console_keyboard
from asrcli.terminal.restoration import restored_on_exit

if sys.platform == "win32":
    import msvcrt

    termios: Any = None
else:
    import termios

PASTED = 3  # more characters at once were pasted, not typed
REPEAT_S = 0.08  # the same key again so soon is a key that is held down
CHECK_S = 0.1  # how often the thread checks whether it should end, and whether the terminal is ours again
# What arrows and function keys send; it is ignored.
ESCAPES = lazy_pattern(r"\x1b(\[[0-9;?]*[ -/]*[@-~]|O.|[^\[O])?")


def has_keyboard() -> bool:
    """Whether standard input is a terminal in whose foreground we are; a pipe or a background job has no keys."""
    return sys.stdin is not None and sys.stdin.isatty() and (sys.platform == "win32" or is_ours(sys.stdin.fileno()))


def discard_pressed_keys() -> None:
    """Forget what was typed at the terminal and not read yet: it is no answer to a question that follows."""
    if sys.platform == "win32":
        while msvcrt.kbhit():
            msvcrt.getwch()
    else:
        with suppress(OSError, termios.error):
            termios.tcflush(sys.stdin.fileno(), termios.TCIFLUSH)


def is_ours(fd: int) -> bool:
    """Whether this is a terminal with us in its foreground. In the background its settings must not be changed."""
    if sys.platform == "win32":  # whose consoles have no background
        return False
    try:
        return os.tcgetpgrp(fd) == os.getpgrp()
    except OSError:
        return False


@contextmanager
def keyboard(press: Callable[[str], None]) -> Iterator[None]:
    """While the block lasts, another thread calls `press` for each key. Does nothing without a keyboard."""
    if not has_keyboard():
        yield
        return
    if sys.platform == "win32":
        with console_keyboard(msvcrt, press):
            yield
        return
    fd = sys.stdin.fileno()
    terminal = _Terminal(fd)
    ended = Event()
    thread = Thread(target=_read_keys, args=(fd, terminal, press, ended), name="keyboard", daemon=True)
    with restored_on_exit(terminal.restore, terminal.read_single_keys):
        terminal.read_single_keys()
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()


@contextmanager
def without_echo(fd: int) -> Iterator[None]:
    """While the block lasts, the terminal does not show what is typed, which would disturb what is drawn there.

    Typed text waits for the next program that reads. Does nothing if `fd` is no terminal of ours.
    """
    if not is_ours(fd):
        yield
        return
    terminal = _Terminal(fd)
    with restored_on_exit(terminal.restore, terminal.stop_echo):
        terminal.stop_echo()
        yield


class _Terminal:
    """The settings of a terminal: ours while we use it; the user's before, after, and while we are stopped."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._before = termios.tcgetattr(fd)
        self._changed = False

    def read_single_keys(self) -> None:
        """Deliver each key at once and without echo; Ctrl-C and Ctrl-Z work as usual."""
        self._set(~(termios.ECHO | termios.ICANON))

    def stop_echo(self) -> None:
        """Switch the echo off."""
        self._set(~(termios.ECHO | termios.ECHONL))

    def restore(self) -> None:
        """Restore the settings as they were; does nothing if the terminal is gone."""
        if self._changed:
            self._changed = False
            self._apply(self._before)

    def _set(self, kept: int) -> None:
        """Mask the local modes with `kept`, if the terminal is ours: after `bg` it is the shell's."""
        if not is_ours(self._fd):
            return
        modes = [*self._before[:3], self._before[3] & kept, *self._before[4:6], list(self._before[6])]
        modes[6][termios.VMIN], modes[6][termios.VTIME] = b"\x01", b"\x00"
        self._changed = True
        self._apply(modes)

    def _apply(self, modes: list[Any]) -> None:
        """Set the settings if we are in the foreground; SIGTTOU, which would stop us, is blocked meanwhile."""
        if sys.platform == "win32":  # whose console has no such settings
            return
        blocked = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTTOU})
        try:
            if is_ours(self._fd):
                with suppress(termios.error, OSError):
                    # Not after what was written: a terminal that was stopped (Ctrl-S) never takes it.
                    termios.tcsetattr(self._fd, termios.TCSANOW, modes)
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, blocked)


def _read_keys(terminal_fd: int, terminal: "_Terminal", press: Callable[[str], None], ended: Event) -> None:
    with _opened_again(terminal_fd) as fd:
        _read_keys_of(fd, terminal, press, ended)


@contextmanager
def _opened_again(fd: int) -> Iterator[int]:
    """Open the terminal once more, so that a read does not wait: the first opening is also that of other programs.

    Another program of a pipeline, as in `asr mic | less`, may take the key that `select` has reported. A read that
    waits for the next key would keep this program from ending.
    """
    if sys.platform == "win32":  # whose console is read by console_keys.py
        yield fd
        return
    try:
        again = os.open(os.ttyname(fd), os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY)
    except OSError:  # it has no name here, or is another user's
        yield fd
        return
    try:
        yield again
    finally:
        os.close(again)


def _read_keys_of(fd: int, terminal: "_Terminal", press: Callable[[str], None], ended: Event) -> None:
    last_key = ""
    last_at = 0.0
    in_background = False
    while not ended.is_set():
        if not is_ours(fd):  # keys typed now are for another program, and `select` would report them forever
            in_background = True
            ended.wait(CHECK_S)
            continue
        if in_background:  # a shell that brings a running job to the foreground sends no signal
            in_background = False
            terminal.read_single_keys()
        data = _read(fd)
        if data == b"":  # the terminal has hung up, or Ctrl-D was pressed while the shell had it
            ended.wait(CHECK_S)
        if not data:
            continue
        pressed = ESCAPES.sub("", data.decode("utf-8", "replace"))
        if len(pressed) > PASTED:
            continue
        for key in pressed:
            now = monotonic()
            held = key == last_key and now - last_at < REPEAT_S
            last_key, last_at = key, now
            if not held:
                press(key)


def _read(fd: int) -> bytes | None:
    """Read typed bytes, within CHECK_S; None if there are none yet, empty if nothing can be read for now."""
    try:
        ready, _, _ = select.select([fd], [], [], CHECK_S)
        if not ready or not is_ours(fd):
            return None
        return os.read(fd, 1024)
    except BlockingIOError:  # another program took it
        return None
    except (OSError, ValueError):
        return b""
