"""The capture thread: reads a source at its pace and puts the chunks into the session's inbox. Knows no wire format."""

from collections.abc import Callable

from asrcli.core.audio import Chunk
from asrcli.core.errors import AsrError
from asrcli.core.events import Event, Gap, Resumed
from asrcli.core.interfaces import Source
from asrcli.engine.inbox import Inbox, ThreadCrashed

LEAST_CATCH_UP = 1.25  # late audio is read at this many times the pace, or faster


def capture(
    source: Source,
    start: int,
    inbox: Inbox,
    emit: Callable[[Event], None],
    pace: float | None,
    clock: Callable[[], float],
    catch_up: float | None = None,
) -> None:
    """Read the source to its end, or until the inbox wants no more.

    Args:
        source: Read from and closed by this thread alone.
        start: Position of the first sample on the run's timeline.
        inbox: Takes the chunks, then the end with its error.
        emit: Takes the events that the source yields between its chunks.
        pace: How many times real time; None reads as fast as the inbox takes the chunks.
        clock: Seconds, monotonic.
        catch_up: How many times real time late audio is read at most; never below LEAST_CATCH_UP times the pace.
    """
    schedule = None if pace is None else _Schedule(clock, source.format.rate, pace, catch_up)
    try:
        for chunk in source.chunks(start):
            if isinstance(chunk, Gap | Resumed):  # a mark keeps its place in the audio
                inbox.put_audio(chunk)
                continue
            if not isinstance(chunk, Chunk):
                emit(chunk)
                continue
            if schedule is not None:
                if inbox.wait_ended(schedule.wait_s(chunk)):
                    return
                schedule.released()
            if not inbox.put_audio(chunk):
                return
        inbox.end()
    except AsrError as exc:
        inbox.end(exc)
    except BaseException as exc:  # the top of a thread: the session raises it
        inbox.put(ThreadCrashed(exc))


class _Schedule:
    """When each chunk is due at a pace: when a microphone would have captured its last sample.

    Audio that an outage, a stop of the process or a slow source has made late is read at `catch_up` times real time,
    and never faster. Without that, the small delays of each step would add up to seconds in an hour. Jumps of the
    position take no time.
    """

    def __init__(self, clock: Callable[[], float], rate: int, pace: float, catch_up: float | None) -> None:
        self._clock = clock
        self._samples_s = rate * pace
        self._fastest_samples_s = rate * max(pace * LEAST_CATCH_UP, catch_up or 0.0)
        self._began = self._released_at = clock()
        self._samples = 0

    def wait_s(self, chunk: Chunk) -> float:
        """Return how long this chunk has to wait from now on."""
        self._samples += chunk.samples
        due = self._began + self._samples / self._samples_s
        earliest = self._released_at + chunk.samples / self._fastest_samples_s
        return max(0.0, max(due, earliest) - self._clock())

    def released(self) -> None:
        """Note the time at which a chunk was put into the inbox."""
        self._released_at = self._clock()
