"""Recognizers that need hardly any computing: their sessions run in the server's own process and event loop."""

import asyncio
from collections.abc import AsyncIterator

from asrcli.core.client_commands import Command
from asrcli.core.events import Event, Finished
from asrcli.core.settings import RecognitionSettings
from asrcli.recognizers.interface import Engine, RecognizerFailed, RecognizerSession, run_command
from asrcli.recognizers.registry import RecognizerInfo

MAX_PENDING_EVENTS = 256  # events that wait for a client to take them
CLOSED = "the session was closed"


class InProcessRecognizer:
    """A Recognizer over an engine in this process."""

    def __init__(self, info: RecognizerInfo, engine: Engine) -> None:
        self.info = info
        self._engine = engine

    def warm(self) -> None:
        """Do nothing: no engine here takes time to start."""

    async def open(self, recognition: RecognitionSettings) -> "InProcessStream":
        """Begin a session."""
        return InProcessStream(self._engine.open(recognition))

    async def close(self) -> None:
        """Do nothing: no process was started."""


class InProcessStream:
    """A RecognizerStream over a session in this process."""

    def __init__(self, session: RecognizerSession) -> None:
        self._session = session
        self._events: asyncio.Queue[Event] = asyncio.Queue(MAX_PENDING_EVENTS)
        self._closed = False

    async def send(self, command: Command) -> None:
        """Run a command at once; waits while nobody takes its events.

        Raises:
            RecognizerFailed: the session was closed meanwhile.
        """
        for event in run_command(self._session, command):
            if self._closed:
                raise RecognizerFailed(CLOSED)
            if self._events.full():
                await self._events.put(event)
            else:
                self._events.put_nowait(event)

    async def events(self) -> AsyncIterator[Event]:
        """Yield the events of the session, up to and including Finished."""
        event: Event | None = None
        while not isinstance(event, Finished):
            event = await self._events.get()
            yield event

    async def close(self) -> None:
        """End the session: nobody takes its events any more, so `send` must not wait for that."""
        self._closed = True
        while not self._events.empty():
            self._events.get_nowait()
