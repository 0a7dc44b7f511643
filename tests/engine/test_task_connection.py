"""The connection of a session: dialled for the first task, used again where the wire allows it, and given back."""

from collections.abc import Callable
from math import inf

import pytest

from asrcli.core.client_commands import FinishTask, StartTask
from asrcli.core.errors import ConnectFailed, ConnectionLost, ServiceRefused
from asrcli.core.events import Finished, Partial, Ready
from asrcli.core.message import Closed, Text, Writable
from asrcli.core.settings import ConnectionSettings, RecognitionSettings
from asrcli.engine.connection_pool import ConnectionPool
from asrcli.engine.dial_attempt import Dialled
from asrcli.engine.inbox import Inbox, Item, MessageArrived
from asrcli.engine.task_connection import GRACE_S, SendFailed, TaskConnection, never_ready_error
from asrcli.protocol.inference.codec import InferenceClient
from tests.support.handshake import PATIENCE_S, Service, Wire
from tests.support.stepping import got, stepped

SETTINGS = ConnectionSettings("ws://test", connect_timeout_s=3.0, idle_timeout_s=7.0)


class Setting:
    """A TaskConnection with wires in memory and a clock in the hands of the test."""

    def __init__(self) -> None:
        self.now = 100.0
        self.inbox, self.pool, self.wires = Inbox(1), ConnectionPool(), list[Wire]()
        self.connection = self.another()

    def another(self) -> TaskConnection:
        """A further one that shares all of it."""
        return TaskConnection(
            self._codec, self._dial, SETTINGS, self.inbox, lambda: self.now, self.pool,
            spawn=lambda act: act(),
        )  # fmt: skip

    def start(self) -> None:
        """Ask for a task, and let the attempt to connect come to its end."""
        self.connection.start()
        if isinstance(end := self.inbox.take(audio=False), Dialled):
            self.connection.dialled(end)

    def drain(self, handle: Callable[[Item], None]) -> None:
        """Ask for the rest of the text, and handle what comes if that fails."""
        try:
            self.connection.finish()
        except SendFailed as failed:
            steps = self.connection.drain(failed, handle)
            stepped(steps, lambda wait: got(self.inbox, PATIENCE_S, audio=wait.audio))

    def _codec(self) -> InferenceClient:
        return InferenceClient(RecognitionSettings("fun-asr-realtime"), lambda: "task")

    def _dial(self, url: str, settings: ConnectionSettings) -> Wire:
        assert (url, settings) == (self.connection.url, SETTINGS)
        self.wires.append(Wire())
        return self.wires[-1]


def test_nothing_is_dialled_before_the_first_task() -> None:
    """And without a connection there is no room and no sign of life."""
    setting = Setting()
    assert (setting.wires, setting.connection.takes_audio, setting.connection.silent_s) == ([], False, inf)
    setting.start()
    assert isinstance(Service(setting.wires[0]).asked(), StartTask)
    assert (setting.connection.takes_audio, setting.connection.reused, setting.connection.deadline) == (
        True,
        False,
        103.0,
    )


def test_a_second_task_runs_on_the_same_connection() -> None:
    """Its finish has the usual time for an answer, and the task after it none to wait for."""
    setting = Setting()
    setting.start()
    service = Service(setting.wires[0])
    service.asked()
    setting.connection.finish()
    assert isinstance(service.asked(), FinishTask)
    assert (setting.connection.deadline, setting.connection.task.finishing) == (107.0, True)
    service.tell(Finished())
    setting.connection.end_task(keep=True)
    assert (setting.connection.deadline, setting.connection.task.finishing) == (None, False)
    setting.start()
    assert isinstance(service.asked(), StartTask)
    assert (len(setting.wires), setting.connection.reused) == (1, True)


def test_a_connection_that_is_not_kept_is_closed() -> None:
    """The next task dials again, and messages of the old connection are not its own."""
    setting = Setting()
    setting.start()
    old = setting.connection.open_connection
    setting.connection.end_task(keep=False)
    arrived = got(setting.inbox, PATIENCE_S, audio=False)
    assert arrived == MessageArrived(old, Closed(1000))
    assert isinstance(arrived, MessageArrived)
    setting.start()
    assert (len(setting.wires), setting.connection.carries(arrived)) == (2, False)


def test_a_connection_that_is_given_back_serves_the_next_session() -> None:
    """Without another dial."""
    setting = Setting()
    setting.start()
    setting.connection.release()
    assert setting.connection.open_connection is None
    other = setting.another()
    other.start()
    assert (len(setting.wires), other.reused) == (1, True)


def test_a_failed_send_lets_the_last_messages_come_first() -> None:
    """The service may have said why; then that is the error, else the loss is."""
    setting = Setting()
    setting.start()
    wire, taken = setting.wires[0], list[Item]()
    wire.broken = ConnectionLost("gone", 1006)
    wire.say(Text("last"), Closed(1006))

    def refuse(item: Item) -> None:
        taken.append(item)
        if len(taken) == 2:
            raise ServiceRefused("Throttling", "later")

    with pytest.raises(ServiceRefused):
        setting.drain(refuse)
    messages = [item.message for item in taken if isinstance(item, MessageArrived)]
    assert messages == [Text("last"), Closed(1006)]


def test_a_failed_send_is_no_loss_once_the_connection_was_replaced() -> None:
    """Handling the last messages may have begun another task."""
    setting = Setting()
    setting.start()
    setting.wires[0].broken = ConnectionLost("gone", 1006)
    setting.wires[0].say(Closed(1000))
    setting.drain(lambda _: setting.connection.close())


def test_a_task_expires_between_sentences_or_after_a_grace() -> None:
    """A task without a lifetime never does."""
    setting = Setting()
    setting.start()
    setting.now += 10**6
    assert not setting.connection.expired
    setting.connection.task.codec.lifetime_s = 10**6 + 1.0
    assert not setting.connection.expired
    setting.now += 1.0
    assert setting.connection.expired
    service = Service(setting.wires[0])
    service.asked()
    service.tell(Ready("task"), Partial("1", 0, "", "open"))
    for _ in range(2):
        arrived = got(setting.inbox, PATIENCE_S, audio=False)
        assert isinstance(arrived, MessageArrived)
        assert not isinstance(arrived.message, Writable)
        list(setting.connection.task.receive(arrived.message, setting.now))
    assert not setting.connection.expired
    setting.now += GRACE_S
    assert setting.connection.expired


def test_a_loss_before_the_service_listened_is_a_failed_connection() -> None:
    """A refusal stays what it is."""
    refusal = ServiceRefused("InvalidApiKey", "no")
    assert never_ready_error("ws://test", refusal) is refusal
    failed = never_ready_error("ws://test", ConnectionLost("bye", 1011))
    assert isinstance(failed, ConnectFailed)
    assert "bye (close code 1011)" in str(failed)
