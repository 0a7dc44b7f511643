"""The keys of a Windows console, with a fake of its C library. On Windows itself this has not been run."""

import io
import signal
import sys
from collections import deque
from threading import Event

import pytest

from asrcli.terminal import keyboard as keyboard_module
from asrcli.terminal.console_keys import console_keyboard, read_console_keys
from asrcli.terminal.keyboard import has_keyboard, keyboard
from tests.support.device import PATIENCE_S
from tests.support.microphone import until


class Console:
    """The module `msvcrt`: the keys that were typed, and a flag once none is left."""

    def __init__(self, typed: str = "") -> None:
        self._typed = deque(typed)
        self.empty = Event()

    def kbhit(self) -> bool:
        """Whether one is left."""
        if not self._typed:
            self.empty.set()
        return bool(self._typed)

    def getwch(self) -> str:
        """The next one; never asked for in vain, which would wait forever."""
        return self._typed.popleft()


def pressed(typed: str) -> list[str]:
    """The keys that arrive, with Ctrl-C as a word."""
    console, found, ended = Console(typed), list[str](), Event()

    def waited(_: float) -> bool:
        return console.empty.is_set()

    ended.wait = waited  # type: ignore[method-assign,assignment]
    read_console_keys(console, found.append, lambda: found.append("interrupt"), ended)
    return found


@pytest.mark.parametrize(
    ("typed", "keys"),
    [
        (" m\r", [" ", "m", "\r"]),
        ("\xe0Hq", ["q"]),  # an arrow
        ("\x00;q", ["q"]),  # F1
        ("à", ["à"]),  # which begins like an arrow
        ("麦?", ["麦", "?"]),
        ("q\x03", ["q", "interrupt"]),
    ],
)
def test_each_key_arrives_once_and_arrows_do_not(typed: str, keys: list[str]) -> None:
    """Also letters beyond ASCII; Ctrl-C is no key."""
    assert pressed(typed) == keys


def test_keys_are_read_while_the_block_lasts(monkeypatch: pytest.MonkeyPatch) -> None:
    """On Windows, from a console and not from a pipe."""
    console, found = Console("q"), list[str]()
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setattr(keyboard_module, "msvcrt", console, raising=False)
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    assert not has_keyboard()
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    assert has_keyboard()
    with keyboard(found.append):
        assert console.empty.wait(PATIENCE_S)
    assert found == ["q"]


def test_ctrl_c_that_comes_as_a_key_is_the_signal_all_the_same() -> None:
    """Whoever handles SIGINT is called, in the main thread."""
    asked = Event()
    earlier = signal.signal(signal.SIGINT, lambda *_: asked.set())
    try:
        with console_keyboard(Console("\x03"), lambda _: None):
            until("the signal", asked.is_set)
    finally:
        signal.signal(signal.SIGINT, earlier)
