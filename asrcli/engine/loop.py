"""The session thread: obeys the link table, one task on one connection. Decides nothing by itself."""

from collections.abc import Callable
from dataclasses import dataclass
from threading import Thread

from asrcli.audio import Chunk, Format
from asrcli.config import Connection
from asrcli.engine.inbox import Crashed, Inbox, Item, Spent
from asrcli.errors import AsrError, ConnectFailed, ConnectionLost
from asrcli.events import Event, Final, Finished, Gap, Partial, Progress, Ready, shifted
from asrcli.message import Closed, Message
from asrcli.recovery.link import Action, Happening, Input, Link, step
from asrcli.seams import ClientCodec, Transport

PROGRESS_EVERY_S = 0.1
LAST_WORDS_S = 1.0  # what a closing connection still had to say arrives within this time


@dataclass(frozen=True)
class Over:
    """The session is done: what it knows of the audio and of its own delays, and the error that ended it early.

    Attributes:
        end: Position of the first sample behind the audio.
        broken: The task did not come to its own end.
    """

    end: int
    billed_s: float | None
    first_text_ms: int | None
    final_after_stop_ms: int | None
    error: AsrError | None
    broken: bool


class Loop:
    """One conversation with a service: started, fed, finished, and accounted for."""

    def __init__(
        self,
        codec: ClientCodec,
        inbox: Inbox,
        emit: Callable[[Event], None],
        clock: Callable[[], float],
        audio_format: Format,
        start: int,
    ) -> None:
        self._codec, self._inbox, self._emit, self._clock = codec, inbox, emit, clock
        self._format, self._start = audio_format, start
        self._offset_ms = audio_format.ms(start)
        self._link = Link.DIALLING
        self._transport: Transport | None = None
        self._deadline: float | None = None
        self._patience_s = self._idle_timeout_s = 0.0  # how long the deadline was when it was set
        self._end = start  # position behind the audio taken from the inbox
        self._covered_ms = self._offset_ms  # finals reach up to here
        self._source_error: AsrError | None = None
        self._first_sent = self._first_text = self._stopped = self._last_final = self._progress = -1.0

    def converse(
        self, dial: Callable[[str, Connection], Transport], connection: Connection, duration_ms: int | None
    ) -> Over:
        """Hold the conversation to its end. Errors come back in the result, with a Gap emitted for what they cost."""
        url = ""
        try:
            url = self._codec.url(connection.url)
            self._open(dial(url, connection), connection)
            while self._link is not Link.CLOSED:
                wait_s = None if self._deadline is None else max(0.0, self._deadline - self._clock())
                self._take(self._inbox.get(wait_s, audio=self._link is Link.UP))
            error, broken = self._source_error, False
        except AsrError as exc:
            never_up = self._link is Link.DIALLING
            error, broken = (_never_up(url, exc) if never_up else exc), True
            self._link, _ = step(self._link, self._input(), Happening.LOST)
            if never_up:
                self._end = self._start  # nothing was heard, so there is nothing to account for
            else:
                self._give_up(error, duration_ms)
        finally:
            self._inbox.end()
            if self._transport is not None:
                self._transport.close()
        return self.over(error, broken=broken)

    def _open(self, transport: Transport, connection: Connection) -> None:
        self._transport = transport
        self._patience_s, self._idle_timeout_s = connection.connect_timeout_s, connection.idle_timeout_s
        self._wait()
        Thread(target=receive, args=(transport, self._inbox), name="receive", daemon=True).start()
        self._send(self._codec.start())

    def _wait(self) -> None:
        self._deadline = self._clock() + self._patience_s

    def _input(self) -> Input:
        return Input.ENDED if self._inbox.ended else Input.OPEN

    def _take(self, item: Item | None) -> None:
        if item is None:
            raise ConnectionLost(f"no answer for {self._patience_s:.0f} s")
        if isinstance(item, Crashed):
            raise item.error
        if isinstance(item, Closed):
            raise ConnectionLost(item.reason or "closed by the other end", item.code)
        if isinstance(item, Chunk):
            self._send_audio(item)
        elif isinstance(item, Spent):
            self._source_error = item.error
            self._stopped = self._clock()
            self._step(Happening.SPENT)
        else:
            for event in self._codec.receive(item):
                self._hear(event)
            if self._link is Link.DRAINING:
                self._wait()

    def _step(self, happening: Happening) -> None:
        self._link, action = step(self._link, self._input(), happening)
        if action is Action.FINISH:
            self._wait()
            self._send(self._codec.finish())
        elif action is Action.GIVE_UP:
            raise ConnectionLost("the service ended the task before the audio ended")

    def _hear(self, event: Event) -> None:
        now = self._clock()
        moved = shifted(event, self._offset_ms)
        if isinstance(moved, Partial | Final) and moved.text and self._first_text < 0:
            self._first_text = now
        if isinstance(moved, Final | Gap):
            self._covered_ms = max(self._covered_ms, moved.end_ms)
            self._last_final = now
        self._emit(moved)
        if isinstance(event, Ready):
            self._deadline, self._patience_s = None, self._idle_timeout_s
            self._step(Happening.READY)
        elif isinstance(event, Finished):
            self._step(Happening.FINISHED)

    def _send_audio(self, chunk: Chunk) -> None:
        self._end = chunk.end
        if self._first_sent < 0:
            self._first_sent = self._clock()
        self._send(self._codec.audio(chunk.pcm))
        if chunk.cut_after:
            self._send(self._codec.commit())
        if (now := self._clock()) - self._progress >= PROGRESS_EVERY_S:
            self._progress = now
            self._emit(Progress(self._format.ms(self._end)))

    def _send(self, messages: list[Message]) -> None:
        assert self._transport is not None  # noqa: S101  opened before anything is sent
        try:
            for message in messages:
                self._transport.send(message)
        except ConnectionLost:
            # The other end may have said why before it went, and may have sent finals: those are heard first.
            while (item := self._inbox.get(LAST_WORDS_S, audio=False)) is not None:
                self._take(item)
            raise

    def _give_up(self, error: AsrError, duration_ms: int | None) -> None:
        cut_short = self._inbox.ended
        self._inbox.end()
        while isinstance(item := self._inbox.get(0, audio=True), Chunk | Message):
            self._end = item.end if isinstance(item, Chunk) else self._end
        if duration_ms is not None and not cut_short:
            self._end = max(self._end, self._start + self._format.samples(duration_ms))
        end_ms = self._format.ms(self._end)
        if end_ms > self._covered_ms:
            self._emit(Gap(self._covered_ms, end_ms, str(error)))

    def over(self, error: AsrError | None, *, broken: bool) -> Over:
        """The account so far; it may be asked for by a listener that leaves in the middle."""
        return Over(
            end=self._end,
            billed_s=self._codec.billed_s,
            first_text_ms=_between(self._first_sent, self._first_text),
            final_after_stop_ms=_between(self._stopped, self._last_final),
            error=error,
            broken=broken,
        )


def receive(transport: Transport, inbox: Inbox) -> None:
    """The receive thread: messages into the inbox until the connection is over."""
    try:
        message: Message | None = None
        while not isinstance(message, Closed):
            message = transport.recv()
            inbox.put(message)
    except BaseException as exc:  # the top of a thread: the session must hear of it
        inbox.put(Crashed(exc))


def _never_up(url: str, exc: AsrError) -> AsrError:
    """A connection that is lost before the service listened never was one."""
    if isinstance(exc, ConnectionLost):
        code = f" (close code {exc.code})" if exc.code is not None else ""
        return ConnectFailed(url, f"{exc.reason}{code}", "is this a speech service? check --url")
    return exc


def _between(start: float, end: float) -> int | None:
    return None if start < 0 or end < 0 else max(0, round((end - start) * 1000))
