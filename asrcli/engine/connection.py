"""The connection of a session and the task on it, opened when there is something to say. The only place that dials."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from math import inf

from asrcli.core.errors import AsrError, ConnectFailed, ConnectionLost
from asrcli.core.interfaces import ClientCodec, Transport
from asrcli.core.message import Message
from asrcli.core.settings import ConnectionSettings
from asrcli.engine.connection_pool import ConnectionPool, Dial, OpenConnection
from asrcli.engine.inbox import Inbox, Item, MessageArrived
from asrcli.engine.task import TranscriptionTask
from asrcli.recovery.duplicate_finals import ResentAudio

GRACE_S = 180.0  # so long an old task waits for the end of what is being said
RETIRED = 500  # so many names of tasks and items are remembered
LAST_WORDS_S = 1.0  # what a closing connection still had to say arrives within this time


class SendFailed(Exception):
    """The connection failed under a message of ours: what it said last comes first."""

    def __init__(self, lost: ConnectionLost) -> None:
        self.lost = lost


class TaskConnection:
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
        connection: ConnectionSettings,
        inbox: Inbox,
        clock: Callable[[], float],
        idle: ConnectionPool,
        open_call: Callable[[str, Transport, Inbox], OpenConnection] = OpenConnection,
    ) -> None:
        self._open_call = open_call
        self._make_codec, self._dial, self.connection = make_codec, dial, connection
        self._inbox, self._clock, self._idle = inbox, clock, idle
        self.task = TranscriptionTask(make_codec())
        self.open_one: OpenConnection | None = None
        self.reused = False
        self._retired: dict[str, str] = {}
        self.started = 0.0
        self.deadline: float | None = None
        self.patience_s = 0.0  # how far off that was when it was set

    @property
    def url(self) -> str:
        """Where the task is asked for."""
        return self.task.codec.url(self.connection.url)

    @property
    def writable(self) -> bool:
        """Whether the connection has room for more audio."""
        return self.open_one is not None and self.open_one.writable

    @property
    def silent_s(self) -> float:
        """Seconds since anything arrived; for ever without a connection."""
        return self.open_one.silent_s if self.open_one is not None else inf

    def start(self) -> None:
        """Ask for the task, on an open connection where there is one.

        Raises:
            Unsent, ConnectFailed, ServiceRefused
        """
        if self.open_one is None and self.task.codec.reusable:
            self.open_one = self._idle.take(self.url, self._inbox)
        self.started, self.reused = self._clock(), self.open_one is not None
        self.task.codec.connection_is_new = not self.reused
        if not self.reused:
            self.open_one = self._open_call(self.url, self._dial(self.url, self.connection), self._inbox)
        self.start_timeout(self.connection.connect_timeout_s)
        self.send(self.task.codec.start())

    def commit(self) -> None:
        """End the utterance here; patience begins where audio waits for the answer to it.

        Raises:
            Unsent: the connection is gone.
        """
        self.send(self.task.codec.commit())
        if self.task.codec.must_wait:
            self.restart_timeout()

    def finish(self) -> None:
        """Ask for the rest of the text."""
        self.restart_timeout()
        self.task.finishing = True
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
            raise SendFailed(exc) from exc

    def send_pending(self) -> None:
        """Say what the wire wants said in answer to what it said last.

        Raises:
            Unsent: the connection is gone.
        """
        if self.open_one is not None:
            self.send(self.task.codec.pending_messages())

    def drain_after_failure(self, do: Callable[[], None], take: Callable[[Item], None]) -> None:
        """Do it; where the connection fails under it, the other end may have said why, and may have sent finals."""
        try:
            do()
        except SendFailed as exc:
            broken = self.open_one
            while self.open_one is broken and (item := self._inbox.get(LAST_WORDS_S, audio=False)) is not None:
                with suppress(SendFailed):
                    take(item)
            if self.open_one is broken:
                raise exc.lost from exc

    def carries(self, arrived: MessageArrived) -> bool:
        """Whether this came over the open connection: what a retired one still says is of no use."""
        return arrived.call is self.open_one

    @property
    def expired(self) -> bool:
        """Whether the task has lived nearly as long as the service lets it, and may end: best between two sentences."""
        lifetime_s, age_s = self.task.codec.lifetime_s, self._clock() - self.started
        if lifetime_s is None or age_s < lifetime_s:
            return False
        return self.task.open_ms is None or age_s >= lifetime_s + GRACE_S

    def end_task(self, *, keep: bool, again: ResentAudio | None = None) -> None:
        """The task is over, the next one is not asked for yet; the connection stays where it may be used again.

        `again` is what of the settled audio the next task hears again.
        """
        if not keep or not self.task.codec.reusable:
            self.close()
        self._retired |= self.task.codec.seen_names
        for name in list(self._retired)[:-RETIRED]:
            del self._retired[name]
        self.task, self.deadline = TranscriptionTask(self._make_codec(), again), None
        self.task.codec.retired_names = self._retired

    def release(self) -> None:
        """We need it no longer; somebody else may, where the wire allows it."""
        if self.open_one is not None and self.task.codec.reusable:
            self._idle.park(self.open_one)
            self.open_one = None

    def close(self) -> None:
        """Hang up, if it is open."""
        if self.open_one is not None:
            self.open_one.close()
            self.open_one = None

    def start_timeout(self, patience_s: float) -> None:
        """Patience begins now."""
        self.patience_s, self.deadline = patience_s, self._clock() + patience_s

    def restart_timeout(self) -> None:
        """The other end has something to say yet, and may take its usual time for it."""
        self.start_timeout(self.connection.idle_timeout_s)


def never_up(url: str, exc: AsrError) -> AsrError:
    """The error for a connection that was lost before the service listened: it never was one."""
    if not isinstance(exc, ConnectionLost):
        return exc
    code = f" (close code {exc.code})" if exc.code is not None else ""
    return ConnectFailed(url, f"{exc.reason}{code}", "is this a speech service? check --url")
