"""Inbox: the one place the session thread waits at. Words always get in; audio waits for room."""

from collections import deque
from dataclasses import dataclass
from threading import Condition

from asrcli.audio import Chunk
from asrcli.errors import AsrError
from asrcli.message import Message


@dataclass(frozen=True, slots=True)
class Spent:
    """All audio has been taken out; `error` says why there is no more, None at an ordinary end."""

    error: AsrError | None = None


@dataclass(frozen=True, slots=True)
class Crashed:
    """A thread died of something that is our bug."""

    error: BaseException


Word = Message | Crashed
Item = Word | Chunk | Spent


class Inbox:
    """Words from the wire before audio, so that a long queue of audio delays no text.

    Audio is bounded: a source that is faster than the wire waits in `put_audio`.
    """

    def __init__(self, room: int) -> None:
        self._room = room
        self._words: deque[Word] = deque()
        self._audio: deque[Chunk | Spent] = deque()
        self._ended = False
        self._changed = Condition()

    def put(self, word: Word) -> None:
        """Hand in a word. Never waits."""
        with self._changed:
            self._words.append(word)
            self._changed.notify_all()

    def put_audio(self, chunk: Chunk) -> bool:
        """Hand in audio, waiting for room. False when no more is wanted: stop capturing."""
        with self._changed:
            self._changed.wait_for(lambda: self._ended or len(self._audio) < self._room)
            if not self._ended:
                self._audio.append(chunk)
                self._changed.notify_all()
            return not self._ended

    def end(self, error: AsrError | None = None) -> None:
        """No more audio behind what is queued. The first caller decides why."""
        with self._changed:
            if not self._ended:
                self._ended = True
                self._audio.append(Spent(error))
                self._changed.notify_all()

    def wait_ended(self, timeout_s: float) -> bool:
        """Wait until no more audio is wanted, at most so long; True when that is so."""
        with self._changed:
            return self._changed.wait_for(lambda: self._ended, timeout_s)

    def get(self, timeout_s: float | None, *, audio: bool) -> Item | None:
        """The next word, else the next audio if it may flow now, else None after the timeout."""

        def next_queue() -> "deque[Word] | deque[Chunk | Spent] | None":
            return self._words or (self._audio if audio and self._audio else None)

        with self._changed:
            queue = self._changed.wait_for(next_queue, timeout_s)
            if not queue:
                return None
            self._changed.notify_all()
            return queue.popleft()

    @property
    def ended(self) -> bool:
        """Whether the end of the audio is known, taken out or not."""
        return self._ended
