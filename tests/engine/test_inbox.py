"""The inbox of a session: signals come before audio, audio is bounded, and the end comes behind it."""

from threading import Event, Thread

from asrcli.core.audio import Chunk
from asrcli.core.errors import SourceError
from asrcli.core.events import Gap
from asrcli.engine.inbox import AudioDropped, Inbox, SessionAbandoned, SourceEnded, StopRequested

TIMEOUT_S = 20


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
    assert inbox.get(0, audio=True) == StopRequested()
    assert inbox.get(0, audio=True) is abandoned
    assert inbox.get(0, audio=True) == chunk(0)


def test_audio_stays_where_it_may_not_flow() -> None:
    """And comes out once it may."""
    inbox = Inbox(9)
    inbox.put_audio(chunk(0))
    assert inbox.get(0, audio=False) is None
    assert inbox.get(0, audio=True) == chunk(0)
    assert inbox.get(0, audio=True) is None


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
    assert inbox.get(TIMEOUT_S, audio=True) == chunk(0)
    assert second_is_in.wait(TIMEOUT_S)
    assert inbox.get(TIMEOUT_S, audio=True) == chunk(1)
    thread.join(TIMEOUT_S)


def test_live_audio_without_room_drops_the_oldest_and_says_so_once() -> None:
    """The span of all that was dropped comes before the audio that is left; a gap of the source is not dropped."""
    inbox = Inbox(2, live=True)
    gap = Gap(0, 1, "unplugged")
    assert all(inbox.put_audio(item) for item in (gap, chunk(0), chunk(1), chunk(2)))
    assert inbox.get(0, audio=True) == AudioDropped(0, 20)
    assert inbox.get(0, audio=True) == gap
    assert inbox.get(0, audio=True) == chunk(2)


def test_the_end_comes_behind_the_audio_and_its_first_error_counts() -> None:
    """No more audio is taken after it."""
    inbox = Inbox(9)
    error = SourceError("a.wav", "broken")
    inbox.put_audio(chunk(0))
    inbox.end(error)
    inbox.end()
    assert inbox.ended
    assert not inbox.put_audio(chunk(1))
    assert inbox.get(0, audio=True) == chunk(0)
    assert inbox.get(0, audio=True) == SourceEnded(error)
    assert inbox.get(0, audio=True) is None


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
    assert inbox.get(0, audio=True) == SourceEnded()
    assert inbox.get(0, audio=True) is None


def test_a_signal_wakes_the_thread_that_waits() -> None:
    """Also where no audio may come out."""
    inbox = Inbox(1)
    taken: list[object] = []
    thread = Thread(target=lambda: taken.append(inbox.get(TIMEOUT_S, audio=False)), daemon=True)
    thread.start()
    abandoned = SessionAbandoned()
    inbox.put(abandoned)
    thread.join(TIMEOUT_S)
    assert taken == [abandoned]


def test_to_wait_for_the_end_ends_with_it() -> None:
    """A capture thread that waits for its pace stops at once."""
    inbox = Inbox(1)
    assert not inbox.wait_ended(0)
    ended: list[bool] = []
    thread = Thread(target=lambda: ended.append(inbox.wait_ended(TIMEOUT_S)), daemon=True)
    thread.start()
    inbox.end()
    thread.join(TIMEOUT_S)
    assert ended == [True]
