"""The interface of recognizers: audio in, the events of core/events.py out. Knows no wire and no recognizer by name.

Times are milliseconds of audio since the task began, counted in samples. Sentences have the keys "1", "2", ... When
the server finds the sentences (VAD mode), each SpeechStarted is followed by partials, SpeechStopped and one Final,
which may be empty. When the client ends the utterances (manual mode), each CommitAudio is answered by one Final, whose
key is the ordinal of the commit.
"""

from collections.abc import AsyncIterator, Iterator
from typing import Protocol, runtime_checkable

from asrcli.core.client_commands import ClearAudio, Command, CommitAudio, FinishTask, SendAudio, UpdateContext
from asrcli.core.errors import NOT_LOADED
from asrcli.core.events import Event, Finished
from asrcli.core.settings import RecognitionSettings
from asrcli.recognizers.registry import RecognizerInfo


class RecognizerSession(Protocol):
    """One task of a recognizer. Called from one thread; PCM is s16le mono at the task's rate, in pieces of any size."""

    def feed(self, pcm: bytes) -> Iterator[Event]:
        """Take audio; yields the events that follow from it."""
        ...

    def commit(self) -> Iterator[Event]:
        """End the utterance here (manual mode)."""
        ...

    def clear(self) -> None:
        """Discard the audio since the last commit (manual mode)."""
        ...

    def finish(self) -> Iterator[Event]:
        """Yield the remaining events. No audio is fed after it."""
        ...


@runtime_checkable
class LoadAware(Protocol):
    """A session that does less when it is behind; called before each piece of audio."""

    def waits(self, audio_s: float) -> None:
        """Learn how many seconds of audio wait after what is fed next."""
        ...


class Engine(Protocol):
    """A loaded recognizer: its model is in memory. This is what the `load` function of a recognizer's file returns."""

    def open(self, recognition: RecognitionSettings) -> RecognizerSession:
        """Begin a session. In a worker process one session ends before the next begins."""
        ...


class RecognizerStream(Protocol):
    """A session as the server holds it: commands go in, events come out. The session may run in another process."""

    async def send(self, command: Command) -> None:
        """Hand in a command; waits while the recognizer is behind.

        Raises:
            RecognizerFailed: the recognizer died, or the session was closed meanwhile.
        """
        ...

    def events(self) -> AsyncIterator[Event]:
        """Yield the events of the session, up to and including Finished.

        Raises:
            RecognizerFailed: the recognizer died.
        """
        ...

    async def close(self) -> None:
        """End the session, wherever it is. May be called twice. A `send` that waits ends too."""
        ...


class Recognizer(Protocol):
    """What opens sessions for the server."""

    info: RecognizerInfo

    def warm(self) -> None:
        """Start what a first session will need; called from the server's event loop."""
        ...

    async def open(self, recognition: RecognitionSettings) -> RecognizerStream:
        """Begin a session.

        Raises:
            RecognizerBusy: all sessions that this machine can carry are taken.
            RecognizerFailed: no worker process could be started.
            EngineUnavailable: the recognizer cannot be used here.
        """
        ...

    async def close(self) -> None:
        """End every process that was started."""
        ...


class RecognizerFailed(Exception):
    """A recognizer died in the middle of a session. `code` is what a server calls that."""

    code = "InternalError"


class RecognizerUnusable(RecognizerFailed):
    """A recognizer could not load its model: something on this machine is lacking or damaged."""

    code = NOT_LOADED


class RecognizerBusy(Exception):
    """All sessions that this machine can carry are taken. `code` is what a server calls that."""

    code = "Throttling"


def run_command(session: RecognizerSession, command: Command) -> Iterator[Event]:
    """Yield the events with which a session answers a command; FinishTask is answered up to Finished."""
    if isinstance(command, SendAudio):
        yield from session.feed(command.data)
    elif isinstance(command, CommitAudio):
        yield from session.commit()
    elif isinstance(command, ClearAudio):
        session.clear()
    elif isinstance(command, FinishTask):
        yield from session.finish()
        yield Finished()
    elif isinstance(command, UpdateContext):
        yield from ()  # no recognizer here uses context text, and the wire has no answer to this command either
