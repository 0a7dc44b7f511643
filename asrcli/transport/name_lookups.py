"""Looks up the addresses of hosts in daemon threads, because a lookup can hang and nothing can interrupt it.

A lookup goes on after the attempt to connect that began it has timed out, and its answer serves the next attempt. So a
name server that needs longer than the connect timeout only delays a connection. Each attempt asks again nevertheless:
after a network has come back, the new question is answered before the old one.
"""

import socket
import time
from collections.abc import Callable
from contextlib import suppress
from threading import Lock, Thread
from typing import Any

SLOW_S = 1.0  # the answer of a lookup that took longer is kept
KEPT_S = 60.0
NEXT_ADDRESS_S = 0.25  # without an answer for this time, the next address of a host is tried as well

Answer = list[Any] | Exception
Deliver = Callable[[Answer], object]


class NameLookups:
    """All lookups of this process. The arguments of `socket.getaddrinfo` are the key by which they are compared."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = Lock()  # guards the next two lines
        self._waiting: dict[tuple[Any, ...], list[Deliver]] = {}
        self._kept: dict[tuple[Any, ...], tuple[float, list[Any]]] = {}

    def look_up(self, question: tuple[Any, ...], deliver: Deliver) -> None:
        """Call `deliver` once, in any thread, with the addresses or with the error of the lookup."""
        with self._lock:
            until_s, found = self._kept.get(question, (0.0, []))
            if self._clock() >= until_s:
                self._kept.pop(question, None)
                found = []
                self._waiting.setdefault(question, []).append(deliver)
        if found:
            deliver(found)
            return
        try:
            Thread(target=self._ask, args=(question, deliver), name="resolve", daemon=True).start()
        except RuntimeError:  # the system allows no more threads
            self._remove(question, deliver)
            raise

    def _ask(self, question: tuple[Any, ...], deliver: Deliver) -> None:
        began_s = self._clock()
        try:
            found = socket.getaddrinfo(*question)
        except Exception as exc:  # the top of a thread: who waits for the answer raises it
            if self._remove(question, deliver):
                deliver(exc)
            return
        with self._lock:
            if self._clock() - began_s > SLOW_S:
                self._kept[question] = (self._clock() + KEPT_S, found)
            waiting = self._waiting.pop(question, [])
        for each in waiting:
            each(found)

    def _remove(self, question: tuple[Any, ...], deliver: Deliver) -> bool:
        """Forget who waits; returns False if another lookup has answered."""
        with self._lock, suppress(ValueError):
            waiting = self._waiting.get(question, [])
            waiting.remove(deliver)
            if not waiting:
                del self._waiting[question]
            return True
        return False


LOOKUPS = NameLookups()
