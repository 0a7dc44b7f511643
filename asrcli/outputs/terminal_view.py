"""The live view on a terminal, drawn by Rich: finals scroll up; below them stay the open sentence and a status bar."""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from typing import TextIO

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderResult
from rich.live import Live
from rich.segment import Segment
from rich.style import Style
from rich.text import Text

from asrcli.core.events import (
    Absent,
    Began,
    Ended,
    Event,
    Final,
    Finished,
    Gap,
    Level,
    Notice,
    Partial,
    Paused,
    Progress,
    Reconnecting,
    Resumed,
)
from asrcli.core.printable import harmless
from asrcli.core.provisional_event import Provisional
from asrcli.core.transcript import Transcript, settled_text, unsettled_text
from asrcli.outputs.formatting import (
    INDENT,
    INTO,
    PROVISIONAL,
    account,
    below,
    folded,
    line,
    pause,
    reconnecting,
    reported,
    spoken_text,
)
from asrcli.outputs.plain_text import LEVELS
from asrcli.outputs.status_bar import StatusBar, decibels
from asrcli.outputs.text_fitting import fit_lines, fit_tail, predictable_width, wrap_text

__all__ = ["TerminalView", "fit_tail"]

REDRAW_EVERY_S = 0.1
READER_TURN_S = 0.3  # how long the screen is left to the reader of our pipe, which may print what it reads
SHOW_CURSOR = b"\x1b[?25h"
UNSETTLED = "dim"
FREE_ROWS = 3  # rows of the screen that always show what was said before
# Events after which the reader of our pipe may print a line on the screen.
ANSWERED = Began | Final | Gap | Notice | Paused | Resumed | Reconnecting | Ended


class TerminalView:
    """An output for a terminal that can redraw. What is above the live line is never changed again.

    Args:
        file: The terminal.
        now: A clock in seconds.
        stamp: Formats the times in front of finals; None leaves them out.
        level: Which notices are shown: 0 warnings, 1 also information, 2 also debugging.
        bar: The status bar.
        finals: Whether finals are printed; if they go into a pipe, its reader may print them on this screen.
        folds: Whether this terminal folds the lines on it when it gets narrower.
        may_draw: Returns whether this process may draw: in the background it may not.
        environment: Says what the terminal can do; None is that of the process.
    """

    passive = True  # it stores nothing: other outputs do
    shows_progress = True  # it wants every Progress, for its status bar

    def __init__(
        self,
        file: TextIO,
        now: Callable[[], float],
        *,
        stamp: Callable[[int], str] | None,
        level: int,
        bar: StatusBar,
        finals: bool = True,
        folds: bool = True,
        may_draw: Callable[[], bool] = lambda: True,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self._console = Console(
            file=file, highlight=False, markup=False, emoji=False, soft_wrap=True, _environ=environment
        )
        self._live = self._unstarted()
        self._now = now
        self._stamp = stamp
        self._level = level
        self._bar = bar
        self._transcript = Transcript()
        self._drawn_at = 0.0
        self._may_draw = may_draw
        self._finals = finals
        self._levels: dict[str, float | None] = {}  # speaker -> dBFS; None without a level
        self._draws_from = 0.0  # until this time the screen is left to another program
        self._gone = False  # whether the terminal is closed
        self._is_handling = False
        self._was_drawn = False  # the live line that `leave` has removed
        self._folds = folds
        self._width = self._console.width
        self._drawn: list[int] = []  # widths in cells of the lines that were drawn last

    def handle(self, event: Event, transcript: Transcript) -> None:
        """Print a final or a notice above the live line; redraw the live line at most ten times a second."""
        self._transcript = transcript
        self._is_handling = True
        try:
            if not self._gone:
                self._show(event)
        except OSError:  # the terminal was closed; the run still ends normally
            self._gone = True
        finally:
            self._is_handling = False

    def _show(self, event: Event) -> None:
        self._follow_speaker(event)
        drawn = self._bar.handle(event) and self._now() >= self._draws_from
        if drawn and not self._live.is_started and self._may_draw():
            self._live.start()
        if not self._finals and isinstance(event, ANSWERED):
            self._stop()
            self._draws_from = self._now() + READER_TURN_S
        self._print_event(event)
        if isinstance(event, Partial | Provisional | Progress | Finished | Level | Paused):
            self._redraw()

    def _print_event(self, event: Event) -> None:
        """Print what stays of an event above the live line."""
        if isinstance(event, Final) and event.text.strip() and self._finals:
            first = line(event, self._stamp)
            self._print("\n".join([first, *below(event, INDENT)]), indent=len(first) - len(spoken_text(event)))
        elif isinstance(event, Gap) and self._finals:
            self._print(line(event, self._stamp), "bold red")
        elif isinstance(event, Notice) and LEVELS[event.level] <= self._level:
            self._print(f"asr: {reported(event.text)}", "yellow")
        elif isinstance(event, Resumed):
            self._print(pause(event, self._stamp), UNSETTLED)
        elif isinstance(event, Reconnecting) and (event.attempt == 1 or self._level > 0):
            self._print(f"asr: {reconnecting(event)}", "yellow")
        elif isinstance(event, Ended):
            self._stop()
            for text in account(event):
                for part in folded(f"asr: {text}", self._console.width - 1):
                    self._print(part, UNSETTLED)

    def _follow_speaker(self, event: Event) -> None:
        """Give each of several speakers a line of its own from its first event on, with a level if it has a device."""
        speaker = getattr(event, "speaker", "")
        if speaker and isinstance(event, Level | Partial | Began):
            self._levels.setdefault(speaker, None)
            if isinstance(event, Level):
                self._levels[speaker] = event.dbfs
        elif speaker and isinstance(event, Absent):
            self._levels[speaker] = None

    def close(self) -> None:
        """Remove the live line and show the cursor again."""
        with suppress(OSError):
            self._stop()

    def leave(self) -> None:
        """Do what `close` does, but from a signal handler, which may interrupt drawing."""
        if self._gone or not self._may_draw():
            return
        self._was_drawn = self._live.is_started
        with suppress(Exception):  # Rich was interrupted, and a second call may fail in any way
            self._stop()
        with suppress(OSError, ValueError):
            os.write(self._console.file.fileno(), SHOW_CURSOR)

    def draw_again(self) -> None:
        """Draw the live line that `leave` has removed; from a signal handler. Events that come draw it as well."""
        if self._was_drawn and not self._is_handling and not self._live.is_started and self._may_draw():
            self._drawn = []
            with suppress(OSError):
                self._live.start(refresh=True)

    def _unstarted(self) -> Live:
        return Live(self, console=self._console, auto_refresh=False, transient=True, redirect_stdout=False)

    def _stop(self) -> None:
        """Remove the live line. Started again, it would erase what others wrote since, so a new one takes its place."""
        live = self._live
        self._live = self._unstarted()
        live.stop()

    def _print(self, text: str, style: str = "", indent: int = 0) -> None:
        """Print lines above the live line; break those that are wider than the screen between words."""
        self._unfold()
        cells = max(1, self._console.width - 1)
        shown = "\n".join(part for row in text.split("\n") for part in wrap_text(row, cells, indent))
        self._console.print(Text(shown, style=style), soft_wrap=True)

    def _redraw(self) -> None:
        if self._live.is_started and self._now() - self._drawn_at >= REDRAW_EVERY_S:
            self._drawn_at = self._now()
            self._unfold()
            if self._may_draw():
                self._live.refresh()
            else:
                self._stop()

    def _unfold(self) -> None:
        """Erase the rows that a terminal folded when it got narrower: Rich knows only the lines that it drew itself."""
        width = self._console.width
        before = self._width
        self._width = width
        if not self._folds or width >= before or not self._drawn or not self._live.is_started:
            return
        rows = sum(max(1, -(-cells // width)) for cells in self._drawn)
        if rows <= len(self._drawn):
            return
        height = self._console.height
        erased = f"\r\x1b[{rows - 1}A\x1b[J"
        if rows >= height:
            # Row by row: what is erased from the top of the screen on stays in what can be scrolled back to.
            erased = "\r\x1b[2K" + "\x1b[A\x1b[2K" * (height - 1)
        self._console.file.write(erased + "\n" * (len(self._drawn) - 1))

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        cells = options.max_width - 1  # some terminals wrap after the last column
        drawn = []
        for shown in self._rows(cells, options.size.height):
            yield from shown
            yield Segment.line()
            drawn.append(Segment.get_line_length(shown))
        bar = list(self._bar.draw(console, self._transcript, cells))
        yield from bar
        # If the window got narrower since `_unfold` looked, the rows that it folded must still be erased.
        if options.max_width >= self._width:
            self._drawn = [*drawn, Segment.get_line_length(bar)]

    def _rows(self, cells: int, height: int) -> Iterator[list[Segment]]:
        """Yield the open sentences of all speakers, each with its translation and provisional text on a row below it.

        Together the sentences have a third of the screen, and with all else that is drawn its height less three rows;
        but each speaker has one row in any case.
        """
        speakers = list(self._levels) or [""]
        below = {speaker: list(self._below(speaker, cells)) for speaker in speakers}
        room = min(height // 3, height - FREE_ROWS - 1 - sum(map(len, below.values())))
        for number, speaker in enumerate(speakers):
            others = len(speakers) - number - 1
            rows = self._sentence(speaker, cells, max(1, room - others))
            yield from rows
            yield from below[speaker]
            room -= len(rows)

    def _sentence(self, speaker: str, cells: int, most: int) -> list[list[Segment]]:
        """Return the end of a speaker's open sentence in at most this many rows, broken between words."""
        spoken = [partial for partial in self._transcript.open.values() if partial.speaker == speaker]
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

    def _below(self, speaker: str, cells: int) -> Iterator[list[Segment]]:
        """Yield what stands below the open sentence of a speaker, on a row each: translation and provisional text."""
        head = self._head(speaker, cells)
        spoken = [partial for partial in self._transcript.open.values() if partial.speaker == speaker]
        if translation := " ".join(predictable_width(harmless(partial.translation)) for partial in spoken).strip():
            shown = INDENT + INTO + "".join(fit_tail("", translation, max(1, cells - cell_len(INDENT + INTO))))
            yield [Segment(shown, Style.parse(UNSETTLED))]
        local = [each.text for each in self._transcript.provisional.values() if each.speaker == speaker]
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
