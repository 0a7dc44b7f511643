"""Finds the position from which audio is sent again: the end of the decided audio, or quiet before it. Pure.

Also finds where a file may end that its user stops, and the quiet at both ends of sound without text.
"""

from array import array
from collections.abc import Iterable, Iterator, Sequence

from asrcli.core.audio import SAMPLE_BYTES, Chunk, Format
from asrcli.recovery.quiet_audio import is_quiet
from asrcli.recovery.replay import Replay, StoredBlock

MARGIN_MS = 300  # go back at most this far: text of audio that is sent again may be repeated
STEP_MS = 10
PAUSE_MS = 200  # a shorter quiet may be inside a word
AROUND_MS = 2000  # quiet is compared with the loudest sample within this distance
QUIET = 0.05  # sound below this part of the loudest sample is not a word


def resume_position(audio: Replay, decided: int, audio_format: Format) -> tuple[int, int]:
    """Return where a new task should begin, and where it can begin with the audio that is kept.

    Everything before position `decided` is decided, and so is everything before the lost task. Where all sent audio is
    decided, nothing is sent again; else a service that takes a second of quiet and then drops the connection would be
    sent that second forever.
    """
    reached = max(audio.start, min(audio.cursor, decided))
    if reached == audio.cursor:
        return reached, reached
    wanted = max(audio.start, resume_point(audio.kept, reached, audio_format))
    possible = wanted
    if audio.kept:
        possible = max(wanted, audio.kept[0].position)
    return wanted, possible


def resume_point(chunks: Iterable[Chunk | StoredBlock], position: int, audio_format: Format) -> int:
    """Return a position at or before the given one, with nothing but quiet between the two.

    So a word that the recognizer ended too early is not cut in two. Where there is no quiet, the given position is
    returned: there one sentence ended for the recognizer, and the next one begins.
    """
    around = audio_format.samples(AROUND_MS)
    near = [chunk for chunk in chunks if position - around < chunk.end and chunk.position < position + around]
    quiet = QUIET * max((_peak(array("h", chunk.pcm)) for chunk in near), default=0)
    first = position - audio_format.samples(MARGIN_MS)
    step = audio_format.samples(STEP_MS)
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


def until_pause(chunks: Sequence[Chunk], audio_format: Format) -> list[Chunk]:
    """Return the audio up to the first pause in it, so that no word is cut in two where somebody ends a file.

    Nothing is returned without a pause within AROUND_MS, or for bytes that are not PCM.
    """
    step, longest = audio_format.samples(STEP_MS), audio_format.samples(AROUND_MS)
    if not chunks or any(len(chunk.pcm) != chunk.samples * SAMPLE_BYTES for chunk in chunks):
        return []
    near = [chunk for chunk in chunks if chunk.end - chunks[0].position <= longest]
    samples = [array("h", chunk.pcm) for chunk in near]
    quiet = QUIET * max(map(_peak, samples), default=0)
    pause, long_enough = 0, audio_format.samples(PAUSE_MS)
    for number, piece in enumerate(samples):
        for at in range(0, len(piece), step):
            part = piece[at : at + step]
            pause += len(part)
            if _peak(part) > quiet:
                pause = 0
            if pause >= long_enough:
                last = near[number]
                return [*near[:number], Chunk(last.position, last.pcm[: (at + step) * SAMPLE_BYTES])]
    return []


def quiet_edges(kept: Iterable[Chunk | StoredBlock], begin: int, end: int, step: int) -> Iterator[tuple[int, int]]:
    """Yield the quiet at the start and at the end of a span, as positions: where its chunks are loud only in part.

    Args:
        kept: Audio in order; what is missing in it counts as loud.
        begin: The position of the first sample of the span.
        end: The position after the last one.
        step: How many samples are quiet or loud together.
    """
    inside = [block for block in kept if block.position < end and begin < block.end]
    if not inside:
        return
    first, last = _piece(inside[0], begin, end), _piece(inside[-1], begin, end)
    until, since = first.position, last.end
    while until < first.end and is_quiet(_piece(first, until, until + step).pcm):
        until += step
    while since > last.position and is_quiet(_piece(last, since - step, since).pcm):
        since -= step
    if first.position == begin < until:
        yield begin, min(until, first.end)
    if since < end == last.end:
        yield max(since, last.position), end


def _peak(samples: "array[int]") -> int:
    return max(map(abs, samples), default=0)


def _piece(block: Chunk | StoredBlock, begin: int, end: int) -> Chunk:
    """Return the part of a block between two positions; without samples where the block is no PCM."""
    first, last, pcm = max(begin, block.position), min(end, block.end), block.pcm
    if isinstance(block, StoredBlock):
        block.unload()
    if len(pcm) != block.samples * SAMPLE_BYTES:
        return Chunk(block.end, b"")
    return Chunk(first, pcm[(first - block.position) * SAMPLE_BYTES : (last - block.position) * SAMPLE_BYTES])
