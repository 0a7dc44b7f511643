"""The open sentences of a live view: the rows that show what is being said, its translation, and provisional text."""

from collections.abc import Iterator

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style

from asrcli.core.events import Absent, Began, Event, Level, Partial
from asrcli.core.printable import harmless
from asrcli.core.transcript import Transcript, settled_text, unsettled_text
from asrcli.outputs.formatting import INDENT, INTO, PROVISIONAL
from asrcli.outputs.status_bar import decibels
from asrcli.outputs.text_fitting import fit_lines, fit_tail, predictable_width

UNSETTLED = "dim"
FREE_ROWS = 3  # rows of the screen that always show what was said before


class OpenSentences:
    """Shows the open sentence of each speaker. A single speaker has no name."""

    def __init__(self) -> None:
        self._levels: dict[str, float | None] = {}  # speaker -> dBFS; None without a level

    def follow(self, event: Event) -> None:
        """Give each of several speakers a line of its own from its first event on, with a level if it has a device."""
        speaker = getattr(event, "speaker", "")
        if speaker and isinstance(event, Level | Partial | Began):
            self._levels.setdefault(speaker, None)
            if isinstance(event, Level):
                self._levels[speaker] = event.dbfs
        elif speaker and isinstance(event, Absent):
            self._levels[speaker] = None

    def rows(self, transcript: Transcript, cells: int, height: int) -> Iterator[list[Segment]]:
        """Yield the open sentences of all speakers, each with its translation and provisional text on a row below it.

        Together the sentences have a third of the screen, and with all else that is drawn its height less three rows;
        but each speaker has one row in any case.
        """
        speakers = list(self._levels) or [""]
        below = {speaker: list(self._below(transcript, speaker, cells)) for speaker in speakers}
        room = min(height // 3, height - FREE_ROWS - 1 - sum(map(len, below.values())))
        for number, speaker in enumerate(speakers):
            others = len(speakers) - number - 1
            rows = self._sentence(transcript, speaker, cells, max(1, room - others))
            yield from rows
            yield from below[speaker]
            room -= len(rows)

    def _sentence(self, transcript: Transcript, speaker: str, cells: int, most: int) -> list[list[Segment]]:
        """Return the end of a speaker's open sentence in at most this many rows, broken between words."""
        spoken = [partial for partial in transcript.open.values() if partial.speaker == speaker]
        settled, unsettled = settled_text(spoken), unsettled_text(spoken)
        head = self._head(speaker, cells)
        lines = fit_lines(
            predictable_width(harmless(settled)), predictable_width(harmless(unsettled)), cells - cell_len(head), most
        )
        heads = [head] + [" " * cell_len(head)] * (len(lines) - 1)
        dim = Style.parse(UNSETTLED)
        return [
            [Segment(before, dim), Segment(first), Segment(rest, dim)]
            for before, (first, rest) in zip(heads, lines, strict=True)
        ]

    def _below(self, transcript: Transcript, speaker: str, cells: int) -> Iterator[list[Segment]]:
        """Yield what stands below the open sentence of a speaker, on a row each: translation and provisional text."""
        head = self._head(speaker, cells)
        spoken = [partial for partial in transcript.open.values() if partial.speaker == speaker]
        if translation := " ".join(predictable_width(harmless(partial.translation)) for partial in spoken).strip():
            shown = INDENT + INTO + "".join(fit_tail("", translation, max(1, cells - cell_len(INDENT + INTO))))
            yield [Segment(shown, Style.parse(UNSETTLED))]
        local = [each.text for each in transcript.provisional.values() if each.speaker == speaker]
        if provisional := predictable_width(harmless(" ".join(local))).strip():
            room = max(1, cells - cell_len(head + PROVISIONAL))
            shown = head + PROVISIONAL + "".join(fit_tail("", provisional, room))
            yield [Segment(shown, Style.parse(UNSETTLED))]

    def _head(self, speaker: str, cells: int) -> str:
        """Return the speaker and its level, cut to half of the line; empty without a speaker."""
        if not speaker:
            return ""
        level = self._levels.get(speaker)
        name = predictable_width(harmless(speaker))
        heads = []
        if level is not None:
            heads.append(f"{name} {decibels(level):>8}: ")  # always as wide, so that the sentence stays where it is
        heads += [f"{name}: ", f"{''.join(fit_tail('', name, max(1, cells // 2 - 2)))}: "]
        return next((head for head in heads if cell_len(head) <= cells // 2), "")
