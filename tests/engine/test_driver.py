"""The driver of a session, on a thread in the hands of the test: items come at once, and deadlines in time."""

from collections.abc import Callable
from typing import cast

from asrcli.core.audio import Chunk
from asrcli.engine.driver import ITEMS_PER_TURN, SessionDriver
from asrcli.engine.inbox import Inbox, Item, StopRequested, ThreadCrashed
from asrcli.engine.schedule import Schedule
from asrcli.engine.session_result import SessionResult
from asrcli.engine.steps import Steps, Wait
from tests.support.manual_thread import ManualThread

RESULT = cast("SessionResult", object())


class Setting:
    """A session that waits as it is told, and notes what it was sent."""

    def __init__(self, waits: Callable[[int], Wait | None], schedule: Schedule | None = None) -> None:
        self.hand = ManualThread()
        self.inbox, self.sent, self.ends = Inbox(99, schedule=schedule), list[Item | None](), list[object]()
        self._waits = waits
        SessionDriver(self._steps(), self.inbox, self.hand, self.hand.time, self.ends.append).start()

    def _steps(self) -> Steps[SessionResult]:
        while (wait := self._waits(len(self.sent))) is not None:
            self.sent.append((yield wait))
        return RESULT


def test_an_item_comes_in_the_turn_in_which_it_arrives() -> None:
    """On the shared thread at once, from another thread with its next turn; and the end is reported once."""
    setting = Setting(lambda number: Wait(None, audio=False) if number < 2 else None)
    setting.hand.turn()
    setting.hand.is_current = True
    setting.inbox.put(StopRequested(1))
    assert setting.sent == [StopRequested(1)]
    setting.hand.is_current = False
    setting.inbox.put(StopRequested(2))
    assert (len(setting.sent), setting.ends) == (1, [])
    setting.hand.turn()
    assert (setting.sent[1:], setting.ends) == ([StopRequested(2)], [RESULT])
    setting.inbox.put(StopRequested(3))
    setting.hand.turn()
    assert (len(setting.sent), setting.ends, setting.inbox.ended) == (2, [RESULT], True)


def test_a_deadline_comes_when_nothing_else_does() -> None:
    """An earlier deadline moves the timer; one that is later leaves it alone, and is still met in time."""
    deadlines = [5.0, 9.0, 2.0, None]
    setting = Setting(lambda number: None if number == 4 else Wait(deadlines[number], audio=False))
    setting.hand.turn()
    setting.inbox.put(StopRequested())
    setting.hand.turn()
    assert [timer.at for timer in setting.hand.timers] == [5.0]
    setting.hand.until(8.0)
    assert setting.sent == [StopRequested()]
    setting.inbox.put(StopRequested())
    setting.hand.turn()
    assert (setting.sent, setting.ends) == ([StopRequested(), StopRequested(), None], [])
    setting.inbox.put(StopRequested())
    setting.hand.turn()
    assert setting.ends == [RESULT]
    assert all(timer.cancelled for timer in setting.hand.timers)


def test_audio_that_is_not_due_is_taken_when_it_is() -> None:
    """Nobody asks again before that."""
    hand_time = [0.0]
    schedule = Schedule(lambda: hand_time[0], rate=10, pace=1.0, catch_up=None)
    setting = Setting(lambda number: Wait(None, audio=True) if number < 2 else None, schedule)
    setting.hand.turn()
    setting.inbox.put_audio(Chunk(0, bytes(20)))
    setting.inbox.put_audio(Chunk(10, bytes(20)))
    setting.hand.turn()
    assert setting.sent == []
    for second in (1.0, 2.0):
        hand_time[0] = second
        setting.hand.until(second)
    assert setting.sent == [Chunk(0, bytes(20)), Chunk(10, bytes(20))]


def test_audio_that_is_due_but_not_wanted_wakes_nobody() -> None:
    """A session whose connection is away sleeps, however much audio waits; it takes that when it wants it again."""
    hand_time = [0.0]
    schedule = Schedule(lambda: hand_time[0], rate=10, pace=1.0, catch_up=None)
    waits = [Wait(None, audio=True), Wait(None, audio=False), Wait(None, audio=True)]
    setting = Setting(lambda number: waits[number] if number < 3 else None, schedule)
    setting.hand.turn()
    for second in range(3):
        setting.inbox.put_audio(Chunk(10 * second, bytes(20)))
    setting.hand.turn()
    hand_time[0] = 1.0
    setting.hand.until(1.0)
    setting.hand.turn()
    assert setting.sent == [Chunk(0, bytes(20))]
    assert setting.hand.timers == []
    hand_time[0] = 50.0
    setting.hand.until(50.0)
    assert setting.hand.calls == []
    setting.inbox.put(StopRequested())
    setting.hand.turn()
    assert setting.sent == [Chunk(0, bytes(20)), StopRequested(), Chunk(10, bytes(20))]


def test_a_session_with_much_to_do_lets_the_others_have_their_turn() -> None:
    """It goes on with the next one."""
    setting = Setting(lambda _: Wait(None, audio=False))
    for _ in range(ITEMS_PER_TURN + 1):
        setting.inbox.put(StopRequested())
    setting.hand.turn()
    assert len(setting.sent) == ITEMS_PER_TURN
    setting.hand.turn()
    assert len(setting.sent) == ITEMS_PER_TURN + 1


def test_an_exception_of_a_session_is_its_end() -> None:
    """Also in its first step."""
    for fails_at in (0, 1):

        def waits(number: int, fails_at: int = fails_at) -> Wait:
            if number == fails_at:
                raise ZeroDivisionError
            return Wait(None, audio=False)

        setting = Setting(waits)
        setting.hand.turn()
        setting.inbox.put(StopRequested())
        setting.hand.turn()
        (end,) = setting.ends
        assert isinstance(end, ThreadCrashed)
        assert isinstance(end.error, ZeroDivisionError)


def test_a_session_that_is_over_in_its_first_step_has_its_result() -> None:
    """It has waited for nothing."""
    setting = Setting(lambda _: None)
    setting.hand.turn()
    assert setting.ends == [RESULT]
