"""The live line on a terminal, drawn by Rich: finals scroll up once, below them stay the open sentence and a bar."""

import os
from collections.abc import Callable
from contextlib import suppress
from typing import TextIO

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderResult
from rich.live import Live
from rich.segment import Segment
from rich.style import Style
from rich.text import Text

from asrcli.events import (
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
from asrcli.outputs.bars import Bar
from asrcli.outputs.plain import LEVELS
from asrcli.outputs.text import BELOW, INTO, account, below, folded, harmless, line, pause, reconnecting
from asrcli.transcript import Transcript

REDRAW_EVERY_S = 0.1
SHOW_CURSOR = b"\x1b[?25h"
UNSETTLED = "dim"


def tail(settled: str, unsettled: str, cells: int) -> tuple[str, str]:
    """The end of the text that fits into so many terminal cells, cut from the left behind an ellipsis.

    A character two cells wide is never halved: where it does not fit, the line is one cell shorter.
    """
    if cell_len(settled + unsettled) <= cells:
        return settled, unsettled
    room, kept = cells - 1, 0
    for character in reversed(settled + unsettled):
        room -= cell_len(character)
        if room < 0:
            break
        kept += 1
    from_unsettled = min(kept, len(unsettled))
    rest = kept - from_unsettled
    shown = unsettled[len(unsettled) - from_unsettled :]
    return "…" + (settled[len(settled) - rest :] if rest else ""), shown


class Terminal:
    """An Output for a screen that can redraw. Nothing above the live line is ever touched again."""

    def __init__(
        self,
        file: TextIO,
        now: Callable[[], float],
        *,
        stamp: Callable[[int], str] | None,
        level: int,
        bar: Bar,
        folds: bool = True,
        ours: Callable[[], bool] = lambda: True,
    ) -> None:
        self._console = Console(file=file, highlight=False, markup=False, emoji=False, soft_wrap=True)
        self._live = Live(self, console=self._console, auto_refresh=False, transient=True, redirect_stdout=False)
        self._now, self._stamp, self._level, self._bar = now, stamp, level, bar
        self._transcript = Transcript()
        self._drawn_at = 0.0
        self._ours = ours  # whether we may draw: not in the background
        self._gone = False  # there is no terminal any more
        self._folds = folds  # this terminal folds what is on it when it gets narrower
        self._width = self._console.width
        self._drawn: list[int] = []  # cells of the lines drawn last

    def hear(self, event: Event, transcript: Transcript) -> None:
        """Print what is settled above the live line, redraw the rest at most ten times a second."""
        self._transcript = transcript
        try:
            if not self._gone:
                self._show(event)
        except OSError:  # it was closed; the run ends in order all the same
            self._gone = True

    def _show(self, event: Event) -> None:
        if self._bar.hear(event) and not self._live.is_started and self._ours():
            self._live.start()
        if isinstance(event, Final) and event.text.strip():
            self._print("\n".join([line(event, self._stamp), *below(event, BELOW)]))
        elif isinstance(event, Gap):
            self._print(line(event, self._stamp), "bold red")
        elif isinstance(event, Notice) and LEVELS[event.level] <= self._level:
            self._print(f"asr: {harmless(event.text)}", "yellow")
        elif isinstance(event, Resumed):
            self._print(pause(event, self._stamp), UNSETTLED)
        elif isinstance(event, Reconnecting) and (event.attempt == 1 or self._level > 0):
            self._print(f"asr: {reconnecting(event)}", "yellow")
        elif isinstance(event, Ended):
            self._live.stop()
            for told in account(event):
                for part in folded(f"asr: {told}", self._console.width - 1):
                    self._print(part, UNSETTLED)
        if isinstance(event, Partial | Progress | Finished | Level | Paused):
            self._redraw()

    def close(self) -> None:
        """Take the live line away; the cursor comes back."""
        with suppress(OSError):
            self._live.stop()

    def leave(self) -> None:
        """Give the screen back at once, as `close` does, in the middle of whatever is being drawn: for signals."""
        if self._gone or not self._ours():
            return
        with suppress(Exception):  # the library was interrupted, and may not bear to be called again
            self._live.stop()
        with suppress(OSError, ValueError):
            os.write(self._console.file.fileno(), SHOW_CURSOR)

    def _print(self, text: str, style: str = "") -> None:
        self._unfold()
        self._console.print(Text(text, style=style), soft_wrap=True)

    def _redraw(self) -> None:
        if self._live.is_started and self._now() - self._drawn_at >= REDRAW_EVERY_S:
            self._drawn_at = self._now()
            self._unfold()
            self._live.refresh() if self._ours() else self._live.stop()

    def _unfold(self) -> None:
        """Take away what a terminal that got narrower has folded: Rich knows only of the lines that it drew."""
        width, before = self._console.width, self._width
        self._width = width
        if not self._folds or width >= before or not self._drawn or not self._live.is_started:
            return
        rows = sum(max(1, -(-cells // width)) for cells in self._drawn)
        if rows > len(self._drawn):
            self._console.file.write(f"\r\x1b[{rows - 1}A\x1b[J" + "\n" * (len(self._drawn) - 1))

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        cells = options.max_width - 1  # the last column makes some terminals wrap
        settled, unsettled = tail(harmless(self._transcript.settled), harmless(self._transcript.unsettled), cells)
        yield Segment(settled)
        yield Segment(unsettled, Style.parse(UNSETTLED))
        yield Segment.line()
        drawn = [cell_len(settled + unsettled)]
        if translation := harmless(self._transcript.translation).strip():
            shown = BELOW + INTO + "".join(tail("", translation, max(1, cells - cell_len(BELOW + INTO))))
            yield Segment(shown, Style.parse(UNSETTLED))
            yield Segment.line()
            drawn.append(cell_len(shown))
        bar = list(self._bar.draw(console, self._transcript, cells))
        yield from bar
        self._drawn = [*drawn, Segment.get_line_length(bar)]
