"""The capture thread: reads a source at the asked pace and hands its chunks to the session. Knows nothing of wires."""

from collections.abc import Callable

from asrcli.audio import Chunk
from asrcli.engine.inbox import Crashed, Inbox
from asrcli.errors import AsrError
from asrcli.events import Event, Gap, Resumed
from asrcli.seams import Source

STOPPED_S = 1.0  # nobody is woken up so much too late while the process runs


def capture(
    source: Source,
    start: int,
    inbox: Inbox,
    emit: Callable[[Event], None],
    pace: float | None,
    clock: Callable[[], float],
) -> None:
    """Read the source to its end, or until the inbox wants no more.

    Args:
        source: Read from and closed by this thread alone.
        start: Position of the first sample on the run's timeline.
        inbox: Takes the chunks, then the end with its reason.
        emit: Takes what the source has to say beside its audio.
        pace: How many times real time; None is as fast as the other end takes it.
        clock: Seconds, monotonic.
    """
    schedule = _Schedule(clock, source.format.rate, pace)
    try:
        for chunk in source.chunks(start):
            if isinstance(chunk, Gap | Resumed):  # what is true of a place in the audio keeps it
                inbox.put_audio(chunk)
                continue
            if not isinstance(chunk, Chunk):
                emit(chunk)
                continue
            if pace is not None:
                wait_s = schedule.wait_s(chunk)
                if inbox.wait_ended(wait_s):
                    return
                schedule.waited(wait_s)
            before, full = clock(), inbox.full
            if not inbox.put_audio(chunk):
                return
            if full and not source.realtime:  # an outage does not make what is spoken now later
                schedule.held_up(clock() - before)
        inbox.end()
    except AsrError as exc:
        inbox.end(exc)
    except BaseException as exc:  # the top of a thread: the session must hear of it
        inbox.put(Crashed(exc))


class _Schedule:
    """When each chunk is due at a pace: when its last sample would have been spoken, as a microphone has it.

    What holds the audio up moves all that follows, so that none of it is hurried through afterwards. Only a full queue
    and a process that was stopped do that: to add up every moment that passes here would make an hour some seconds
    longer. A source that is late by itself, such as a pipe, is made up for. Positions that jump take no time.
    """

    def __init__(self, clock: Callable[[], float], rate: int, pace: float | None) -> None:
        self._clock, self._samples_s, self._samples = clock, rate * (pace or 1.0), 0
        self._began = clock()
        self._asked_at = self._held_s = 0.0

    def wait_s(self, chunk: Chunk) -> float:
        """How long this chunk is to wait yet."""
        self._samples += chunk.samples
        self._asked_at = self._clock()
        late_s = self._asked_at - self._began - self._samples / self._samples_s
        if late_s > 0:
            self._move(min(late_s, self._held_s))
        self._held_s = 0.0  # of what held us up when this chunk is in time all the same nothing is left
        return max(0.0, -late_s)

    def waited(self, wait_s: float) -> None:
        """The wait is over; one that took much longer was a stop of the process, or sleep of the machine."""
        over_s = self._clock() - self._asked_at - wait_s
        if over_s > STOPPED_S:
            self._move(over_s)

    def held_up(self, seconds: float) -> None:
        """The queue was full for so long."""
        self._held_s += seconds

    def _move(self, seconds: float) -> None:
        self._began += seconds
