"""Responses of an HTTP service that must be complete in time."""

import time
from http.client import HTTPResponse
from io import BufferedReader, RawIOBase
from typing import Any

WHOLE_ANSWER = 3  # a whole answer may take this many times as long as its first byte


class _LimitedAnswer(RawIOBase):
    """The bytes of an answer, which must all come in time: one byte every few seconds would be awaited for hours."""

    def __init__(self, sock: Any, wait_s: float) -> None:
        self._sock, self._raw = sock, sock.makefile("rb", buffering=0)
        self._wait_s, self._until = wait_s, time.monotonic() + WHOLE_ANSWER * wait_s

    def readable(self) -> bool:
        """Return True."""
        return True

    def readinto(self, buffer: Any) -> int | None:
        """Read the bytes that have come.

        Raises:
            TimeoutError: nothing came for a while, or the time for the whole answer is over.
        """
        left_s = self._until - time.monotonic()
        if left_s <= 0:
            raise TimeoutError
        self._sock.settimeout(min(left_s, self._wait_s))
        read: int | None = self._raw.readinto(buffer)
        return read

    def close(self) -> None:
        """Close the file of the socket."""
        self._raw.close()
        super().close()


class LimitedResponse(HTTPResponse):
    """A response that must be complete in time."""

    def __init__(self, sock: Any, *args: Any, **options: Any) -> None:
        super().__init__(sock, *args, **options)
        wait_s = sock.gettimeout()
        if wait_s is not None:
            self.fp.close()
            self.fp = BufferedReader(_LimitedAnswer(sock, wait_s))
