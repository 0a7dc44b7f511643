"""A run over one long source in parts that are transcribed at the same time; their events come out in order, once."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from queue import Empty, SimpleQueue
from threading import Thread, Timer

from asrcli.core.errors import AudioLost, bare_url
from asrcli.core.events import Began, Billed, Ended, Event, Final, Gap, Notice, Progress, Reconnecting
from asrcli.core.interfaces import Output, Source
from asrcli.core.transcript import Transcript, fold
from asrcli.engine.connection_pool import ConnectionPool
from asrcli.runs.batch.batch_budget import BatchBudget
from asrcli.runs.parts.part_account import joined_account, joined_bill
from asrcli.runs.parts.part_state import PartEvents, RunningPart, failures, next_item, pass_to_all, raise_what_ended
from asrcli.runs.parts.part_store import PartStore
from asrcli.runs.parts.splitter import SplitPart, split
from asrcli.runs.parts.stream_slots import StreamSlots
from asrcli.runs.plan import RunPlan
from asrcli.runs.run import HOPELESS, HURRY_S, WAITING, Run

CLOSE_S = 1.0  # how long a source may take to stop; one that hangs in a read is not waited for
LEAVE_S = 3.0  # how long parts may take to end after a second signal
LEFT_OUT = "of later parts {:.1f} s were sent too: their text is left out, because audio before it has none"
AHEAD = 3  # parts that are read ahead

_Item = tuple[int, Event | None, BaseException | None] | SplitPart | Notice | BaseException | None
GRANTED = None


class SplitRun:
    """One source, one transcript, any number of outputs, as a Run; `idle` and `slots` are shared with others.

    Args:
        plan: How to transcribe each part.
        outputs: What gets the events, in the order of the recording.
        idle: Open connections.
        slots: How many connections may be used at once.
        split_ms: How long a part is, about.
        store: Keeps what parts have said before it comes out; None keeps nothing.
        budget: What all parts together may cost; None without a limit.
    """

    def __init__(
        self,
        plan: RunPlan,
        outputs: Sequence[Output],
        idle: ConnectionPool,
        slots: StreamSlots,
        split_ms: int,
        store: PartStore | None = None,
        budget: BatchBudget | None = None,
    ) -> None:
        self._plan = plan
        self._outputs = outputs
        self._idle = idle
        self._slots = slots
        self._split_ms = split_ms
        self._store = store
        self._budget = budget
        self._transcript = Transcript()
        self._queue: SimpleQueue[_Item] = SimpleQueue()
        # As a Semaphore, whose lock a signal handler would wait for while the thread that it interrupts holds it.
        self._room: SimpleQueue[None] = SimpleQueue()
        for _ in range(AHEAD):
            self._room.put(None)
        self._parts: list[RunningPart] = []
        self._next = self._front = 0  # the part that begins next, and the one whose events come out
        self._began = self._is_split = self._stopping = False
        self._split_error: BaseException | None = None

    def transcribe(self, source: Source, notices: Sequence[Notice] = ()) -> Ended:
        """Run to the end, and return the account, which the outputs get too. They get `notices` first.

        Raises:
            AsrError: parts failed, or the source could not be read; AudioLost: all came to an end, but with gaps.
            KeyboardInterrupt: the user ended the run.
        """
        began_s = self._plan.clock()
        for notice in [*notices, Notice("info", f"connecting to {bare_url(self._plan.connection.url)}")]:
            self._emit(notice)
        splitting = Thread(target=self._read, args=(source,), name="split", daemon=True)
        splitting.start()
        try:
            with self._plan.interruptible(self._interrupted, self._hurry, lambda: False):
                while not self._is_over:
                    self._handle(next_item(self._queue), source)
        except KeyboardInterrupt:
            self._leave_now(source)
        except BaseException:
            self.leave()
            raise
        finally:
            if self._store is not None:
                self._store.close()
            splitting.join(CLOSE_S)
            self._close_audio()
        self._flush(source)
        accounts = [part.ended for part in self._shown_parts() if part.ended is not None]
        ended = joined_account(accounts, self._transcript.sentences, self._plan.clock() - began_s, self._billed)
        errors = failures(self._parts, self._split_error)
        if self._began or (self._stopping and not errors):
            self._emit(ended)
        raise_what_ended(errors, ended.lost_ms, stopped=self._stopping)
        return ended

    def finish(self) -> None:
        """Begin no more parts and wait for the last words of those that have begun. Safe from any thread."""
        self._stopping = True
        for part in list(self._parts):
            if part.run is not None:
                part.run.finish()
        self._room.put(None)
        self._queue.put(GRANTED)

    def leave(self) -> None:
        """Wait for nothing more. Safe from any thread."""
        self.finish()
        for part in list(self._parts):
            if part.run is not None:
                part.run.leave()

    def _interrupted(self) -> None:
        """Finish after Ctrl-C."""
        self.finish()
        self._queue.put(Notice("warning", WAITING))

    def _hurry(self) -> None:
        """The same after SIGTERM, whose sender does not wait for long."""
        self._interrupted()
        timer = Timer(HURRY_S, self.leave)
        timer.daemon = True
        timer.start()

    def _leave_now(self, source: Source) -> None:
        """Leave after a second signal, and take the last words, gaps and accounts of the parts."""
        self.leave()
        until = self._plan.clock() + LEAVE_S
        while not self._is_over and (left_s := until - self._plan.clock()) > 0:
            with suppress(Empty):
                self._handle(self._queue.get(timeout=left_s), source)

    def _shown_parts(self) -> list[RunningPart]:
        """The parts of the account: without those whose text is in no output and not stored. Says how much it is."""
        if self._store is not None:
            return self._parts
        if left_ms := sum(part.ended.audio_ms for part in self._parts[self._front + 1 :] if part.ended is not None):
            self._emit(Notice("warning", LEFT_OUT.format(left_ms / 1000)))
        return self._parts[: self._front + 1]

    @property
    def _is_over(self) -> bool:
        if self._stopping:
            return all(part.is_over for part in self._parts[: self._next])
        return self._is_split and all(part.is_over for part in self._parts)

    @property
    def _billed(self) -> Billed:
        return joined_bill([part.billed for part in self._parts])

    def _read(self, source: Source) -> None:
        """Hand out the parts of the source: the split thread."""
        stored = [] if self._store is None else self._store.parts
        try:
            for part in split(source, self._split_ms, stored, lambda: self._stopping):
                self._queue.put(part)
                if part.source is not None:
                    self._room.get()
        except BaseException as exc:  # the top of a thread: `transcribe` raises it
            self._queue.put(exc)
        self._queue.put((-1, None, None))

    def _handle(self, item: _Item, source: Source) -> None:
        """Handle what a thread has put into the queue."""
        if item is GRANTED:
            self._begin_part()
        elif isinstance(item, SplitPart):
            self._add(item)
        elif isinstance(item, Notice):
            self._emit(item)
        elif isinstance(item, BaseException):
            self._split_error = item
        elif isinstance(item, tuple):
            number, event, error = item
            if number < 0:
                self._is_split = True
            elif event is not None:
                self._take(self._parts[number], event, source)
            else:
                self._ended(self._parts[number], error)
        self._advance()

    def _add(self, split_part: SplitPart) -> None:
        self._parts.append(RunningPart(split_part))
        if split_part.source is not None:
            self._slots.ask(lambda: self._queue.put(GRANTED))

    def _close_audio(self) -> None:
        """Give back the room of parts that were not transcribed."""
        parts = [part.split for part in self._parts]
        while not self._queue.empty():
            if isinstance(item := self._queue.get(), SplitPart):
                parts.append(item)
        for part in parts:
            if part.audio is not None:
                part.audio.close()

    def _begin_part(self) -> None:
        """Begin the next part, as one more connection may be used."""
        while self._next < len(self._parts) and self._parts[self._next].split.source is None:
            self._next += 1
        if self._stopping or self._next == len(self._parts):
            self._slots.give_back()
            return
        part = self._parts[self._next]
        self._next += 1
        source: Source | None = part.split.source
        assert source is not None  # noqa: S101  looked at above
        outputs: list[Output] = [PartEvents(part.split.number, self._queue.put, self._outputs)]
        if self._budget is not None:
            part.share = self._budget.share()
            source = part.share.limited(source)
            outputs.append(part.share)
        if self._store is not None:
            self._store.begin(part.split.number, part.split.begin_ms, part.split.end_ms)
        part.run = Run(self._plan, outputs, self._idle)
        Thread(target=self._transcribe, args=(part.split.number, part.run, source), name="part", daemon=True).start()

    def _transcribe(self, number: int, run: Run, source: Source) -> None:
        """Transcribe a part: the thread of a part."""
        try:
            run.transcribe([source])
            self._queue.put((number, None, None))
        except BaseException as exc:  # the top of a thread: `transcribe` raises it
            self._queue.put((number, None, exc))

    def _take(self, part: RunningPart, event: Event, source: Source) -> None:
        """Take an event of a part: its text waits for its turn, everything else is about the whole run."""
        if isinstance(event, Began):
            self._begin(replace(event, source=bare_url(source.name)), source)
        elif isinstance(event, Ended):
            part.ended = event
        elif isinstance(event, Billed):
            part.billed = event
            self._emit(self._billed)
        elif isinstance(event, Progress):
            part.sent_ms = max(0, event.sent_ms - part.split.begin_ms)
            self._emit(Progress(source.begin_ms + sum(one.sent_ms for one in self._parts)))
        elif isinstance(event, Notice):
            self._emit(event)
        else:
            if isinstance(event, Final | Gap) and self._store is not None and not self._stopping:
                self._store.append(part.split.number, event)
            if isinstance(event, Reconnecting):
                self._slots.lost(event.reason)
            part.wait(event)

    def _ended(self, part: RunningPart, error: BaseException | None) -> None:
        part.is_over = True
        part.error = error
        part.run = None
        self._slots.give_back()
        self._room.put(None)
        part.whole = not self._stopping and (error is None or isinstance(error, AudioLost))
        if self._store is not None:
            self._store.end(part.split.number, done=part.whole)
        if self._budget is not None and part.share is not None:
            self._budget.ended(part.share, part.billed.cost)
        if part.split.audio is not None:
            part.split.audio.close()
        if not part.whole and (self._store is None or isinstance(error, HOPELESS)):
            self.finish()  # the text of later parts could not be emitted, or they would fail in the same way

    def _advance(self) -> None:
        """Emit the text of the front part, and that of later parts once it is over."""
        while self._began and self._front < len(self._parts):
            part = self._parts[self._front]
            while part.waiting:  # one by one: a second signal may come in the middle
                self._emit(part.waiting.popleft())
            if not part.whole:
                return
            self._front += 1

    def _flush(self, source: Source) -> None:
        """Emit the text of earlier runs, if this run had nothing to transcribe."""
        if not self._began and self._parts and not self._stopping:
            self._begin(Began(bare_url(source.name), self._plan.model, "", 0), source)
            self._advance()

    def _begin(self, event: Began, source: Source) -> None:
        if not self._began:
            self._began = True
            self._emit(replace(event, begin_ms=source.begin_ms, duration_ms=source.duration_ms))

    def _emit(self, event: Event) -> None:
        self._transcript = fold(self._transcript, event)
        pass_to_all(self._outputs, event, self._transcript)
