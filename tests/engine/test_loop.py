"""The loop of a session, in one thread: a scripted service answers each command before the loop waits again."""

from collections.abc import Callable
from typing import cast

import pytest

from asrcli.core.audio import Chunk
from asrcli.core.client_commands import Command, FinishTask, SendAudio, StartTask
from asrcli.core.errors import AsrError, ConnectFailed, ConnectionLost
from asrcli.core.events import Billed, Event, Final, Finished, Gap, Progress, Ready, Reconnecting
from asrcli.core.interfaces import Transport
from asrcli.core.message import Message
from asrcli.core.settings import ConnectionSettings, RecognitionSettings, RetrySettings
from asrcli.engine.connection_pool import ConnectionPool, OpenConnection
from asrcli.engine.inbox import Inbox, Item, MessageArrived, SessionAbandoned, ThreadCrashed
from asrcli.engine.loop import SessionLoop
from asrcli.engine.session_result import SessionResult
from asrcli.engine.steps import Wait
from asrcli.engine.task_connection import TaskConnection
from asrcli.protocol.inference.codec import InferenceClient, InferenceServer
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
    """A loop over so many chunks of 100 ms, and one scripted service for each connection."""

    def __init__(self, *scripts: Callable[[Command], list[Event]] | AsrError, chunks: int = 3) -> None:
        self.now, self.events, self.pool = 0.0, list[Event](), ConnectionPool()
        self.inbox = Inbox(99)
        self.opened: list[Scripted] = []
        self._scripts = list(scripts)
        for number in range(chunks):
            self.inbox.put_audio(Chunk(1600 * number, LOUD))
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


def kinds(events: list[Event]) -> list[type[Event]]:
    """The kinds of the events, without progress and bills."""
    return [type(event) for event in events if not isinstance(event, Progress | Billed)]


def test_an_ordinary_task_gives_its_connection_back() -> None:
    """Everything has its text, nothing is lost, and the next session need not dial."""
    setting = Setting(healthy)
    result = setting.run()
    assert kinds(setting.events) == [Ready, Final, Finished]
    assert (result.error, result.broken, result.totals.final_ms, result.totals.open_ms) == (None, False, 300, 0)
    (connection,) = setting.opened
    assert setting.pool.take(connection.url, Inbox(1)) is connection  # type: ignore[comparison-overlap]
    assert not connection.closed


def test_a_session_that_is_left_ends_at_once() -> None:
    """Its audio is undecided, and its connection is closed."""

    def script(command: Command) -> list[Event]:
        if isinstance(command, FinishTask):
            setting.inbox.put(SessionAbandoned())
        return silent(command)

    setting = Setting(script)
    result = setting.run()
    assert (result.error, result.broken, result.undecided) == (None, True, ((0, 300),))
    assert setting.opened[0].closed


def test_a_crash_of_another_thread_is_raised() -> None:
    """It is a bug of ours, and no error of the session."""

    def script(command: Command) -> list[Event]:
        if isinstance(command, FinishTask):
            setting.inbox.put(ThreadCrashed(ZeroDivisionError()))
        return silent(command)

    setting = Setting(script)
    with pytest.raises(ZeroDivisionError):
        setting.run()
    assert setting.opened[0].closed


def test_without_a_connection_no_audio_is_accounted_for() -> None:
    """Nothing was sent, so nothing was lost."""
    failed = ConnectFailed("ws://test", "down")
    setting = Setting(failed)
    result = setting.run()
    assert (result.error, result.end, result.totals.lost_ms, setting.events) == (failed, 0, 0, [])


def test_a_service_that_never_listens_is_waited_for_until_the_deadline() -> None:
    """And then it is no speech service."""

    def script(command: Command) -> list[Event]:
        assert isinstance(command, StartTask)
        setting.now += SETTINGS.connect_timeout_s
        return []

    setting = Setting(script)
    result = setting.run()
    assert isinstance(result.error, ConnectFailed)
    assert "no answer for 3 s" in str(result.error)


def test_the_end_of_a_task_before_the_end_of_the_audio_is_a_loss() -> None:
    """Without another attempt all of the audio is a gap."""

    def script(command: Command) -> list[Event]:
        return [Finished()] if isinstance(command, SendAudio) else silent(command)

    setting = Setting(script)
    result = setting.run()
    assert isinstance(result.error, ConnectionLost)
    gaps = [(event.begin_ms, event.end_ms) for event in setting.events if isinstance(event, Gap)]
    assert (gaps, result.totals.lost_ms) == ([(0, 300)], 300)


def test_a_lost_connection_is_replaced_and_the_audio_sent_again() -> None:
    """The figures count it."""

    def script(command: Command) -> list[Event]:
        return [Finished()] if isinstance(command, SendAudio) else silent(command)

    setting = Setting(script, healthy)
    result = setting.run(retries=RetrySettings(limit=1, wait_s=0))
    assert [kind for kind in kinds(setting.events) if kind is Reconnecting] == [Reconnecting]
    assert (result.error, result.totals.final_ms, result.figures.reconnects) == (None, 300, 1)
    assert (len(setting.opened), setting.opened[0].closed) == (2, True)
