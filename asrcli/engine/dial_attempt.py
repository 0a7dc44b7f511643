"""One attempt to open a connection, in a thread of its own: it may wait for a name, a proxy or a key."""

from collections.abc import Callable
from threading import Lock, Thread

from asrcli.core.dataclass import dataclass
from asrcli.core.interfaces import Transport


@dataclass(frozen=True, slots=True)
class Dialled:
    """An attempt has come to its end: `DialAttempt.take` returns the connection, or raises why there is none."""

    attempt: "DialAttempt"


class DialAttempt:
    """Dials once. A connection that opens after `close` is closed."""

    def __init__(self, dial: Callable[[], Transport], deliver: Callable[[Dialled], object]) -> None:
        self._dial = dial
        self._deliver = deliver
        self._lock = Lock()  # guards the next two lines
        self._cancelled = False
        self._transport: Transport | None = None
        self._error: BaseException | None = None

    def run(self) -> None:
        """Dial, and deliver the end."""
        try:
            transport = self._dial()
        except BaseException as exc:  # the top of a thread: `take` raises it
            self._error = exc
        else:
            with self._lock:
                unwanted = self._cancelled
                if not unwanted:
                    self._transport = transport
            if unwanted:
                transport.close()
        self._deliver(Dialled(self))

    def take(self) -> Transport:
        """Return the connection, once.

        Raises:
            ConnectFailed, ServiceRefused: it could not be opened, or the handshake was refused.
        """
        if self._error is not None:
            raise self._error
        with self._lock:
            transport, self._transport = self._transport, None
        assert transport is not None  # noqa: S101  delivered, and not cancelled
        return transport

    def cancel(self) -> None:
        """Close the connection, now or when it opens. Does nothing after `take`."""
        with self._lock:
            self._cancelled = True
            transport, self._transport = self._transport, None
        if transport is not None:
            transport.close()


def in_thread(act: Callable[[], None]) -> None:
    """Call a function in a daemon thread."""
    Thread(target=act, name="dial", daemon=True).start()
