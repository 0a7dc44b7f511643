"""Reads a source once and hands out its parts, each as soon as its end is known."""

from collections.abc import Callable, Iterator, Sequence

from asrcli.core.audio import Chunk
from asrcli.core.dataclass import dataclass
from asrcli.core.events import Event
from asrcli.core.interfaces import Source
from asrcli.runs.parts.cut_points import CutFinder
from asrcli.runs.parts.part_source import PartAudio, PartSource
from asrcli.runs.parts.part_store import StoredPart


@dataclass(frozen=True)
class SplitPart:
    """A part: what an earlier run has said of it, and the rest to transcribe; None if there is no rest.

    `end_ms` is None for the last part.
    """

    number: int
    begin_ms: int
    end_ms: int | None
    said: tuple[Event, ...] = ()
    source: PartSource | None = None
    audio: PartAudio | None = None


def split(
    source: Source, split_ms: int, stored: Sequence[StoredPart], stopped: Callable[[], bool]
) -> Iterator[SplitPart]:
    """Yield the parts of a source, in order; those that an earlier run has stored stay as they are.

    Raises:
        SourceError: the source cannot be read.
    """
    audio_format = source.format
    start = audio_format.samples(source.begin_ms)
    audio = PartAudio(audio_format, source.name, start)  # of the part that was not yielded yet
    finder = CutFinder(audio_format, split_ms, start)
    number = 0
    try:
        for item in source.chunks(start):
            if stopped():
                audio.close()
                return
            audio.add(item)
            piece = None
            if isinstance(item, Chunk):
                piece = item
            while piece is not None:
                is_stored = number < len(stored)
                cut = _stored_cut(source, piece, stored[number]) if is_stored else finder.feed(piece)
                if cut is None:
                    break
                whole, audio = audio, audio.cut(cut)
                yield _part(source, number, whole, stored, is_last=False)
                number += 1
                if not is_stored:
                    break
                finder = CutFinder(audio_format, split_ms, cut)
                piece = piece.since(cut)
    except BaseException:
        audio.close()
        raise
    yield _part(source, number, audio, stored, is_last=True)


def _stored_cut(source: Source, chunk: Chunk, part: StoredPart) -> int | None:
    """The position at which an earlier run has cut, once that is read."""
    if part.end_ms is None or source.format.samples(part.end_ms) >= chunk.end:
        return None
    return source.format.samples(part.end_ms)


def _part(source: Source, number: int, audio: PartAudio, stored: Sequence[StoredPart], *, is_last: bool) -> SplitPart:
    ms = source.format.ms
    begin_ms = ms(audio.begin)
    end_ms = None
    if not is_last:
        end_ms = ms(audio.end)
    if number >= len(stored):
        return SplitPart(number, begin_ms, end_ms, (), PartSource(source, audio, begin_ms), audio)
    old = stored[number]
    if old.done or old.reached_ms >= ms(audio.end):
        audio.close()
        return SplitPart(number, begin_ms, end_ms, tuple(old.said))
    return SplitPart(number, begin_ms, end_ms, old.kept, PartSource(source, audio, old.reached_ms), audio)
