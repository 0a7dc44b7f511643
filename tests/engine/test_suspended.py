"""The process is suspended while a service owes an answer: the time of the suspension is not the service's."""

from collections.abc import Callable

import pytest

from asrcli.core.audio import Chunk
from asrcli.core.client_commands import Command, SendAudio
from asrcli.core.errors import ConnectionLost
from asrcli.core.events import Event, Reconnecting
from asrcli.core.settings import RetrySettings
from asrcli.engine.inbox import Inbox, Item
from asrcli.engine.steps import Wait
from tests.engine.scripted_loop import LOUD, SETTINGS, Setting, healthy, silent

STALL_S = SETTINGS.stall_timeout_s
Script = Callable[[Command], list[Event]]


class Suspended(Setting):
    """A session whose process is suspended, at times, for this many seconds after the end of a wait.

    Args:
        scripts: One service for each connection.
        suspensions: For each wait at which nothing comes, how long the process sleeps beyond it.
        is_open: The input goes on after the three chunks that are there.
    """

    def __init__(self, *scripts: Script, suspensions: list[float], is_open: bool = False) -> None:
        super().__init__(*scripts)
        self._suspensions = suspensions
        self.waited: list[float] = []
        if is_open:
            self.inbox = Inbox(99)
            for number in range(3):
                self.inbox.put_audio(Chunk(1600 * number, LOUD))

    def _next(self, wait: Wait) -> Item | None:
        item = self.inbox.take(audio=wait.audio)
        if item is None:
            assert wait.until is not None
            self.waited.append(wait.until - self.now)
            self.now = max(self.now, wait.until) + (self._suspensions.pop(0) if self._suspensions else 0.0)
        return item


def test_an_answer_to_the_end_is_waited_for_again_after_a_suspension() -> None:
    """Once for each of them; a service that does not answer while the process runs is given up as ever."""
    setting = Suspended(silent, suspensions=[300.0, 300.0])
    result = setting.run()
    assert isinstance(result.error, ConnectionLost)
    usual_s = setting.waited[0]
    assert setting.waited == [usual_s] * 3
    assert setting.now == 3 * usual_s + 600


@pytest.mark.parametrize("late_s", [0.0, 4.9])
def test_a_busy_machine_is_no_suspension(late_s: float) -> None:
    """A deadline that is noticed a little late is one."""
    setting = Suspended(silent, suspensions=[late_s])
    assert isinstance(setting.run().error, ConnectionLost)
    assert len(setting.waited) == 1


def test_speech_without_an_answer_is_no_stall_after_a_suspension() -> None:
    """Such a service has its whole time again, and is given up when that is over; then the speech is sent again."""
    setting = Suspended(suspensions=[60.0, 60.0], is_open=True)
    sent: list[Command] = []

    def first(command: Command) -> list[Event]:
        if isinstance(command, SendAudio):
            sent.append(command)
        return silent(command)

    def second(command: Command) -> list[Event]:
        setting.inbox.end()
        return healthy(command)

    setting._scripts = [first, second]
    result = setting.run(realtime=True, retries=RetrySettings(limit=1, wait_s=0))
    assert (result.error, len(sent)) == (None, 3)
    (lost,) = [event for event in setting.events if isinstance(event, Reconnecting)]
    assert lost.reason.startswith("connection lost: no answer to speech")
    assert setting.waited[:3] == [STALL_S] * 3
