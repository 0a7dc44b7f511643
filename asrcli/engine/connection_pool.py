"""Open connections, and the pool of those between two sessions. Knows no wire format."""

from collections import deque
from collections.abc import Callable
from threading import Lock
from typing import TYPE_CHECKING

from asrcli.core.interfaces import Transport
from asrcli.core.message import Closed, Message, Writable
from asrcli.core.settings import ConnectionSettings
from asrcli.engine.inbox import Inbox, MessageArrived, ThreadCrashed

if TYPE_CHECKING:
    from asrcli.engine.task import TranscriptionTask

Dial = Callable[[str, ConnectionSettings], Transport]


class OpenConnection:
    """One connection; its messages go to the inbox of the session that holds it.

    Attributes:
        transport: Has `writable`, which is asked with every chunk. A recorder of messages does not wrap this method.
        send: Sends a message. It raises ConnectionLost if the connection is over.
    """

    def __init__(self, url: str, transport: Transport, inbox: Inbox) -> None:
        self.url = url
        self.transport: Transport = getattr(transport, "recorded_transport", transport)
        self.send: Callable[[Message], None] = transport.send
        self._inbox = inbox
        self._end: Closed | None = None
        self._note: Callable[[str, TranscriptionTask], None] = getattr(transport, "note", lambda step, task: None)  # noqa: ARG005
        transport.listen(self._arrived)

    def hand_to(self, inbox: Inbox) -> None:
        """Send messages to this inbox from now on. If the connection has ended already, the inbox gets that end too."""
        self._inbox = inbox
        if self._end is not None:
            inbox.put(MessageArrived(self, self._end))

    @property
    def silent_s(self) -> float:
        """Seconds since anything arrived."""
        return self.transport.silent_s

    @property
    def engine(self) -> str:
        """The recognizer that the other end named; empty if it named none."""
        return self.transport.engine

    def note(self, step: str, task: "TranscriptionTask") -> None:
        """Say which step of a task the next messages are, for a transport that records: start, commit or finish."""
        self._note(step, task)

    def close(self) -> None:
        """Close the connection."""
        self.transport.close()

    def _arrived(self, message: Message | Writable | BaseException) -> None:
        """Put a message into the inbox: called by the transport, for all of them in order."""
        if isinstance(message, BaseException):
            self._inbox.put(ThreadCrashed(message))
            return
        if isinstance(message, Closed):
            self._end = message
        self._inbox.put(MessageArrived(self, message))


class ConnectionPool:
    """Idle connections, for the next task at the same address, and what is known of addresses. Safe from any thread.

    Sessions that begin at the same time say so first. While one of them may still connect, a failed attempt of another
    one does not mean that the address is wrong.
    """

    def __init__(self) -> None:
        self._idle: deque[OpenConnection] = deque()
        self._ready_urls: set[str] = set()
        self._first_attempts: dict[object, str] = {}  # sessions that may still connect for the first time, and where
        self._lock = Lock()

    def park(self, open_connection: OpenConnection) -> None:
        """Keep a connection open for the next session."""
        with self._lock:
            self._idle.append(open_connection)

    def take(self, url: str, inbox: Inbox) -> OpenConnection | None:
        """Return a connection to that address, or None. The other end may have closed it; then `inbox` gets the end."""
        with self._lock:
            open_connection = next((idle for idle in self._idle if idle.url == url), None)
            if open_connection is not None:
                self._idle.remove(open_connection)
        if open_connection is not None:
            open_connection.hand_to(inbox)
        return open_connection

    def note_ready(self, url: str) -> None:
        """Note that a service at this address was ready for a task."""
        with self._lock:
            self._ready_urls.add(url)

    def was_ready(self, url: str) -> bool:
        """Whether a service at this address was ready for a task of any session before."""
        with self._lock:
            return url in self._ready_urls

    def announce(self, session: object, url: str) -> None:
        """Note that a session is about to connect to this address for the first time."""
        with self._lock:
            self._first_attempts[session] = url

    def withdraw(self, session: object) -> None:
        """Note that the others need not wait for this session: it has connected, or cannot connect."""
        with self._lock:
            self._first_attempts.pop(session, None)

    def may_become_ready(self, url: str) -> bool:
        """Whether a session may still connect to this address for the first time."""
        with self._lock:
            return url in self._first_attempts.values()

    def close(self) -> None:
        """Close all idle connections."""
        with self._lock:
            idle, self._idle = self._idle, deque()
        for open_connection in idle:
            open_connection.close()
