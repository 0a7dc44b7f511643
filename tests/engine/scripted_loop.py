"""A session loop in the thread of the test, with a scripted service."""

from collections.abc import Callable
from typing import cast

from asrcli.core.audio import Chunk
from asrcli.core.client_commands import Command, FinishTask, StartTask
from asrcli.core.errors import AsrError
from asrcli.core.events import Event, Final, Finished, Ready
from asrcli.core.interfaces import Transport
from asrcli.core.message import Message
from asrcli.core.settings import ConnectionSettings, RecognitionSettings, RetrySettings
from asrcli.engine.connection_pool import ConnectionPool, OpenConnection
from asrcli.engine.inbox import Inbox, Item, MessageArrived
from asrcli.engine.loop import SessionLoop
from asrcli.engine.session_result import SessionResult
from asrcli.engine.steps import Wait
from asrcli.engine.task_connection import TaskConnection
from asrcli.protocol.inference.codec import InferenceClient
from asrcli.protocol.inference.server_codec import InferenceServer
from tests.support.handshake import PATIENCE_S, RATE, Wire
from tests.support.stepping import got, stepped

SETTINGS = ConnectionSettings("ws://test", connect_timeout_s=3.0)
ONCE = RetrySettings(limit=0)
LOUD = bytes([0, 4]) * 1600


class Scripted:
    """An open connection whose service answers each command at once with events of a script."""

    writable = True
    silent_s = 0.0
    engine = ""

    def __init__(self, url: str, inbox: Inbox, script: Callable[[Command], list[Event]]) -> None:
        self.url = url
        self.transport = self
        self.closed = False
        self._inbox, self._script, self._codec = inbox, script, InferenceServer(lambda: "id")

    def note(self, step: str, task: object) -> None:
        """Nobody records it."""

    def send(self, message: Message) -> None:
        """Answer the commands in a message."""
        for command in self._codec.receive(message):
            for event in self._script(command):
                for answer in self._codec.encode(event):
                    self._inbox.put(MessageArrived(self, answer))

    def hand_to(self, inbox: Inbox) -> None:
        """Answer to another inbox."""
        self._inbox = inbox

    def close(self) -> None:
        """Remember it."""
        self.closed = True


class Setting:
    """A loop over this many chunks of 100 ms, and one scripted service for each connection."""

    def __init__(
        self, *scripts: Callable[[Command], list[Event]] | AsrError, chunks: int = 3, pcm: bytes = LOUD
    ) -> None:
        self.now, self.events, self.pool = 0.0, list[Event](), ConnectionPool()
        self.inbox = Inbox(max(99, chunks))
        self.opened: list[Scripted] = []
        self._scripts = list(scripts)
        for number in range(chunks):
            self.inbox.put_audio(Chunk(1600 * number, pcm))
        self.inbox.end()

    def run(self, *, realtime: bool = False, retries: RetrySettings = ONCE) -> SessionResult:
        """Run the loop to its end; a file lasts a second."""
        connection = TaskConnection(
            lambda: InferenceClient(RecognitionSettings("fun-asr-realtime"), lambda: "task"),
            self._dial, SETTINGS, self.inbox, lambda: self.now, self.pool, self._open, lambda act: act(),
        )  # fmt: skip
        loop = SessionLoop(
            connection, self.inbox, self.events.append, lambda: self.now, lambda: 0.0, RATE, 0,
            realtime=realtime, retries=retries,
        )  # fmt: skip
        return stepped(loop.run(None if realtime else 300), self._next)

    def _next(self, wait: Wait) -> Item | None:
        timeout_s = PATIENCE_S if wait.until is None else max(0.0, wait.until - self.now)
        return got(self.inbox, timeout_s, audio=wait.audio)

    def _dial(self, url: str, settings: ConnectionSettings) -> Transport:
        assert (url.startswith("ws://test/"), settings) == (True, SETTINGS)
        if isinstance(self._scripts[0], AsrError):
            raise self._scripts.pop(0)  # type: ignore[misc]
        return Wire()

    def _open(self, url: str, transport: Transport, inbox: Inbox) -> OpenConnection:
        assert isinstance(transport, Wire)
        self.opened.append(Scripted(url, inbox, cast("Callable[[Command], list[Event]]", self._scripts.pop(0))))
        return cast("OpenConnection", self.opened[-1])


def healthy(command: Command) -> list[Event]:
    """One final for all of 300 ms."""
    if isinstance(command, StartTask):
        return [Ready("task")]
    return [Final("1", 0, 300, "text"), Finished()] if isinstance(command, FinishTask) else []


def silent(command: Command) -> list[Event]:
    """It listens, and never answers."""
    return [Ready("task")] if isinstance(command, StartTask) else []
