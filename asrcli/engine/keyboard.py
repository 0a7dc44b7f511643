"""Keys of a terminal, one at a time and without echo, in a thread of their own. It is restored whatever happens."""

import atexit
import os
import re
import select
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from threading import Thread
from time import monotonic
from types import FrameType

PASTED = 3  # more characters at once than this were not typed
REPEAT_S = 0.08  # the same key again so soon is one that is held down
LOOK_S = 0.1  # how often the thread looks whether it is still wanted
# What arrows and function keys send: none of it is meant.
ESCAPES = re.compile(r"\x1b(\[[0-9;?]*[ -/]*[@-~]|O.|[^\[O])?")


def has_keyboard() -> bool:
    """Whether somebody at a terminal can press keys for us: a pipe has none, nor has a job in the background."""
    if os.name != "posix" or sys.stdin is None or not sys.stdin.isatty():
        return False
    try:
        return os.tcgetpgrp(sys.stdin.fileno()) == os.getpgrp()
    except OSError:
        return False


@contextmanager
def keyboard(press: Callable[[str], None]) -> Iterator[None]:
    """While the block lasts, `press` hears of each key, in another thread. Does nothing where there is no keyboard."""
    if not has_keyboard():
        yield
        return
    terminal = _Terminal(sys.stdin.fileno())
    atexit.register(terminal.restore)
    stopped = signal.signal(signal.SIGTSTP, terminal.stop)
    continued = signal.signal(signal.SIGCONT, terminal.resume)
    terminal.take()
    wanted = [True]
    thread = Thread(target=_listen, args=(sys.stdin.fileno(), press, wanted), name="keyboard", daemon=True)
    thread.start()
    try:
        yield
    finally:
        wanted.clear()
        thread.join()
        signal.signal(signal.SIGTSTP, stopped)
        signal.signal(signal.SIGCONT, continued)
        terminal.restore()
        atexit.unregister(terminal.restore)


class _Terminal:
    """The terminal's settings: ours while we listen, the user's before and after, and while we are stopped."""

    def __init__(self, fd: int) -> None:
        import termios

        self._fd, self._before = fd, termios.tcgetattr(fd)

    def take(self) -> None:
        """Give us each key at once, and show none of them; Ctrl-C and Ctrl-Z stay what they are."""
        import termios
        import tty

        tty.setcbreak(self._fd, termios.TCSADRAIN)

    def restore(self) -> None:
        """As it was; one that is gone needs nothing."""
        import termios

        with suppress(termios.error, OSError):
            termios.tcsetattr(self._fd, termios.TCSADRAIN, self._before)

    def stop(self, number: int, frame: FrameType | None) -> None:
        """Ctrl-Z: the shell gets its terminal back."""
        del number, frame
        self.restore()
        os.kill(os.getpid(), signal.SIGSTOP)

    def resume(self, number: int, frame: FrameType | None) -> None:
        """`fg`: take it again; after `bg` it is not ours to take."""
        del number, frame
        if has_keyboard():
            self.take()


def _listen(fd: int, press: Callable[[str], None], wanted: list[bool]) -> None:
    last, last_at = "", 0.0
    while wanted:
        ready, _, _ = select.select([fd], [], [], LOOK_S)
        if not ready or not has_keyboard():
            continue
        try:
            pressed = ESCAPES.sub("", os.read(fd, 1024).decode("utf-8", "replace"))
        except OSError:  # the terminal is gone
            return
        if len(pressed) > PASTED:
            continue
        for key in pressed:
            held, last, last_at = key == last and monotonic() - last_at < REPEAT_S, key, monotonic()
            if not held:
                press(key)
