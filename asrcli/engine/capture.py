"""The capture thread: reads a source at the asked pace and hands its chunks to the session. Knows nothing of wires."""

from collections.abc import Callable

from asrcli.audio import Chunk
from asrcli.engine.inbox import Crashed, Inbox
from asrcli.errors import AsrError
from asrcli.events import Event, Gap, Resumed
from asrcli.seams import Source


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
    began, end = clock(), start
    try:
        for chunk in source.chunks(start):
            if isinstance(chunk, Gap | Resumed):  # what is true of a place in the audio keeps it
                inbox.put_audio(chunk)
                continue
            if not isinstance(chunk, Chunk):
                emit(chunk)
                continue
            # A chunk is due when its last sample would have been spoken, as a microphone has it.
            if pace is not None:
                began -= (chunk.position - end) / source.format.rate / pace  # nobody waits for what is not there
                end = chunk.end
                due = began + (chunk.end - start) / source.format.rate / pace
                if inbox.wait_ended(max(0.0, due - clock())):
                    return
            before = clock()
            if not inbox.put_audio(chunk):
                return
            began += clock() - before  # what an outage held up is not hurried through afterwards
        inbox.end()
    except AsrError as exc:
        inbox.end(exc)
    except BaseException as exc:  # the top of a thread: the session must hear of it
        inbox.put(Crashed(exc))
