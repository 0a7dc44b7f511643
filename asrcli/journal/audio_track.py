"""The audio of one source in a journal: which samples there are, and where they lie on the timeline."""

import sys
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from asrcli.core.audio import SAMPLE_BYTES, Chunk, Format
from asrcli.core.dataclass import dataclass
from asrcli.core.errors import SourceError, system_reason
from asrcli.core.events import Gap, Resumed
from asrcli.journal.owned_files import opened
from asrcli.journal.records import JournalSourceInfo, number, span

READ_MS = 100


@dataclass(frozen=True)
class Stretch:
    """Samples without a jump between them.

    Attributes:
        at: Index of the first sample in the file.
        position: Position of the first sample on the timeline of the run.
        samples: How many there are.
    """

    at: int
    position: int
    samples: int

    @property
    def end(self) -> int:
        """Position after the last sample."""
        return self.position + self.samples


@dataclass(frozen=True)
class AudioTrack:
    """The audio that was captured from one source.

    Attributes:
        cuts: Positions at which the source asked for the sentence to end, in order.
        marks: Gaps (the source had no audio) and pauses (the user wanted nothing heard).
        doubt: Position from which the place of the audio is not certain; None if all of it is.
    """

    source: JournalSourceInfo
    format: Format
    path: Path
    stretches: tuple[Stretch, ...] = ()
    cuts: tuple[int, ...] = ()
    marks: tuple[Gap | Resumed, ...] = ()
    doubt: int | None = None

    @property
    def begin(self) -> int:
        """Position of the first sample."""
        return next((stretch.position for stretch in self.stretches), 0)

    @property
    def end(self) -> int:
        """Position after the last sample."""
        return next((stretch.end for stretch in reversed(self.stretches)), 0)

    def chunks(self, begin: int, end: int) -> Iterator[Chunk]:
        """Yield the audio between two positions. Where the source jumped, the positions jump.

        Raises:
            SourceError: the file cannot be read.
        """
        step = self.format.samples(READ_MS)
        try:
            with opened(self.path) as file:
                for stretch in self.stretches:
                    position = max(begin, stretch.position)
                    while position < min(end, stretch.end):
                        cut = self._next_cut(position)
                        size = min(step, min(end, stretch.end) - position, cut - position)
                        file.seek((stretch.at + position - stretch.position) * SAMPLE_BYTES)
                        pcm = file.read(size * SAMPLE_BYTES)
                        yield Chunk(position, pcm, cut_after=position + size == cut)
                        position += size
        except OSError as exc:
            raise SourceError(str(self.path), system_reason(exc).lower()) from exc

    def _next_cut(self, position: int) -> int:
        """Return the first cut after a position; without one, a position that no audio reaches."""
        number = bisect_right(self.cuts, position)
        if number == len(self.cuts):
            return sys.maxsize
        return self.cuts[number]


class TrackIndex:
    """Builds the stretches of a track from the records of its index.

    Attributes:
        cuts: As in AudioTrack.
        marks: As in AudioTrack.
        problem: What is wrong with the index; empty if nothing is.
        doubt: Index of the sample from which the place on the timeline is not certain; None if all of it is.
    """

    def __init__(self, source: JournalSourceInfo, samples: int) -> None:
        self._source = source
        self._samples = samples
        self._places: list[tuple[int, int]] = []  # index of a sample in the file, its position
        self.cuts: list[int] = []
        self.marks: list[Gap | Resumed] = []
        self.problem = ""
        self.doubt: int | None = None

    def take(self, record: Mapping[str, Any] | None) -> None:
        """Add one record; None stands for a damaged line."""
        try:
            if record is None:
                raise ValueError
            self._take(record)
        except (ValueError, TypeError, KeyError):
            self.problem = "a line of its index makes no sense"
            self._doubt(max((at for at, _ in self._places), default=0))

    def _take(self, record: Mapping[str, Any]) -> None:
        if "at" in record:
            at, position = number(record, "at"), number(record, "position")
            if position < at or (self._places and (at < self._places[-1][0] or position < self._end(at))):
                raise ValueError(at)
            self._places.append((at, position))
        elif "cut" in record:
            self.cuts.append(number(record, "cut"))
        elif "gap" in record:
            self.marks.append(Gap(*span(record["gap"]), str(record.get("reason", "")), self._source.speaker))
        elif "pause" in record:
            self.marks.append(Resumed(*span(record["pause"]), bool(record.get("muted")), self._source.speaker))

    def _end(self, at: int) -> int:
        return self._places[-1][1] + at - self._places[-1][0]

    def _doubt(self, at: int) -> None:
        if self.doubt is None or at < self.doubt:
            self.doubt = at

    def stretches(self) -> tuple[Stretch, ...]:
        """Return where the samples lie. Samples that no record places are put at position 0, to be heard at all."""
        if self._samples and (not self._places or self._places[0][0] > 0):
            self.problem = "its index is missing or damaged: its audio is taken to begin at 0"
            self._doubt(0)
            self._places.insert(0, (0, 0))
        ends = [*(min(at, self._samples) for at, _ in self._places[1:]), self._samples]
        stretches = [Stretch(at, position, end - at) for (at, position), end in zip(self._places, ends, strict=False)]
        return tuple(stretch for stretch in stretches if stretch.samples > 0)
