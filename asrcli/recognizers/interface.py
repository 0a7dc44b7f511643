"""The interface of recognizers: audio in, the events of core/events.py out. Knows no wire and no recognizer by name.

Times are milliseconds of audio since the task began, counted in samples. Sentences are keyed "1", "2", ... With the
server's VAD each SpeechStarted is followed by partials, SpeechStopped and one Final, which may be empty. In manual
mode each Commit is answered by one Final, whose key is the ordinal of the commit.
"""

from collections.abc import AsyncIterator, Iterator
from typing import Protocol

from asrcli.core.client_commands import ClearAudio, Command, CommitAudio, FinishTask, SendAudio, UpdateContext
from asrcli.core.events import Event, Finished
from asrcli.core.settings import RecognitionSettings


class RecognizerSession(Protocol):
    """One task of a recognizer. Called from one thread; PCM is s16le mono at the task's rate, in pieces of any size."""

    def feed(self, pcm: bytes) -> Iterator[Event]:
        """Take audio."""
        ...

    def commit(self) -> Iterator[Event]:
        """End the utterance here (manual mode)."""
        ...

    def clear(self) -> None:
        """Forget what was not committed (manual mode)."""
        ...

    def finish(self) -> Iterator[Event]:
        """Say the rest. Nothing is fed after it."""
        ...


class RecognizerStream(Protocol):
    """A session as the server holds it: requests go in, events come out, in a process or thread of its own."""

    async def ask(self, request: Command) -> None:
        """Hand in a request; waits while the recognizer is behind.

        Raises:
            RecognizerFailed: it died.
        """
        ...

    def events(self) -> AsyncIterator[Event]:
        """What it says, to Finished.

        Raises:
            RecognizerFailed: it died.
        """
        ...

    async def close(self) -> None:
        """Give it up, wherever it is."""
        ...


class Recognizer(Protocol):
    """What can open sessions."""

    name: str
    described: str  # one honest line for people
    languages: frozenset[str] | None  # None: any

    def warm(self) -> None:
        """Get ready for a first session ahead of need; call from the server's event loop."""
        ...

    async def open(self, recognition: RecognitionSettings) -> RecognizerStream:
        """Begin a session.

        Raises:
            TooBusy, EngineUnavailable
        """
        ...

    async def close(self) -> None:
        """End what was started."""
        ...


class RecognizerFailed(Exception):
    """A recognizer died in the middle of a session."""


class RecognizerBusy(Exception):
    """All sessions this machine can carry are taken."""


def run_command(session: RecognizerSession, request: Command) -> Iterator[Event]:
    """What a session says to a request; Finish is answered to the end."""
    if isinstance(request, SendAudio):
        yield from session.feed(request.data)
    elif isinstance(request, CommitAudio):
        yield from session.commit()
    elif isinstance(request, ClearAudio):
        session.clear()
    elif isinstance(request, FinishTask):
        yield from session.finish()
        yield Finished()
    elif isinstance(request, UpdateContext):
        yield from ()  # no recognizer here leans on text; the wire has no answer to it either
