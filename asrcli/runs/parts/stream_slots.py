"""Limits the connections that parts of a recording use: a fixed number, or as many as somebody else grants."""

from collections import deque
from collections.abc import Callable
from threading import Lock
from typing import Protocol


class StreamSlots(Protocol):
    """Connections that parts may use at once. Safe from any thread."""

    def ask(self, granted: Callable[[], None]) -> None:
        """Call `granted` as soon as one more connection may be used, in any thread."""
        ...

    def give_back(self) -> None:
        """Give back a connection that was granted."""
        ...

    def lost(self, reason: str) -> None:
        """Note that a connection was lost, for this reason, and will be replaced."""
        ...


class FixedSlots:
    """This many connections at once."""

    def __init__(self, most: int) -> None:
        self._free = most
        self._waiting: deque[Callable[[], None]] = deque()
        self._lock = Lock()

    def ask(self, granted: Callable[[], None]) -> None:
        """Grant one at once, or when one is given back."""
        with self._lock:
            if not self._free:
                self._waiting.append(granted)
                return
            self._free -= 1
        granted()

    def give_back(self) -> None:
        """Grant it to the part that has waited longest."""
        with self._lock:
            if not self._waiting:
                self._free += 1
                return
            granted = self._waiting.popleft()
        granted()

    def lost(self, reason: str) -> None:
        """Do nothing: the run of the part reconnects by itself."""
