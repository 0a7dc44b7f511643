"""Keys of a terminal, one at a time and without echo, in a thread of their own. It is restored whatever happens."""

import os
import re
import select
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from threading import Event, Thread
from time import monotonic
from typing import Any

from asrcli.terminal.restoration import restored_on_exit

PASTED = 3  # more characters at once than this were not typed
REPEAT_S = 0.08  # the same key again so soon is one that is held down
LOOK_S = 0.1  # how often the thread looks whether it is still wanted, and whether the terminal is ours again
# What arrows and function keys send: none of it is meant.
ESCAPES = re.compile(r"\x1b(\[[0-9;?]*[ -/]*[@-~]|O.|[^\[O])?")


def has_keyboard() -> bool:
    """Whether somebody at a terminal can press keys for us: a pipe has none, nor has a job in the background."""
    return os.name == "posix" and sys.stdin is not None and sys.stdin.isatty() and is_ours(sys.stdin.fileno())


def is_ours(fd: int) -> bool:
    """Whether this is a terminal, and we are in its foreground: in the background it is not ours to change."""
    try:
        return os.tcgetpgrp(fd) == os.getpgrp()
    except OSError:
        return False


@contextmanager
def keyboard(press: Callable[[str], None]) -> Iterator[None]:
    """While the block lasts, `press` hears of each key, in another thread. Does nothing where there is no keyboard."""
    if not has_keyboard():
        yield
        return
    fd = sys.stdin.fileno()
    terminal, over = _Terminal(fd), Event()
    thread = Thread(target=_listen, args=(fd, terminal, press, over), name="keyboard", daemon=True)
    with restored_on_exit(terminal.restore, terminal.take):
        terminal.take()
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()


@contextmanager
def without_echo(fd: int) -> Iterator[None]:
    """While the block lasts, the terminal shows nothing of what is typed: it would tear what is drawn there.

    What is typed waits for whoever reads next. Does nothing where `fd` is no terminal of ours.
    """
    if os.name != "posix" or not is_ours(fd):
        yield
        return
    terminal = _Terminal(fd)
    with restored_on_exit(terminal.restore, terminal.hush):
        terminal.hush()
        yield


class _Terminal:
    """The settings of a terminal: ours while we use it, the user's before and after, and while we are stopped."""

    def __init__(self, fd: int) -> None:
        import termios

        self._fd, self._before = fd, termios.tcgetattr(fd)
        self._changed = False

    def take(self) -> None:
        """Give us each key at once, and show none of them; Ctrl-C and Ctrl-Z stay what they are."""
        import termios

        self._set(~(termios.ECHO | termios.ICANON))

    def hush(self) -> None:
        """Show nothing of what is typed."""
        import termios

        self._set(~(termios.ECHO | termios.ECHONL))

    def restore(self) -> None:
        """As it was; one that is gone needs nothing."""
        if self._changed:
            self._changed = False
            self._apply(self._before)

    def _set(self, kept: int) -> None:
        """Keep so much of the local modes, if the terminal is ours: after `bg` it is the shell's."""
        import termios

        if not is_ours(self._fd):
            return
        modes = [*self._before[:3], self._before[3] & kept, *self._before[4:6], list(self._before[6])]
        modes[6][termios.VMIN], modes[6][termios.VTIME] = b"\x01", b"\x00"
        self._changed = True
        self._apply(modes)

    def _apply(self, modes: list[Any]) -> None:
        """In the background this neither disturbs another program nor stops ours, as SIGTTOU would."""
        import signal
        import termios

        blocked = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTTOU})
        try:
            if is_ours(self._fd):
                with suppress(termios.error, OSError):
                    termios.tcsetattr(self._fd, termios.TCSADRAIN, modes)
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, blocked)


def _listen(fd: int, terminal: "_Terminal", press: Callable[[str], None], over: Event) -> None:
    last, last_at, away = "", 0.0, False
    while not over.is_set():
        if not is_ours(fd):  # what is typed meanwhile is for another program, and would wake us for ever
            away = True
            over.wait(LOOK_S)
            continue
        if away:  # a shell that brings a running job to the foreground sends no signal
            away = False
            terminal.take()
        read = _read(fd)
        if read == b"":  # the terminal has hung up, or Ctrl-D was pressed while the shell had it
            over.wait(LOOK_S)
        if not read:
            continue
        pressed = ESCAPES.sub("", read.decode("utf-8", "replace"))
        if len(pressed) > PASTED:
            continue
        for key in pressed:
            held, last, last_at = key == last and monotonic() - last_at < REPEAT_S, key, monotonic()
            if not held:
                press(key)


def _read(fd: int) -> bytes | None:
    """What was typed, within a moment; None is nothing yet, empty that nothing more can be read for now."""
    try:
        ready, _, _ = select.select([fd], [], [], LOOK_S)
        return os.read(fd, 1024) if ready and is_ours(fd) else None
    except (OSError, ValueError):
        return b""
