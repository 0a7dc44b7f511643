"""Where audio that is heard again begins: at the end of what is final, or in the quiet just before it. Pure."""

from array import array
from collections.abc import Iterable

from asrcli.core.audio import Chunk, Format
from asrcli.recovery.replay import Replay, StoredBlock

MARGIN_MS = 300  # no farther back: the more is heard again, the more may be said again
STEP_MS = 10
AROUND_MS = 2000  # how far a word is looked for that quiet is quiet beside
QUIET = 0.05  # of the loudest sample around is no word


def resume_position(audio: Replay, covered: int, audio_format: Format) -> tuple[int, int]:
    """Where a new task should begin when finals reach up to a position, and where it can, for what is still kept.

    Never before the task that was lost: what lies before that was heard. Where all that was sent is decided nothing is
    sent again, or a service that takes a second of quiet and drops would be sent it for ever.
    """
    reached = max(audio.start, min(audio.cursor, covered))
    if reached == audio.cursor:
        return reached, reached
    wanted = max(audio.start, resume_point(audio.kept, reached, audio_format))
    return wanted, max(wanted, audio.kept[0].position) if audio.kept else wanted


def resume_point(chunks: Iterable[Chunk | StoredBlock], position: int, audio_format: Format) -> int:
    """A position at or before the given one, with nothing but quiet between the two.

    A word that the recognizer cut too early is never cut in two by it: where there is no quiet the position itself is
    the place where one sentence ended for the recognizer and the next begins.
    """
    around = audio_format.samples(AROUND_MS)
    near = [chunk for chunk in chunks if position - around < chunk.end and chunk.position < position + around]
    quiet = QUIET * max((_peak(array("h", chunk.pcm)) for chunk in near), default=0)
    first, step = position - audio_format.samples(MARGIN_MS), audio_format.samples(STEP_MS)
    for chunk in reversed(near):
        if chunk.position >= position:
            continue
        if chunk.end < position:
            break  # something is missing between them
        samples = array("h", chunk.pcm)[: position - chunk.position]
        while len(samples) >= step and position - step >= first and _peak(samples[-step:]) <= quiet:
            position -= step
            del samples[-step:]
        if samples:
            break
    return position


def _peak(samples: "array[int]") -> int:
    return max(map(abs, samples), default=0)
