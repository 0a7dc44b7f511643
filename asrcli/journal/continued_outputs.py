"""Outputs around other outputs, for a run that continues a session: one numbering, and one account."""

from collections.abc import Callable
from dataclasses import replace

from asrcli.core.event_placement import shift_event
from asrcli.core.events import Began, Ended, Event, Gap, Resumed
from asrcli.core.interfaces import Output
from asrcli.core.transcript import Sentence, Transcript
from asrcli.journal.reading import Journal


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
        self.accepts_delay = getattr(output, "accepts_delay", False)

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

    accepts_delay = True

    def __init__(self, output: Output) -> None:
        self._output = output
        self._held: tuple[Ended, Transcript] | None = None

    def handle(self, event: Event, transcript: Transcript) -> None:
        """Pass the event on, unless it is the account of the run."""
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


class RewrittenOutput:
    """An output to a new file, which first gets what the session already has, once it is known that more will follow.

    `begun` is called as soon as that is written.
    """

    def __init__(self, output: Output, journal: Journal, begun: Callable[[], None]) -> None:
        self._output = output
        self._begun = begun
        self._journal = journal
        self._is_begun = False
        self.accepts_delay = getattr(output, "accepts_delay", False)

    def handle(self, event: Event, transcript: Transcript) -> None:
        """Pass the event on, after the earlier sentences and gaps of the session."""
        self._output.handle(event, transcript)
        if isinstance(event, Began) and not self._is_begun:
            self._is_begun = True
            for entry in _earlier_entries(self._journal):
                if isinstance(entry, Gap):
                    self._output.handle(entry, Transcript())
                else:
                    self._output.handle(entry.final, Transcript(latest=entry, highest=entry.number))
            self._begun()

    def close(self) -> None:
        """Close the inner output."""
        self._output.close()


def _earlier_entries(journal: Journal) -> list[Sentence | Gap]:
    """Return the sentences of a session, and its gaps that will not be transcribed again, ordered by time."""
    gaps, _ = _gaps(journal)
    return sorted([*journal.sentences, *gaps], key=_begin_ms)


def has_gaps_to_fill(journal: Journal) -> bool:
    """Whether the session has named audio as lost that is transcribed now: a transcript must not show both."""
    return bool(_gaps(journal)[1])


def _gaps(journal: Journal) -> tuple[list[Gap], list[Gap]]:
    """Return the gaps of a session that stay, and those whose audio is transcribed when it is continued."""
    not_captured = {(track.source.speaker, _span(mark)) for track in journal.tracks for mark in track.marks}
    kept: list[Gap] = []
    left: list[Gap] = []
    for gap in (gap for part in journal.parts for gap in part.gaps):
        stays = gap.begin_ms < journal.final_ms(gap.speaker) or (gap.speaker, _span(gap)) in not_captured
        if stays:
            kept.append(gap)
        else:
            left.append(gap)
    return kept, left


def _begin_ms(entry: Sentence | Gap) -> int:
    if isinstance(entry, Gap):
        return entry.begin_ms
    return entry.final.begin_ms


def _renumbered(transcript: Transcript, by: int) -> Transcript:
    latest = transcript.latest
    if latest is not None:
        latest = replace(latest, number=latest.number + by)
    numbers = {key: number + by for key, number in transcript.numbers.items()}
    return replace(transcript, latest=latest, highest=transcript.highest + by, numbers=numbers)


def _span(mark: Gap | Resumed) -> tuple[int, int]:
    return mark.begin_ms, mark.end_ms
