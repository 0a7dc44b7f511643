"""What a session yields in order to wait: it gets the next item, or None at the deadline. No thread, no clock."""

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
    """Return a Wait up to a time. The two without a time are made once and shared."""
    if time_s is not None:
        return Wait(time_s, audio)
    if audio:
        return _ANY_ITEM
    return _ANY_SIGNAL
