"""A fake audio device: the test decides what it returns, when it fails and when it hangs."""

from queue import SimpleQueue
from threading import Event as Flag

from asrcli.core.audio import Format
from asrcli.core.errors import SourceError
from asrcli.sources.microphone import LostSamples

PATIENCE_S = 60  # a hung test fails; a passing one never waits for it


class Stream:
    """An open device. A read returns what the test has put in."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.given: SimpleQueue[bytes | LostSamples | SourceError | BaseException] = SimpleQueue()
        self.closed = Flag()

    def give(self, *pieces: bytes | LostSamples | BaseException) -> None:
        """Set the results of the next reads."""
        for piece in pieces:
            self.given.put(piece)

    def read(self) -> bytes | LostSamples:
        """Return what the test gives; hang as long as it gives nothing."""
        piece = self.given.get()
        if isinstance(piece, BaseException):
            raise piece
        return piece

    def close(self) -> None:
        """Note that the device was closed."""
        self.closed.set()


class Desk:
    """A Device whose openings the test answers, one after the other: with a stream or with an error."""

    name = "desk"

    def __init__(self) -> None:
        self._answers: SimpleQueue[Stream | SourceError] = SimpleQueue()
        self.asked: SimpleQueue[bool] = SimpleQueue()

    def answer(self, answer: Stream | SourceError) -> None:
        """Set the result of the next opening."""
        self._answers.put(answer)

    def open(self, audio_format: Format, *, instead: bool) -> Stream:
        """Return or raise what the test has set; hang without an answer."""
        assert audio_format.rate
        self.asked.put(instead)
        answer = self._answers.get()
        if isinstance(answer, SourceError):
            raise answer
        return answer


class Clock:
    """A clock that the test sets."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now
