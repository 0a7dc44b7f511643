"""Sources for the audio of a session that has no text yet: a journal, or the rest of another source."""

from collections.abc import Iterator
from dataclasses import replace
from math import inf

from asrcli.core.audio import SAMPLE_BYTES, Chunk
from asrcli.core.events import Event, Final, Gap, Paused, Resumed
from asrcli.core.interfaces import Source, SourceWrapper
from asrcli.journal.audio_track import AudioTrack
from asrcli.journal.journal_part import finals_of
from asrcli.journal.reading import Journal
from asrcli.recovery.resume_point import AROUND_MS, resume_point


class JournalSource:
    """The audio of one track of a session from a position on, on the timeline of the session.

    Its pauses are repeated, and those of its gaps that no run has reported yet.
    """

    audio_format = "pcm"
    live = None
    realtime = False

    def __init__(self, journal: Journal, track: AudioTrack, position: int) -> None:
        self.name = track.source.name
        self.speaker = track.source.speaker
        self.format = track.format
        self._track = track
        self.begin_ms = track.format.ms(position)
        self.duration_ms: int | None = track.format.ms(track.end) - self.begin_ms
        self.earlier_finals = finals_of(journal.parts, self.speaker, until_ms=_doubted_ms(journal, track))
        reported = {(gap.begin_ms, gap.end_ms) for gap in journal.gaps if gap.speaker == self.speaker}
        self._marks = [
            mark for mark in track.marks if isinstance(mark, Resumed) or (mark.begin_ms, mark.end_ms) not in reported
        ]

    def chunks(self, start: int) -> Iterator[Chunk | Event]:
        """Yield the audio from position `start` on, with pauses and gaps in their places.

        Raises:
            SourceError: the audio file cannot be read.
        """
        ms = self.format.ms
        marks = iter(sorted((mark for mark in self._marks if mark.end_ms > ms(start)), key=lambda mark: mark.end_ms))
        mark = next(marks, None)
        for chunk in self._track.chunks(start, self._track.end):
            while mark is not None and mark.end_ms <= ms(chunk.position):
                yield from _mark_events(mark)
                mark = next(marks, None)
            yield chunk
        while mark is not None:
            yield from _mark_events(mark)
            mark = next(marks, None)


def _doubted_ms(journal: Journal, track: AudioTrack) -> float:
    """Return from where on the finals of a track do not count any more, because its audio is transcribed again."""
    if track.doubt is None or track.source.speaker in journal.redone_from_ms:
        return inf
    return track.format.ms(track.doubt)


class SkippingSource(SourceWrapper):
    """A source without the audio before a position, which has text already. That audio is read and dropped.

    `earlier_finals` are those of the audio around the position, on the timeline of the source.
    """

    def __init__(self, source: Source, position: int, earlier_finals: tuple[Final, ...] = ()) -> None:
        super().__init__(source)
        self.earlier_finals = earlier_finals
        self._position = max(position, source.format.samples(source.begin_ms))
        self.begin_ms = source.format.ms(self._position)
        self._duration_ms: int | None = None
        if source.duration_ms is not None:
            self._duration_ms = max(0, source.duration_ms + source.begin_ms - self.begin_ms)

    @property
    def duration_ms(self) -> int | None:
        """How much audio is left, in milliseconds; None if the source does not know."""
        return self._duration_ms

    def chunks(self, start: int) -> Iterator[Chunk | Event]:
        """Yield the audio and the events after the position.

        Raises:
            SourceError: the source cannot be read.
        """
        moved = start - self._position
        for item in self._source.chunks(self.format.samples(self._source.begin_ms)):
            if not isinstance(item, Chunk):
                if not isinstance(item, Gap | Resumed) or item.end_ms > self.begin_ms:
                    yield item
            elif item.end > self._position:
                skipped = max(0, self._position - item.position)
                yield replace(item, position=item.position + skipped + moved, pcm=item.pcm[skipped * SAMPLE_BYTES :])


class TranscribedSource(SourceWrapper):
    """A source of which all audio has text already: it yields nothing, at a position behind that text."""

    def __init__(self, source: Source, position: int) -> None:
        super().__init__(source)
        self.begin_ms = source.format.ms(position)

    @property
    def duration_ms(self) -> int:
        """How much audio is left, in milliseconds: none."""
        return 0

    def chunks(self, start: int) -> Iterator[Chunk | Event]:
        """Yield nothing."""
        del start
        return iter(())


def quiet_before(source: Source, position: int) -> int:
    """Return a position in the quiet just before another one: the best place to transcribe a source again from.

    Raises:
        SourceError: the source cannot be read.
    """
    around = source.format.samples(AROUND_MS)
    near: list[Chunk] = []
    for item in source.chunks(source.format.samples(source.begin_ms)):
        if isinstance(item, Chunk) and item.position >= position + around:
            break
        if isinstance(item, Chunk) and item.end > position - around:
            near.append(item)
    return resume_point(near, position, source.format)


def _mark_events(mark: Gap | Resumed) -> list[Event]:
    if isinstance(mark, Gap):
        return [replace(mark, speaker="")]  # the run puts the label on
    return [Paused(mark.begin_ms, mark.muted), replace(mark, speaker="")]
