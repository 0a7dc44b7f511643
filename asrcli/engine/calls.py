"""Open connections: each with the thread that listens to it, for one session after the other. Knows no wire."""

from collections import deque
from collections.abc import Callable
from threading import Thread

from asrcli.config import Connection
from asrcli.engine.inbox import Arrived, Crashed, Inbox
from asrcli.message import Closed, Message, Writable
from asrcli.seams import Transport

Dial = Callable[[str, Connection], Transport]


class Call:
    """One connection; what it says arrives in the inbox of whoever holds it."""

    def __init__(self, url: str, transport: Transport, inbox: Inbox) -> None:
        self.url, self._transport, self._inbox = url, transport, inbox
        self._end: Closed | None = None
        Thread(target=self._receive, name="receive", daemon=True).start()

    def hand_to(self, inbox: Inbox) -> None:
        """From now on it speaks to this one, who hears of an end that came before, too."""
        self._inbox = inbox
        if self._end is not None:
            inbox.put(Arrived(self, self._end))

    def send(self, message: Message) -> None:
        """Say this.

        Raises:
            ConnectionLost
        """
        self._transport.send(message)

    @property
    def writable(self) -> bool:
        """Whether there is room for more audio; Writable arrives when there is again."""
        return self._transport.writable

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
                self._inbox.put(Arrived(self, message))
        except BaseException as exc:  # the top of a thread: the session must hear of it
            self._inbox.put(Crashed(exc))


class IdleCalls:
    """Connections between two tasks, for the next source that wants the same service. Used by several threads."""

    def __init__(self) -> None:
        self._calls: deque[Call] = deque()

    def park(self, call: Call) -> None:
        """Keep it open for somebody else."""
        self._calls.append(call)

    def take(self, url: str, inbox: Inbox) -> Call | None:
        """One to that address, if there is one; it may have been closed meanwhile, and then says so."""
        for _ in range(len(self._calls)):
            call = self._calls.popleft()
            if call.url == url:
                call.hand_to(inbox)
                return call
            self._calls.append(call)
        return None

    def close(self) -> None:
        """Hang up all of them."""
        while self._calls:
            self._calls.popleft().close()
