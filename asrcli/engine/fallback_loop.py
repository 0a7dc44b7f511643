"""The loop of a session with a local fallback: a recognizer on this machine transcribes during outages."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from asrcli.core.audio import Chunk
from asrcli.core.errors import AsrError, ConnectFailed, ConnectionLost
from asrcli.core.events import Event, Final, Notice
from asrcli.core.interfaces import LocalEngine
from asrcli.engine.inbox import Item, LocalHeard, SessionAbandoned, SourceEnded, StopRequested
from asrcli.engine.local_hearing import LocalHearing
from asrcli.engine.loop import SessionLoop
from asrcli.engine.steps import Steps, Wait
from asrcli.recovery.duplicate_finals import RepeatedFinal
from asrcli.recovery.link_states import LinkEvent, LinkState

# How long to wait for an unreachable service after the user has ended the run. The wait is short because the local
# recognizer has the words. After that, the local recognizer has the same time to transcribe the rest.
STOPPED_S = 1.0


class FallbackLoop(SessionLoop):
    """A SessionLoop that gives undecided audio to the recognizer on this machine during an outage.

    The text of this recognizer is provisional: it decides nothing, and counts only inside gaps. From a file it may get
    audio that the connection cannot take yet.
    """

    def __init__(self, engine: LocalEngine, *conversation: Any, **settings: Any) -> None:
        super().__init__(*conversation, **settings)
        self._leave_at: float | None = None  # when to abandon an unreachable service, after the user has ended the run
        deliver = self._inbox.put
        self._hearing = LocalHearing(
            engine, self._account, self._feed, lambda number, event: deliver(LocalHeard(number, event))
        )

    def _give_up(self, error: AsrError, duration_ms: int | None) -> Steps[AsrError | None]:
        """Transcribe the rest locally, then give up as every loop does. An unreachable service is then no error.

        A file is transcribed to its end: only the service is missing.
        """
        unreachable = isinstance(error, ConnectionLost | ConnectFailed) and self._account.was_ready
        if self._account.was_ready:
            if self._realtime or not unreachable:
                self._inbox.end()
            self._connection.close()  # neither its end nor that of an attempt to replace it matters any more
            with suppress(SessionAbandoned):
                yield from self._hear_rest()
        heard_all = self._hearing.position >= self._account.end
        self._hearing.close()
        given_up = yield from super()._give_up(error, duration_ms)
        if not (unreachable and heard_all):
            return given_up
        self._emit(Notice("warning", str(error)))
        return None

    def _hear_rest(self) -> Steps[None]:
        self._hearing.go_on_alone()
        until = None
        if self._stopped:
            until = self._clock() + STOPPED_S
        while not self._hearing.done:
            item = yield Wait(until, self._hearing.wants_audio)
            if item is None:
                return
            self._take(item)
            if isinstance(item, StopRequested):
                until = self._clock() + STOPPED_S

    def _next_wait(self) -> tuple[Wait, Callable[[], None]]:
        wait, on_earliest = super()._next_wait()
        earliest = wait.until
        for due, on_due in ((self._hearing.due, self._hearing.advance), (self._leave_at, self._leave)):
            if due is not None and (earliest is None or due < earliest):
                earliest, on_earliest = due, on_due
        return Wait(earliest, wait.audio), on_earliest

    def _leave(self) -> None:
        self._backoff.stop(self._clock(), None, 0.0)
        raise ConnectionLost(f"the service was not reachable again within {STOPPED_S:g} s after the end")

    def _takes_audio(self) -> bool:
        return super()._takes_audio() or self._hearing.wants_audio

    def _take(self, item: Item) -> None:
        """Handle an item of the inbox, and give new audio to the local recognizer."""
        if isinstance(item, LocalHeard):
            self._hearing.take(item.number, item.event)
            return
        super()._take(item)
        if isinstance(item, SourceEnded):
            self._hearing.end_input()
        if isinstance(item, Chunk | SourceEnded):
            self._hearing.advance()
        account = self._account
        account.emit_all(account.provisional.decide(account.ledger.undecided, self._feed.cursor_ms))

    def _stop(self, stop: StopRequested) -> None:
        """Audio of a file that was transcribed locally counts as captured too, because its text was shown."""
        self._feed.audio.count_as_sent(self._hearing.position)
        super()._stop(stop)
        self._wait_less()

    def _step(self, event: LinkEvent) -> None:
        super()._step(event)
        if self._link is LinkState.WAITING:
            self._hearing.lost()
            self._wait_less()
        elif self._link is LinkState.UP:
            self._hearing.connected()
            self._leave_at = None

    def _wait_less(self) -> None:
        """Abandon an unreachable service soon while the user waits for the end."""
        away = self._link in {LinkState.DIALLING, LinkState.WAITING}
        if self._stopped and away and self._account.was_ready and self._leave_at is None:
            self._leave_at = self._clock() + STOPPED_S

    def _handle(self, event: Event | RepeatedFinal) -> None:
        super()._handle(event)
        if isinstance(event, Final):
            self._hearing.progress()
