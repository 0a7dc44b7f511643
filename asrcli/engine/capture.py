"""The capture thread: reads a source and puts the chunks into the session's inbox. Knows no wire format."""

from collections.abc import Callable

from asrcli.core.audio import Chunk
from asrcli.core.errors import AsrError
from asrcli.core.events import Event, Gap, Resumed
from asrcli.core.interfaces import Source
from asrcli.engine.inbox import Inbox, ThreadCrashed
from asrcli.recovery.quiet_audio import with_quiet


def capture(source: Source, start: int, inbox: Inbox, emit: Callable[[Event], None]) -> None:
    """Read the source to its end, or until the inbox takes no more audio.

    Whether a chunk is quiet is found here: a file is read many chunks at once, and the I/O thread takes one at a time,
    which costs more for each.

    Args:
        source: Read from and closed by this thread alone.
        start: Position of the first sample on the run's timeline.
        inbox: Takes the chunks, then the end with its error.
        emit: Takes the events that the source yields between its chunks.
    """
    try:
        for chunk in source.chunks(start):
            if isinstance(chunk, Chunk):
                if not inbox.put_audio(with_quiet(chunk)):
                    return
            elif isinstance(chunk, Gap | Resumed):  # an event keeps its place in the audio
                inbox.put_audio(chunk)
            else:
                emit(chunk)
        inbox.end()
    except AsrError as exc:
        inbox.end(exc)
    except BaseException as exc:  # the top of a thread: the session raises it
        inbox.put(ThreadCrashed(exc))
