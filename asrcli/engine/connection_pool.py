"""Open connections: each with the thread that listens to it, for one session after the other. Knows no wire."""

from collections import deque
from collections.abc import Callable
from threading import Lock, Thread

from asrcli.core.interfaces import Transport
from asrcli.core.message import Closed, Message, Writable
from asrcli.core.settings import ConnectionSettings
from asrcli.engine.inbox import Inbox, MessageArrived, ThreadCrashed

Dial = Callable[[str, ConnectionSettings], Transport]


class OpenConnection:
    """One connection; what it says arrives in the inbox of whoever holds it."""

    def __init__(self, url: str, transport: Transport, inbox: Inbox) -> None:
        self.url, self._transport, self._inbox = url, transport, inbox
        self._end: Closed | None = None
        Thread(target=self._receive, name="receive", daemon=True).start()

    def hand_to(self, inbox: Inbox) -> None:
        """From now on it speaks to this one, who hears of an end that came before, too."""
        self._inbox = inbox
        if self._end is not None:
            inbox.put(MessageArrived(self, self._end))

    @property
    def writable(self) -> bool:
        """Whether there is room for more audio."""
        return self._transport.writable

    @property
    def silent_s(self) -> float:
        """Seconds since anything arrived."""
        return self._transport.silent_s

    def send(self, message: Message) -> None:
        """Say this.

        Raises:
            ConnectionLost
        """
        self._transport.send(message)

    def close(self) -> None:
        """Hang up."""
        self._transport.close()

    def _receive(self) -> None:
        """The receive thread: messages into the inbox until the connection is over."""
        try:
            message: Message | Writable | None = None
            while not isinstance(message, Closed):
                message = self._transport.recv()
                self._end = message if isinstance(message, Closed) else None
                self._inbox.put(MessageArrived(self, message))
        except BaseException as exc:  # the top of a thread: the session must hear of it
            self._inbox.put(ThreadCrashed(exc))


class ConnectionPool:
    """Connections between two tasks, for the next source that wants the same service. Used by several threads."""

    def __init__(self) -> None:
        self._calls: deque[OpenConnection] = deque()
        self._lock = Lock()

    def park(self, open_connection: OpenConnection) -> None:
        """Keep it open for somebody else."""
        with self._lock:
            self._calls.append(open_connection)

    def take(self, url: str, inbox: Inbox) -> OpenConnection | None:
        """One to that address, if there is one; it may have been closed meanwhile, and then says so."""
        with self._lock:
            open_connection = next(
                (open_connection for open_connection in self._calls if open_connection.url == url), None
            )
            if open_connection is not None:
                self._calls.remove(open_connection)
        if open_connection is not None:
            open_connection.hand_to(inbox)
        return open_connection

    def close(self) -> None:
        """Hang up all of them."""
        with self._lock:
            calls, self._calls = self._calls, deque()
        for open_connection in calls:
            open_connection.close()
