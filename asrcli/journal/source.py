"""A journal as a source, for audio that has no text yet; and the outputs of a run that continues a session."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from math import inf

from asrcli.core.audio import SAMPLE_BYTES, Chunk
from asrcli.core.event_placement import shift_event
from asrcli.core.events import Began, Ended, Event, Final, Gap, Paused, Resumed
from asrcli.core.interfaces import Output, Source, SourceWrapper
from asrcli.core.transcript import Sentence, Transcript
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
        self._marks = [mark for mark in track.marks if isinstance(mark, Resumed) or _span(mark) not in reported]

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
    if track.doubt is None or track.source.speaker in journal.anew:
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


class ContinuedOutput:
    """An output around another one: it numbers sentences after those that the session already has.

    Args:
        output: Gets the events.
        highest: The highest number of a sentence in the session.
        shift_ms: Added to all times, for an output whose times begin with this run and not with the session.
    """

    def __init__(self, output: Output, highest: int, shift_ms: int = 0) -> None:
        self._output = output
        self._highest = highest
        self._shift_ms = shift_ms
        self.patient = getattr(output, "patient", False)

    def handle(self, event: Event, transcript: Transcript) -> None:
        """Pass the event on, with shifted times and continued numbers."""
        if isinstance(event, Began):
            event = replace(event, begin_ms=max(0, event.begin_ms + self._shift_ms))
        self._output.handle(shift_event(event, self._shift_ms), _renumbered(transcript, self._highest))

    def close(self) -> None:
        """Close the inner output."""
        self._output.close()


class HeldAccount:
    """An output around another one: it holds the account of the run back until `release`.

    In a journal, an account says that all audio was transcribed or named as lost. A run that continues a session may
    end before it has taken all of it.
    """

    patient = True

    def __init__(self, output: Output) -> None:
        self._output = output
        self._held: tuple[Ended, Transcript] | None = None

    def handle(self, event: Event, transcript: Transcript) -> None:
        """Pass the event on, but for the account."""
        if isinstance(event, Ended):
            self._held = event, transcript
        else:
            self._output.handle(event, transcript)

    def release(self) -> None:
        """Pass the account on."""
        if self._held is not None:
            self._output.handle(*self._held)

    def close(self) -> None:
        """Close the inner output."""
        self._output.close()


class WholeOutput:
    """An Output of a new file that hears first what a session has said before, when it is known that more will follow.

    `begun` is called as soon as that is written.
    """

    def __init__(self, output: Output, journal: Journal, begun: Callable[[], None]) -> None:
        self._output = output
        self._begun = begun
        self._journal = journal
        self._is_begun = False
        self.patient = getattr(output, "patient", False)

    def handle(self, event: Event, transcript: Transcript) -> None:
        """As it is, after what was said before."""
        self._output.handle(event, transcript)
        if isinstance(event, Began) and not self._is_begun:
            self._is_begun = True
            for said in _said_before(self._journal):
                if isinstance(said, Gap):
                    self._output.handle(said, Transcript())
                else:
                    self._output.handle(said.final, Transcript(latest=said, highest=said.number))
            self._begun()

    def close(self) -> None:
        """Close the other."""
        self._output.close()


def _said_before(journal: Journal) -> list[Sentence | Gap]:
    """The sentences of a session, and the gaps among them that nobody will hear again, by their times."""
    gaps, _ = _gaps(journal)
    return sorted([*journal.sentences, *gaps], key=_begins_ms)


def has_gaps_to_fill(journal: Journal) -> bool:
    """Whether the session has named audio as lost that is transcribed now: a transcript must not show both."""
    return bool(_gaps(journal)[1])


def _gaps(journal: Journal) -> tuple[list[Gap], list[Gap]]:
    """The gaps of a session that stay, and those whose audio is transcribed when it is continued."""
    deaf = {(track.source.speaker, _span(mark)) for track in journal.tracks for mark in track.marks}
    kept: list[Gap] = []
    left: list[Gap] = []
    for gap in (gap for part in journal.parts for gap in part.gaps):
        stays = gap.begin_ms < journal.final_ms(gap.speaker) or (gap.speaker, _span(gap)) in deaf
        if stays:
            kept.append(gap)
        else:
            left.append(gap)
    return kept, left


def _begins_ms(said: Sentence | Gap) -> int:
    if isinstance(said, Gap):
        return said.begin_ms
    return said.final.begin_ms


def _renumbered(transcript: Transcript, by: int) -> Transcript:
    latest = transcript.latest
    if latest is not None:
        latest = replace(latest, number=latest.number + by)
    numbers = {key: number + by for key, number in transcript.numbers.items()}
    return replace(transcript, latest=latest, highest=transcript.highest + by, numbers=numbers)


def _mark_events(mark: Gap | Resumed) -> list[Event]:
    if isinstance(mark, Gap):
        return [replace(mark, speaker="")]  # the run puts the label on
    return [Paused(mark.begin_ms, mark.muted), replace(mark, speaker="")]


def _span(mark: Gap | Resumed) -> tuple[int, int]:
    return mark.begin_ms, mark.end_ms
