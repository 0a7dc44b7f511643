"""Inbox: the one queue of a session, for signals and for audio. Only audio is bounded."""

from collections import deque
from collections.abc import Callable, Iterator
from threading import Condition, RLock
from typing import NamedTuple

from asrcli.core.audio import Chunk
from asrcli.core.dataclass import dataclass
from asrcli.core.errors import AsrError
from asrcli.core.events import Event, Gap, Resumed
from asrcli.core.message import Message, Writable
from asrcli.engine.dial_attempt import Dialled
from asrcli.engine.schedule import Batches, Schedule

# With batches this many chunks are read before the first is taken. Decoding more would take CPU time from the
# thread that connects.
FIRST_ROOM = 5


class MessageArrived(NamedTuple):
    """A message of the service. Its connection is only compared with others."""

    connection: object
    message: Message | Writable


@dataclass(frozen=True, slots=True)
class SourceEnded:
    """The last audio has been taken out; `error` says why there is no more, None at an ordinary end."""

    error: AsrError | None = None


@dataclass(frozen=True, slots=True)
class AudioDropped:
    """Audio from position `begin` to `end` was dropped: the session did not take it in time."""

    begin: int
    end: int


@dataclass(frozen=True, slots=True)
class ThreadCrashed:
    """A thread of this program has ended with an unexpected exception: a bug of ours."""

    error: BaseException


@dataclass(frozen=True, slots=True)
class StopRequested:
    """The user has ended the run; `attempts`, unless None, bounds how often a lost connection is replaced now."""

    attempts: int | None = None


@dataclass(frozen=True, slots=True)
class LocalHeard:
    """An event of the recognizer on this machine, in local session `number`."""

    number: int
    event: Event


class SessionAbandoned(Exception):
    """The listener has stopped listening: the session raises this, and ends at once."""


Signal = MessageArrived | Dialled | LocalHeard | ThreadCrashed | StopRequested | SessionAbandoned
Mark = Gap | Resumed  # a gap or a pause between two chunks, reported by the source
Item = Signal | Chunk | Mark | AudioDropped | SourceEnded


class Inbox:
    """A queue that gives signals before audio, so that much waiting audio delays no text. Safe from any thread.

    Audio is bounded by `room` chunks. A file that is read faster than the wire takes it waits in `put_audio` until half
    of the room is free, so that its thread works in batches; `live` audio cannot wait, and loses its oldest chunk.

    No method waits for items: the session takes what is there, and `wake` is called when there is more that it needs.
    With a `schedule` a chunk can be taken when it is due; with `batches` too, but after the end of the audio at once.

    Attributes:
        due: When the audio can be taken that was not due when `take` looked last; None if there was none.
    """

    def __init__(
        self, room: int, *, live: bool = False, schedule: Schedule | None = None, batches: Batches | None = None
    ) -> None:
        self._room = self._room_now = room
        if batches is not None:
            self._room_now = min(room, FIRST_ROOM)  # until the first audio is taken
        self._live = live
        self._schedule = schedule
        self._batches = batches
        self._signals: deque[Signal] = deque()
        self._audio: deque[Chunk | Mark | SourceEnded] = deque()
        self._dropped: AudioDropped | None = None  # comes before all of the audio
        self.due: float | None = None
        self._ended = False
        # Of one thread more than once: a signal handler may interrupt its own thread in a method of this class.
        self._lock = RLock()
        self._room_made = Condition(self._lock)
        self._waiting = 0  # how many calls of put_audio wait
        self._wake: Callable[[], object] = _nobody
        self._sleeps = False  # the session has taken all it wants, and is to be woken
        self._wants_audio = False

    def put(self, signal: Signal) -> None:
        """Add a signal. Never waits."""
        with self._lock:
            self._signals.append(signal)
            sleeps, self._sleeps = self._sleeps, False
        if sleeps:
            self._wake()

    def put_audio(self, item: Chunk | Mark) -> bool:
        """Add audio, or a mark after it; waits for room unless `live`. Returns whether more is wanted."""
        with self._lock:
            if not self._live and not self._ended and len(self._audio) >= self._room_now:
                self._waiting += 1
                self._room_made.wait_for(lambda: self._ended or len(self._audio) <= self._room_now // 2)
                self._waiting -= 1
            if not self._ended:
                self._audio.append(item)
                if self._live and len(self._audio) > self._room:
                    self._drop_oldest()
                if self._wants_audio and self._is_news(len(self._audio)):
                    self._wake_session()
            return not self._ended

    def end(self, error: AsrError | None = None) -> None:
        """Take no more audio after what is queued. The first call decides the error."""
        with self._lock:
            if not self._ended:
                self._ended = True
                self._audio.append(SourceEnded(error))
                self._room_made.notify_all()
                if self._wants_audio:
                    self._wake_session()

    def drop(self, kept: Callable[[list[Chunk]], list[Chunk]] = lambda _: []) -> None:
        """Take no more audio, and drop queued audio, except what `kept` returns of the chunks before the next event.

        What stays is due at once.
        """
        with self._lock:
            self.end()
            first: list[Chunk] = []
            for item in self._audio:
                if not isinstance(item, Chunk):
                    break
                first.append(item)
            stays = kept(first)
            ends = [item for item in self._audio if isinstance(item, SourceEnded)]
            self._schedule = self._batches = None
            self._audio.clear()
            self._audio.extend([*stays, *ends])
            if self._wants_audio:
                self._wake_session()

    def take(self, *, audio: bool) -> Item | None:
        """Return the next signal, else the next audio that is due where `audio` allows it; None without one.

        After None, `wake` is called once when there is something to take.
        """
        with self._lock:
            if self._signals:
                return self._signals.popleft()
            self.due = None
            if audio and (item := self._next_audio()) is not None:
                return item
            self._sleeps, self._wants_audio = True, audio
            return None

    def drain(self) -> Iterator[Item]:
        """Yield all signals and audio that are left, due or not."""
        with self._lock:
            self._schedule = self._batches = None
        while (item := self.take(audio=True)) is not None:
            yield item

    def on_more(self, wake: Callable[[], object]) -> None:
        """Call this from now on, from any thread, when there is something to take."""
        with self._lock:
            self._wake = wake

    @property
    def waited_for(self) -> bool:
        """Whether `put_audio` waits for room."""
        return self._waiting > 0

    @property
    def ended(self) -> bool:
        """Whether the end of the audio is known, taken out or not."""
        return self._ended

    def _next_audio(self) -> Item | None:
        if self._dropped is not None:
            dropped, self._dropped = self._dropped, None
            return dropped
        if not self._audio:
            return None
        item = self._audio[0]
        if self._schedule is not None and isinstance(item, Chunk):
            self.due = self._schedule.take(item)
        elif self._batches is not None and not self._ended and isinstance(item, Chunk):
            self.due = self._batches.take(len(self._audio))
        if self.due is not None:
            return None
        self._audio.popleft()
        self._room_now = self._room
        if self._waiting and len(self._audio) <= self._room // 2:
            self._room_made.notify_all()
        return item

    def _is_news(self, waiting: int) -> bool:
        """Whether to wake the session for this much audio: not while other audio before it is not due yet."""
        if waiting == 1:
            return True
        if self._batches is not None:
            return waiting == self._batches.many
        return self._schedule is None

    def _wake_session(self) -> None:
        if self._sleeps:
            self._sleeps = False
            self._wake()

    def _drop_oldest(self) -> None:
        oldest = next(item for item in self._audio if isinstance(item, Chunk))
        self._audio.remove(oldest)
        begin = oldest.position
        if self._dropped is not None:
            begin = self._dropped.begin
        self._dropped = AudioDropped(begin, oldest.end)


def _nobody() -> None:
    """Do nothing: the session has not begun."""
