"""The connection of a session, opened when there is something to say. The only place that dials and hangs up."""

from collections.abc import Callable, Sequence
from threading import Thread

from asrcli.config import Connection
from asrcli.engine.inbox import Arrived, Crashed, Inbox
from asrcli.errors import AsrError, ConnectFailed, ConnectionLost
from asrcli.message import Closed, Message
from asrcli.seams import Transport

Dial = Callable[[str, Connection], Transport]


class Unsent(Exception):
    """The connection failed under a message of ours: what it said last comes first."""

    def __init__(self, lost: ConnectionLost) -> None:
        self.lost = lost


class Line:
    """At most one open connection; what it says arrives in the inbox."""

    def __init__(self, dial: Dial, connection: Connection, inbox: Inbox) -> None:
        self._dial, self._connection, self._inbox = dial, connection, inbox
        self.open_one: Transport | None = None  # None after we hung up

    def open(self, url: str) -> None:
        """Dial, and listen to what comes.

        Raises:
            ConnectFailed, ServiceRefused
        """
        self.open_one = self._dial(url, self._connection)
        Thread(target=receive, args=(self.open_one, self._inbox), name="receive", daemon=True).start()

    def carries(self, arrived: Arrived) -> bool:
        """Whether this came over the open connection: what a retired one still says is of no use."""
        return arrived.transport is self.open_one

    def send(self, messages: Sequence[Message]) -> None:
        """Say these.

        Raises:
            Unsent: the connection is gone.
        """
        assert self.open_one is not None  # noqa: S101  opened before anything is sent
        try:
            for message in messages:
                self.open_one.send(message)
        except ConnectionLost as exc:
            raise Unsent(exc) from exc

    def close(self) -> None:
        """Hang up, if it is open."""
        if self.open_one is not None:
            self.open_one.close()
            self.open_one = None


def receive(transport: Transport, inbox: Inbox) -> None:
    """The receive thread: messages into the inbox until the connection is over."""
    try:
        message: Message | None = None
        while not isinstance(message, Closed):
            message = transport.recv()
            inbox.put(Arrived(transport, message))
    except BaseException as exc:  # the top of a thread: the session must hear of it
        inbox.put(Crashed(exc))


def never_up(url: str, exc: AsrError) -> AsrError:
    """The error for a connection that was lost before the service listened: it never was one."""
    if not isinstance(exc, ConnectionLost):
        return exc
    code = f" (close code {exc.code})" if exc.code is not None else ""
    return ConnectFailed(url, f"{exc.reason}{code}", "is this a speech service? check --url")
