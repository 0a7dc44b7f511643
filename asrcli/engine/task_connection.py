"""The connection of a session and the task on it; dialled when there is audio to send. Nothing else dials."""

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from functools import partial
from math import inf

from asrcli.core.causes import Cause
from asrcli.core.errors import AsrError, ConnectFailed, ConnectionLost
from asrcli.core.events import Final
from asrcli.core.interfaces import ClientCodec, Transport
from asrcli.core.message import Message
from asrcli.core.settings import ConnectionSettings
from asrcli.engine.connection_pool import ConnectionPool, Dial, OpenConnection
from asrcli.engine.dial_attempt import DialAttempt, Dialled, in_thread
from asrcli.engine.inbox import Inbox, Item, MessageArrived
from asrcli.engine.steps import Steps, Wait
from asrcli.engine.task import TranscriptionTask
from asrcli.recovery.duplicate_finals import RecentFinals, ResentAudio
from asrcli.recovery.stall import NO_ANSWER, AnswerLimit

GRACE_S = 180.0  # how long an expired task waits for the end of an open sentence
RETIRED_NAMES = 500  # how many names of earlier tasks and items are remembered
LAST_MESSAGES_S = 1.0  # the last messages of a failed connection arrive within this time


class SendFailed(Exception):
    """The connection failed while we sent: the messages that it delivered before are handled first."""

    def __init__(self, lost: ConnectionLost) -> None:
        self.lost = lost


class TaskConnection:
    """At most one open connection, with one task on it; its messages arrive in the inbox. Times are in seconds.

    Attributes:
        task: The task that runs, or the next one.
        settings: How to connect.
        open_connection: The connection; None before the first one has opened and after `close`.
        reused: The connection has carried a task before this one.
        started_at: When the start of the task was requested.
        finish_at: When the rest of the text was requested last.
        deadline: When the connection counts as lost without an answer; None while no answer is due.
        timeout_s: How far off the deadline was when it was set, or for how long `missing` will have been missing then.
        missing: What will not have come until the deadline.
        recent_finals: The last finals of the session; at first the `earlier` ones, of a run that it continues from
            `begin_ms` on.
    """

    def __init__(
        self,
        make_codec: Callable[[], ClientCodec],
        dial: Dial,
        connection: ConnectionSettings,
        inbox: Inbox,
        clock: Callable[[], float],
        pool: ConnectionPool,
        open_connection: Callable[[str, Transport, Inbox], OpenConnection] = OpenConnection,
        spawn: Callable[[Callable[[], None]], object] = in_thread,
        earlier: Iterable[Final] = (),
        begin_ms: int = 0,
    ) -> None:
        self._make_codec = make_codec
        self._dial = dial
        self._open = open_connection
        self._spawn = spawn
        self._attempt: DialAttempt | None = None
        self.settings = connection
        self._inbox = inbox
        self._clock = clock
        self._pool = pool
        self.recent_finals = RecentFinals(earlier)
        self.task = TranscriptionTask(make_codec(), self.recent_finals.since(begin_ms))
        self.open_connection: OpenConnection | None = None
        self.reused = False
        self._retired_names: dict[str, str] = {}
        self.started_at = self.finish_at = 0.0
        self.deadline: float | None = None
        self.timeout_s, self.missing = 0.0, NO_ANSWER
        self._answer_limit = AnswerLimit()

    @property
    def url(self) -> str:
        """The address of the service for this task."""
        return self.task.codec.url(self.settings.url)

    @property
    def takes_audio(self) -> bool:
        """Whether the connection has room for more audio, and the wire does not make it wait for an answer."""
        if self.open_connection is None or self.task.codec.must_wait:
            return False
        return self.open_connection.transport.writable

    @property
    def silent_s(self) -> float:
        """Seconds since anything arrived; infinity without a connection."""
        if self.open_connection is None:
            return inf
        return self.open_connection.silent_s

    def start(self) -> None:
        """Ask for the task, on an idle connection where there is one, else on a new one as soon as it is `dialled`.

        Raises:
            SendFailed: the connection was lost.
        """
        if self.open_connection is None and self.task.codec.reusable:
            self.open_connection = self._pool.take(self.url, self._inbox)
        self.started_at = self._clock()
        self.reused = self.open_connection is not None
        self.task.codec.connection_is_new = not self.reused
        if self.reused:
            self._request_task()
            return
        self.deadline = None  # an attempt has a limit of its own
        self._attempt = DialAttempt(partial(self._dial, self.url, self.settings), self._inbox.put)
        self._spawn(self._attempt.run)

    def dialled(self, end: Dialled) -> None:
        """Ask for the task on the connection that an attempt has opened. Attempts that were given up are ignored.

        Raises:
            SendFailed: the connection was lost.
            ConnectFailed, ServiceRefused: there is no connection, or the handshake was refused.
        """
        if end.attempt is not self._attempt:
            return
        self._attempt = None
        self.open_connection = self._open(self.url, end.attempt.take(), self._inbox)
        self._request_task()

    def _request_task(self) -> None:
        assert self.open_connection is not None  # noqa: S101  taken or opened just now
        self.task.engine = self.open_connection.engine
        self.start_timeout(self.settings.connect_timeout_s)
        self.open_connection.note("start", self.task)
        self.send(self.task.codec.start())

    def ready(self) -> None:
        """Note that the service is ready for the task."""
        self.deadline = None
        self._pool.note_ready(self.url)
        self._pool.withdraw(self)

    @property
    def may_reach_service(self) -> bool:
        """Whether another session was ready, or may be soon, at the address that this one does not reach."""
        return self._pool.was_ready(self.url) or self._pool.may_become_ready(self.url)

    def announce(self) -> None:
        """Say that a first attempt follows. Sessions that begin at the same time all say so before the first one."""
        self._pool.announce(self, self.url)

    def withdraw(self) -> None:
        """Let other sessions expect nothing of the attempts of this one."""
        self._pool.withdraw(self)

    def commit(self) -> None:
        """End the utterance here. Where audio has to wait for the answer, the answer is due now.

        Raises:
            SendFailed: the connection was lost.
        """
        self._note("commit")
        self.send(self.task.codec.commit())
        if self.task.codec.must_wait:
            self.restart_timeout()

    def finish(self) -> None:
        """Ask for the rest of the text.

        Raises:
            SendFailed: the connection was lost.
        """
        self.task.finishing = True
        self.finish_at = self._clock()
        self.restart_timeout()
        self._note("finish")
        self.send(self.task.codec.finish())

    def _note(self, step: str) -> None:
        if self.open_connection is not None:
            self.open_connection.note(step, self.task)

    def send(self, messages: Sequence[Message]) -> None:
        """Send messages.

        Raises:
            SendFailed: the connection was lost.
        """
        assert self.open_connection is not None  # noqa: S101  opened before anything is sent
        try:
            for message in messages:
                self.open_connection.send(message)
        except ConnectionLost as exc:
            raise SendFailed(exc) from exc

    def send_pending(self) -> None:
        """Send what the codec wants sent in answer to the last message.

        Raises:
            SendFailed: the connection was lost.
        """
        if self.open_connection is not None and (pending := self.task.codec.pending_messages()):
            self.send(pending)

    def drain(self, failed: SendFailed, handle: Callable[[Item], None]) -> Steps[None]:
        """Sending has failed: `handle` what arrived before, finals or the reason of the failure.

        Raises:
            ConnectionLost: the connection was not replaced meanwhile.
        """
        broken = self.open_connection
        while self.open_connection is broken:
            item = yield Wait(self._clock() + LAST_MESSAGES_S, audio=False)
            if item is None:
                break
            with suppress(SendFailed):
                handle(item)
        if self.open_connection is broken:
            raise failed.lost from failed

    def carries(self, arrived: MessageArrived) -> bool:
        """Whether this came over the open connection: messages of an earlier one are ignored."""
        return arrived.connection is self.open_connection

    @property
    def expired(self) -> bool:
        """Whether the lifetime of the task is over and no sentence is open, or it has been over for GRACE_S."""
        lifetime_s = self.task.codec.lifetime_s
        age_s = self._clock() - self.started_at
        if lifetime_s is None or age_s < lifetime_s:
            return False
        return self.task.open_ms is None or age_s >= lifetime_s + GRACE_S

    def end_task(self, *, keep: bool, resent: ResentAudio | None = None) -> None:
        """Replace the task by one that is not started yet.

        Args:
            keep: The connection stays open where its wire may use it again.
            resent: Finals whose audio is sent again on the next task.
        """
        if not keep or not self.task.codec.reusable:
            self.close()
        self._retired_names |= self.task.codec.seen_names
        for name in list(self._retired_names)[:-RETIRED_NAMES]:
            del self._retired_names[name]
        self.task = TranscriptionTask(self._make_codec(), resent)
        self.deadline = None
        self.task.codec.retired_names = self._retired_names

    def release(self) -> None:
        """Give the connection to the pool where its wire may use it again."""
        if self.open_connection is not None and self.task.codec.reusable:
            self._pool.park(self.open_connection)
            self.open_connection = None

    def close(self) -> None:
        """Close the connection, if there is one, and give up the attempt to open one."""
        if self._attempt is not None:
            self._attempt.cancel()
            self._attempt = None
        if self.open_connection is not None:
            self.open_connection.close()
            self.open_connection = None

    def end(self) -> None:
        """Close the connection at the end of the session: no attempt follows."""
        self.close()
        self.withdraw()

    def start_timeout(self, timeout_s: float) -> None:
        """Set the deadline from now on."""
        self.deadline, self.timeout_s, self.missing = self._clock() + timeout_s, timeout_s, NO_ANSWER

    def restart_timeout(self) -> None:
        """Restart the timeout for the next answer, or the time after which silence counts as the end."""
        self._answer_limit.begin(self._clock())
        self.start_timeout(self._answer_s)

    @property
    def _answer_s(self) -> float:
        quiet_s = self.task.codec.quiet_end_s if self.task.finishing else None
        return self.settings.idle_timeout_s if quiet_s is None else quiet_s

    def extend_timeout(self, undecided_ms: int, ahead_s: float) -> None:
        """Restart the timeout after a message, as far as the new text in it allows: see AnswerLimit."""
        end = self._answer_limit.end(self._clock(), self._answer_s, self.task.open_sentences, undecided_ms, ahead_s)
        self.deadline, self.timeout_s, self.missing = end


def never_ready_error(url: str, exc: AsrError) -> AsrError:
    """Return the error for a session that failed before the service listened: a lost connection is a failed one."""
    if not isinstance(exc, ConnectionLost):
        return exc
    code = ""
    if exc.code is not None:
        code = f" (close code {exc.code})"
    return ConnectFailed(url, f"{exc.reason}{code}", Cause.NO_SERVICE)
