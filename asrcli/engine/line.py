"""The connection of a session and the task on it, opened when there is something to say. The only place that dials."""

from collections.abc import Callable, Sequence
from threading import Thread

from asrcli.config import Connection
from asrcli.engine.inbox import Arrived, Crashed, Inbox
from asrcli.engine.task import Task
from asrcli.errors import AsrError, ConnectFailed, ConnectionLost
from asrcli.message import Closed, Message
from asrcli.seams import ClientCodec, Transport

Dial = Callable[[str, Connection], Transport]


class Unsent(Exception):
    """The connection failed under a message of ours: what it said last comes first."""

    def __init__(self, lost: ConnectionLost) -> None:
        self.lost = lost


class Line:
    """At most one open connection, with one task on it; what it says arrives in the inbox.

    Attributes:
        task: The task that runs, or the next one.
        open_one: The connection; None after we hung up.
        reused: The connection has carried a task before this one.
        started: When the task was asked for.
        deadline: When the patience with the other end is at its end; None while there is nothing to wait for.
    """

    def __init__(
        self,
        make_codec: Callable[[], ClientCodec],
        dial: Dial,
        connection: Connection,
        inbox: Inbox,
        clock: Callable[[], float],
    ) -> None:
        self._make_codec, self._dial, self.connection = make_codec, dial, connection
        self._inbox, self._clock = inbox, clock
        self.task = Task(make_codec())
        self.open_one: Transport | None = None
        self.reused = False
        self.started = 0.0
        self.deadline: float | None = None
        self.patience_s = 0.0  # how far off that was when it was set

    @property
    def url(self) -> str:
        """Where the task is asked for."""
        return self.task.codec.url(self.connection.url)

    def start(self) -> None:
        """Ask for the task, on the open connection where there is one.

        Raises:
            Unsent, ConnectFailed, ServiceRefused
        """
        self.started, self.reused = self._clock(), self.open_one is not None
        if not self.reused:
            self.open_one = self._dial(self.url, self.connection)
            Thread(target=receive, args=(self.open_one, self._inbox), name="receive", daemon=True).start()
        self.wait(self.connection.connect_timeout_s)
        self.send(self.task.codec.start())

    def finish(self) -> None:
        """Ask for the rest of the text."""
        self.wait_for_more()
        self.send(self.task.codec.finish())

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

    def carries(self, arrived: Arrived) -> bool:
        """Whether this came over the open connection: what a retired one still says is of no use."""
        return arrived.transport is self.open_one

    def renew(self, *, keep: bool) -> None:
        """The task is over, the next one is not asked for yet; the connection stays where it may be used again."""
        if not keep or not self.task.codec.reusable:
            self.close()
        self.task, self.deadline = Task(self._make_codec()), None

    def close(self) -> None:
        """Hang up, if it is open."""
        if self.open_one is not None:
            self.open_one.close()
            self.open_one = None

    def wait(self, patience_s: float) -> None:
        """Patience begins now."""
        self.patience_s, self.deadline = patience_s, self._clock() + patience_s

    def wait_for_more(self) -> None:
        """The other end has something to say yet, and may take its usual time for it."""
        self.wait(self.connection.idle_timeout_s)


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
