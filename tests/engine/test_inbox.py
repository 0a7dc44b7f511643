"""The inbox of a session: signals come before audio, audio is bounded, and the end comes after it."""

from threading import Event, Thread

from asrcli.core.audio import Chunk
from asrcli.core.errors import SourceError
from asrcli.core.events import Gap
from asrcli.engine.inbox import FIRST_ROOM, AudioDropped, Inbox, SessionAbandoned, SourceEnded, StopRequested
from asrcli.engine.schedule import GATHER_S, Batches, Schedule
from tests.support.stepping import got

TIMEOUT_S = 60


def chunk(number: int) -> Chunk:
    """The chunk with a number, of ten samples."""
    return Chunk(10 * number, bytes(20))


def test_signals_come_before_audio_that_waited_longer() -> None:
    """A long queue of audio delays no message."""
    inbox = Inbox(9)
    inbox.put_audio(chunk(0))
    inbox.put(StopRequested())
    abandoned = SessionAbandoned()
    inbox.put(abandoned)
    assert inbox.take(audio=True) == StopRequested()
    assert inbox.take(audio=True) is abandoned
    assert inbox.take(audio=True) == chunk(0)


def test_audio_stays_where_it_may_not_flow() -> None:
    """And comes out once it may."""
    inbox = Inbox(9)
    inbox.put_audio(chunk(0))
    assert inbox.take(audio=False) is None
    assert inbox.take(audio=True) == chunk(0)
    assert inbox.take(audio=True) is None


def test_a_file_waits_for_room() -> None:
    """The capture thread goes on when a chunk is taken out, and not before."""
    inbox = Inbox(1)
    second_is_in = Event()
    inbox.put_audio(chunk(0))

    def capture() -> None:
        inbox.put_audio(chunk(1))
        second_is_in.set()

    thread = Thread(target=capture, daemon=True)
    thread.start()
    assert not second_is_in.is_set()
    assert got(inbox, TIMEOUT_S, audio=True) == chunk(0)
    assert second_is_in.wait(TIMEOUT_S)
    assert got(inbox, TIMEOUT_S, audio=True) == chunk(1)
    thread.join(TIMEOUT_S)


def test_live_audio_without_room_drops_the_oldest_and_says_so_once() -> None:
    """The span of all that was dropped comes before the audio that is left; a gap of the source is not dropped."""
    inbox = Inbox(2, live=True)
    gap = Gap(0, 1, "unplugged")
    assert all(inbox.put_audio(item) for item in (gap, chunk(0), chunk(1), chunk(2)))
    assert inbox.take(audio=True) == AudioDropped(0, 20)
    assert inbox.take(audio=True) == gap
    assert inbox.take(audio=True) == chunk(2)


def test_the_end_comes_after_the_audio_and_its_first_error_counts() -> None:
    """No more audio is taken after it."""
    inbox = Inbox(9)
    error = SourceError("a.wav", "broken")
    inbox.put_audio(chunk(0))
    inbox.end(error)
    inbox.end()
    assert inbox.ended
    assert not inbox.put_audio(chunk(1))
    assert inbox.take(audio=True) == chunk(0)
    assert inbox.take(audio=True) == SourceEnded(error)
    assert inbox.take(audio=True) is None


def test_to_drop_leaves_the_end_alone() -> None:
    """Queued audio is forgotten, a thread that waits for room goes on, and the end still comes out."""
    inbox = Inbox(1)
    inbox.put_audio(chunk(0))
    wanted: list[bool] = []
    thread = Thread(target=lambda: wanted.append(inbox.put_audio(chunk(1))), daemon=True)
    thread.start()
    inbox.drop()
    thread.join(TIMEOUT_S)
    assert wanted == [False]
    assert inbox.take(audio=True) == SourceEnded()
    assert inbox.take(audio=True) is None


def test_a_signal_wakes_the_thread_that_waits() -> None:
    """Also where no audio may come out."""
    inbox = Inbox(1)
    taken: list[object] = []
    thread = Thread(target=lambda: taken.append(got(inbox, TIMEOUT_S, audio=False)), daemon=True)
    thread.start()
    abandoned = SessionAbandoned()
    inbox.put(abandoned)
    thread.join(TIMEOUT_S)
    assert taken == [abandoned]


def test_a_file_that_is_read_fast_is_read_in_batches() -> None:
    """Its thread goes on when half of the room is free, and not at each chunk."""
    inbox = Inbox(4)
    put: list[bool] = []
    for number in range(4):
        inbox.put_audio(chunk(number))
    thread = Thread(target=lambda: put.append(inbox.put_audio(chunk(4))), daemon=True)
    assert not inbox.waited_for
    thread.start()
    while not inbox.waited_for:
        thread.join(0.001)
    inbox.take(audio=True)
    assert inbox.waited_for
    inbox.take(audio=True)
    thread.join(TIMEOUT_S)
    assert put == [True]


def test_audio_that_is_not_due_stays() -> None:
    """The time at which it can be had is known; the end of the run takes it all the same."""
    now = [0.0]
    inbox = Inbox(9, schedule=Schedule(lambda: now[0], rate=10, pace=1.0, catch_up=None))
    assert inbox.take(audio=True) is None
    inbox.put_audio(chunk(0))
    inbox.put_audio(chunk(1))
    assert inbox.take(audio=True) is None
    assert inbox.due == 1.0
    now[0] = 1.0
    assert inbox.take(audio=True) == chunk(0)
    assert inbox.take(audio=True) is None
    assert inbox.due == 2.0
    assert list(inbox.drain()) == [chunk(1)]


def test_nobody_is_woken_for_audio_that_is_not_wanted() -> None:
    """Once for what is wanted, until the session has looked again."""
    inbox = Inbox(9)
    woken: list[int] = []
    inbox.on_more(lambda: woken.append(1))
    assert inbox.take(audio=False) is None
    inbox.put_audio(chunk(0))
    assert woken == []
    inbox.put(StopRequested())
    inbox.put(StopRequested())
    assert woken == [1]


def test_audio_of_a_file_at_full_pace_comes_in_batches() -> None:
    """The first chunk comes at once, others when many wait, or soon; the session is woken for nothing else."""
    now, woken = [0.0], list[float]()
    inbox = Inbox(50, batches=Batches(lambda: now[0], many=4))
    inbox.on_more(lambda: woken.append(now[0]))

    def taken() -> int:
        return sum(1 for _ in iter(lambda: inbox.take(audio=True), None))

    assert taken() == 0
    inbox.put_audio(chunk(0))
    assert woken == [0.0]
    assert taken() == 1
    now[0] = 0.001
    inbox.put_audio(chunk(1))
    assert woken == [0.0, 0.001]
    assert taken() == 0
    assert inbox.due == GATHER_S
    inbox.put_audio(chunk(2))
    inbox.put_audio(chunk(3))
    assert woken == [0.0, 0.001]
    inbox.put_audio(chunk(4))
    assert woken == [0.0, 0.001, 0.001]
    assert taken() == 4
    inbox.put_audio(chunk(5))
    assert taken() == 0
    now[0] = 0.001 + GATHER_S
    inbox.put_audio(chunk(6))
    assert taken() == 2


def test_a_batch_does_not_outlast_the_audio() -> None:
    """After the end of the audio nothing is waited for, nor when all that is left is taken."""
    inbox = Inbox(50, batches=Batches(lambda: 0.0, many=9))
    inbox.put_audio(chunk(0))
    inbox.put_audio(chunk(1))
    assert [inbox.take(audio=True), inbox.take(audio=True)] == [chunk(0), chunk(1)]
    inbox.put_audio(chunk(2))
    assert inbox.take(audio=True) is None
    inbox.end()
    assert inbox.take(audio=True) == chunk(2)
    assert inbox.take(audio=True) == SourceEnded()
    waiting = Inbox(50, batches=Batches(lambda: 0.0, many=9))
    waiting.put_audio(chunk(0))
    assert waiting.take(audio=True) == chunk(0)
    waiting.put_audio(chunk(1))
    assert list(waiting.drain()) == [chunk(1)]


def test_a_file_at_full_pace_is_not_read_far_before_the_service_listens() -> None:
    """A few chunks wait for the connection; when the first of them is taken there is room for many more."""
    inbox = Inbox(50, batches=Batches(lambda: 0.0, many=9))
    count = 3 * FIRST_ROOM
    put = list[int]()

    def capture() -> None:
        for number in range(count):
            inbox.put_audio(chunk(number))
            put.append(number)

    thread = Thread(target=capture, daemon=True)
    thread.start()
    while thread.is_alive() and not inbox.waited_for:
        thread.join(0.01)
    assert len(put) == FIRST_ROOM
    assert inbox.take(audio=True) == chunk(0)
    thread.join(TIMEOUT_S)
    assert len(put) == count
