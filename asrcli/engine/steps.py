"""What a session yields to wait: it is sent the item that came, or None at the deadline. No thread, no clock."""

from collections.abc import Generator
from typing import NamedTuple, TypeVar

from asrcli.engine.inbox import Item

T = TypeVar("T")


class Wait(NamedTuple):
    """What a session waits for: the next item of its inbox, audio only where `audio` allows it, or a time.

    Attributes:
        until: The time on the clock of the session at which None is sent; None waits without limit.
        audio: Whether audio may come out of the inbox.
    """

    until: float | None
    audio: bool


Steps = Generator[Wait, Item | None, T]

_ANY_ITEM, _ANY_SIGNAL = Wait(None, audio=True), Wait(None, audio=False)


def wait_until(time_s: float | None, *, audio: bool) -> Wait:
    """Return what is waited for up to a time; without one, made already."""
    if time_s is not None:
        return Wait(time_s, audio)
    if audio:
        return _ANY_ITEM
    return _ANY_SIGNAL
