"""Runs a session, or a part of one, in the thread of the test, and waits for what comes into an inbox."""

from collections.abc import Callable
from threading import Event
from typing import TypeVar

from asrcli.engine.inbox import Inbox, Item
from asrcli.engine.steps import Steps, Wait

T = TypeVar("T")


def stepped(steps: Steps[T], answer: Callable[[Wait], Item | None]) -> T:
    """Answer each wait of the steps; return their result."""
    try:
        wait = next(steps)
        while True:
            wait = steps.send(answer(wait))
    except StopIteration as end:
        return end.value  # type: ignore[no-any-return]


def got(inbox: Inbox, timeout_s: float, *, audio: bool) -> Item | None:
    """The next item of an inbox; waits for it, None after the timeout."""
    more = Event()
    inbox.on_more(more.set)
    item = inbox.take(audio=audio)
    if item is None and more.wait(timeout_s):
        item = inbox.take(audio=audio)
    return item
