"""The capture thread: reads a source at the asked pace and hands its chunks to the session. Knows nothing of wires."""

from collections.abc import Callable

from asrcli.core.audio import Chunk
from asrcli.core.errors import AsrError
from asrcli.core.events import Event, Gap, Resumed
from asrcli.core.interfaces import Source
from asrcli.engine.inbox import Inbox, ThreadCrashed

LEAST_CATCH_UP = 1.25  # times the pace


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
        inbox: Takes the chunks, then the end with its reason.
        emit: Takes what the source has to say beside its audio.
        pace: How many times real time; None is as fast as the other end takes it.
        clock: Seconds, monotonic.
        catch_up: How many times real time audio is read that is late, at most; never less than a little over the pace.
    """
    schedule = None if pace is None else _Schedule(clock, source.format.rate, pace, catch_up)
    try:
        for chunk in source.chunks(start):
            if isinstance(chunk, Gap | Resumed):  # what is true of a place in the audio keeps it
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
    except BaseException as exc:  # the top of a thread: the session must hear of it
        inbox.put(ThreadCrashed(exc))


class _Schedule:
    """When each chunk is due at a pace: when its last sample would have been spoken, as a microphone has it.

    Audio that an outage, a stop of the process or a slow source has made late is made up for at `catch_up` times real
    time, and never faster: the moments that each step takes add up to seconds in an hour. Positions that jump take no
    time.
    """

    def __init__(self, clock: Callable[[], float], rate: int, pace: float, catch_up: float | None) -> None:
        self._clock, self._samples_s = clock, rate * pace
        self._fastest_samples_s = rate * max(pace * LEAST_CATCH_UP, catch_up or 0.0)
        self._began = self._last = clock()
        self._samples = 0

    def wait_s(self, chunk: Chunk) -> float:
        """How long this chunk is to wait yet."""
        self._samples += chunk.samples
        now, due = self._clock(), self._began + self._samples / self._samples_s
        at = max(due, self._last + chunk.samples / self._fastest_samples_s)
        return max(0.0, at - now)

    def released(self) -> None:
        """The chunk goes out now."""
        self._last = self._clock()
