"""The loop of a session, in one thread: a scripted service answers each command before the loop waits again."""

import tempfile
from typing import IO, Any

import pytest

from asrcli.core.client_commands import Command, FinishTask, SendAudio, StartTask
from asrcli.core.errors import ConnectFailed, ConnectionLost
from asrcli.core.events import Billed, Event, Final, Finished, Gap, Progress, Ready, Reconnecting
from asrcli.core.message import Closed
from asrcli.core.settings import RetrySettings
from asrcli.engine.audio_store import IN_MEMORY_S
from asrcli.engine.inbox import Inbox, MessageArrived, SessionAbandoned, ThreadCrashed
from asrcli.recovery.quiet_settlement import QUIET_S
from tests.engine.scripted_loop import SETTINGS, Setting, healthy, silent


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


@pytest.mark.parametrize("closed", [True, False])
def test_a_connection_that_was_lost_after_all_words_is_not_given_back(closed: bool) -> None:
    """Only quiet has no text, so nothing is tried again. The next session would ask a dead connection for its task."""

    def script(command: Command) -> list[Event]:
        if isinstance(command, FinishTask) and closed:
            setting.inbox.put(MessageArrived(setting.opened[0], Closed(1006, "the connection broke")))
        elif isinstance(command, FinishTask):
            setting.now += SETTINGS.idle_timeout_s
        return silent(command)

    setting = Setting(script, pcm=bytes(3200))
    result = setting.run()
    assert (result.error, result.broken, result.totals.lost_ms) == (None, False, 0)
    (connection,) = setting.opened
    assert setting.pool.take(connection.url, Inbox(1)) is None
    assert connection.closed


def test_quiet_that_a_service_has_taken_before_it_was_lost_is_not_sent_again() -> None:
    """Nobody has spoken for seconds, and no chunk came since then that would have been an occasion to decide it."""
    sent = 0

    def first(command: Command) -> list[Event]:
        nonlocal sent
        if isinstance(command, SendAudio):
            sent += 1
        if sent == 3:
            setting.now += QUIET_S
            lost = MessageArrived(setting.opened[0], Closed(1006, "the connection broke"))
            setting.inbox.put(lost)
        return silent(command)

    def second(command: Command) -> list[Event]:
        assert not isinstance(command, SendAudio)
        return [Finished()] if isinstance(command, FinishTask) else silent(command)

    setting = Setting(first, second, pcm=bytes(3200))
    result = setting.run(realtime=True, retries=RetrySettings(limit=5, wait_s=0))
    assert (result.error, result.totals.silence_ms, result.figures.resent_ms) == (None, 300, 0)


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


def test_the_temporary_file_of_old_audio_goes_with_the_session(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether the session comes to its end or is left: a program may have thousands of them, one after the other."""
    files: list[IO[Any]] = []
    make = tempfile.TemporaryFile

    def made(*, buffering: int) -> IO[Any]:
        files.append(make(buffering=buffering))
        return files[-1]

    def leaves(command: Command) -> list[Event]:
        if isinstance(command, FinishTask):
            setting.inbox.put(SessionAbandoned())
        return silent(command)

    monkeypatch.setattr(tempfile, "TemporaryFile", made)
    for number, script in enumerate((healthy, leaves), 1):
        setting = Setting(script, chunks=IN_MEMORY_S * 10 + 1)
        setting.run(retries=RetrySettings(limit=1, wait_s=0))
        assert [file.closed for file in files] == [True] * number


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
