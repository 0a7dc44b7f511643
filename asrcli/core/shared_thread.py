"""The interface of the thread on which all sessions and connections of a process run, as typing.Protocol."""

from collections.abc import Callable
from typing import Protocol


class SharedTimer(Protocol):
    """A call that was scheduled for later."""

    def cancel(self) -> None:
        """Cancel the call."""
        ...


class SharedThread(Protocol):
    """The thread on which all sessions of a process run: what is called there must not wait."""

    @property
    def is_current(self) -> bool:
        """Whether the caller runs on this thread."""
        ...

    def soon(self, act: Callable[[], object]) -> None:
        """Call a function on the thread. Safe from any thread."""
        ...

    def at(self, time_s: float, act: Callable[[], object]) -> SharedTimer:
        """Call a function at a time. Called on the thread only."""
        ...

    def time(self) -> float:
        """Seconds, monotonic."""
        ...
