"""Inbox: the one place the session thread waits at. Words always get in; audio waits, or pushes out the oldest."""

from collections import deque
from dataclasses import dataclass
from threading import Condition

from asrcli.core.audio import Chunk
from asrcli.core.errors import AsrError
from asrcli.core.events import Gap, Resumed
from asrcli.core.message import Message, Writable


@dataclass(frozen=True, slots=True)
class MessageArrived:
    """A message, and the connection it came from, which is only compared."""

    call: object
    message: Message | Writable


@dataclass(frozen=True, slots=True)
class SourceEnded:
    """All audio has been taken out; `error` says why there is no more, None at an ordinary end."""

    error: AsrError | None = None


@dataclass(frozen=True, slots=True)
class AudioDropped:
    """Audio from position `begin` to `end` was pushed out: the session thread did not take it in time."""

    begin: int
    end: int


@dataclass(frozen=True, slots=True)
class ThreadCrashed:
    """A thread died of something that is our bug."""

    error: BaseException


@dataclass(frozen=True, slots=True)
class StopRequested:
    """The user has ended the run; `attempts` is how often a lost connection is made anew after that, at most."""

    attempts: int | None = None


@dataclass(frozen=True, slots=True)
class AbandonRequested:
    """Nobody waits for this session any more: it ends at once."""


Word = MessageArrived | ThreadCrashed | StopRequested | AbandonRequested
Mark = Gap | Resumed  # what is true of the audio between two chunks
Item = Word | Chunk | Mark | AudioDropped | SourceEnded


class Inbox:
    """Words from the wire before audio, so that a long queue of audio delays no text.

    Audio is bounded by `room` chunks. A file that is faster than the wire waits in `put_audio`; what is `live` cannot
    wait, and loses its oldest chunk.
    """

    def __init__(self, room: int, *, live: bool = False) -> None:
        self._room, self._live = room, live
        self._words: deque[Word] = deque()
        self._audio: deque[Chunk | Mark | SourceEnded] = deque()
        self._dropped: AudioDropped | None = None  # stands before all of the audio
        self._ended = False
        self._changed = Condition()

    def put(self, word: Word) -> None:
        """Hand in a word. Never waits."""
        with self._changed:
            self._words.append(word)
            self._changed.notify_all()

    def put_audio(self, item: Chunk | Mark) -> bool:
        """Hand in audio, or what is true of the place behind it. False when no more is wanted: stop capturing."""
        with self._changed:
            if not self._live:
                self._changed.wait_for(lambda: self._ended or len(self._audio) < self._room)
            if not self._ended:
                self._audio.append(item)
                if self._live and len(self._audio) > self._room:
                    self._push_out()
                self._changed.notify_all()
            return not self._ended

    def end(self, error: AsrError | None = None) -> None:
        """No more audio behind what is queued. The first caller decides why."""
        with self._changed:
            if not self._ended:
                self._ended = True
                self._audio.append(SourceEnded(error))
                self._changed.notify_all()

    def drop(self) -> None:
        """Take no more audio, and forget what has not been taken out."""
        self.end()
        with self._changed:
            spent = [item for item in self._audio if isinstance(item, SourceEnded)]
            self._audio.clear()
            self._audio.extend(spent)
            self._changed.notify_all()

    def wait_ended(self, timeout_s: float) -> bool:
        """Wait until no more audio is wanted, at most so long; True when that is so."""
        with self._changed:
            return self._changed.wait_for(lambda: self._ended, timeout_s)

    def get(self, timeout_s: float | None, *, audio: bool) -> Item | None:
        """The next word, else the next audio if it may flow now, else None after the timeout."""
        with self._changed:
            self._changed.wait_for(lambda: self._words or (audio and (self._audio or self._dropped)), timeout_s)
            if self._words:
                return self._words.popleft()
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

    def _push_out(self) -> None:
        oldest = next(item for item in self._audio if isinstance(item, Chunk))
        self._audio.remove(oldest)
        self._dropped = AudioDropped(self._dropped.begin if self._dropped else oldest.position, oldest.end)
