"""Inbox: the one queue that the session thread waits at, for signals and for audio. Only audio is bounded."""

from collections import deque
from dataclasses import dataclass
from threading import Condition

from asrcli.core.audio import Chunk
from asrcli.core.errors import AsrError
from asrcli.core.events import Event, Gap, Resumed
from asrcli.core.message import Message, Writable


@dataclass(frozen=True, slots=True)
class MessageArrived:
    """A message of the other end. The connection it came over is only compared with others."""

    connection: object
    message: Message | Writable


@dataclass(frozen=True, slots=True)
class SourceEnded:
    """The last audio has been taken out; `error` says why there is no more, None at an ordinary end."""

    error: AsrError | None = None


@dataclass(frozen=True, slots=True)
class AudioDropped:
    """Audio from position `begin` to `end` was dropped: the session thread did not take it in time."""

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
    """The listener has left: the session thread raises this, and ends at once."""


Signal = MessageArrived | LocalHeard | ThreadCrashed | StopRequested | SessionAbandoned
Mark = Gap | Resumed  # a gap or a pause between two chunks, reported by the source
Item = Signal | Chunk | Mark | AudioDropped | SourceEnded


class Inbox:
    """A queue that gives signals before audio, so that much waiting audio delays no text. Safe from any thread.

    Audio is bounded by `room` chunks. A file that is read faster than the wire takes it waits in `put_audio`; `live`
    audio cannot wait, and loses its oldest chunk.
    """

    def __init__(self, room: int, *, live: bool = False) -> None:
        self._room = room
        self._live = live
        self._signals: deque[Signal] = deque()
        self._audio: deque[Chunk | Mark | SourceEnded] = deque()
        self._dropped: AudioDropped | None = None  # comes before all of the audio
        self._ended = False
        self._changed = Condition()

    def put(self, signal: Signal) -> None:
        """Add a signal. Never waits."""
        with self._changed:
            self._signals.append(signal)
            self._changed.notify_all()

    def put_audio(self, item: Chunk | Mark) -> bool:
        """Add audio, or a mark behind it; waits for room unless `live`. Returns whether more is wanted."""
        with self._changed:
            if not self._live:
                self._changed.wait_for(lambda: self._ended or len(self._audio) < self._room)
            if not self._ended:
                self._audio.append(item)
                if self._live and len(self._audio) > self._room:
                    self._drop_oldest()
                self._changed.notify_all()
            return not self._ended

    def end(self, error: AsrError | None = None) -> None:
        """Take no more audio behind what is queued. The first call decides the error."""
        with self._changed:
            if not self._ended:
                self._ended = True
                self._audio.append(SourceEnded(error))
                self._changed.notify_all()

    def drop(self) -> None:
        """Take no more audio, and forget what is queued."""
        self.end()
        with self._changed:
            ends = [item for item in self._audio if isinstance(item, SourceEnded)]
            self._audio.clear()
            self._audio.extend(ends)
            self._changed.notify_all()

    def wait_ended(self, timeout_s: float) -> bool:
        """Wait until no more audio is wanted, at most `timeout_s`; returns whether that is so."""
        with self._changed:
            return self._changed.wait_for(lambda: self._ended, timeout_s)

    def get(self, timeout_s: float | None, *, audio: bool) -> Item | None:
        """Return the next signal, else the next audio where `audio` allows it; None after the timeout."""
        with self._changed:
            self._changed.wait_for(lambda: self._signals or (audio and (self._audio or self._dropped)), timeout_s)
            if self._signals:
                return self._signals.popleft()
            if not audio or not (self._audio or self._dropped):
                return None
            self._changed.notify_all()
            if self._dropped is not None:
                dropped, self._dropped = self._dropped, None
                return dropped
            return self._audio.popleft()

    @property
    def ended(self) -> bool:
        """Whether the end of the audio is known, taken out or not."""
        return self._ended

    def _drop_oldest(self) -> None:
        oldest = next(item for item in self._audio if isinstance(item, Chunk))
        self._audio.remove(oldest)
        begin = oldest.position
        if self._dropped is not None:
            begin = self._dropped.begin
        self._dropped = AudioDropped(begin, oldest.end)
