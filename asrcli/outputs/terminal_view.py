"""The live view on a terminal, drawn by Rich: finals scroll up; below them stay the open sentence and a status bar."""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from typing import TextIO

from rich.console import Console, ConsoleOptions, RenderResult
from rich.live import Live
from rich.segment import Segment
from rich.text import Text

from asrcli.core.events import (
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
from asrcli.core.provisional_event import Provisional
from asrcli.core.transcript import Transcript
from asrcli.outputs.formatting import (
    INDENT,
    account,
    below,
    folded,
    line,
    pause,
    reconnecting,
    reported,
    spoken_text,
)
from asrcli.outputs.open_sentences import OpenSentences
from asrcli.outputs.plain_text import LEVELS
from asrcli.outputs.status_bar import StatusBar
from asrcli.outputs.text_fitting import folded_rows, wrap_text

REDRAW_EVERY_S = 0.1
# After a change of its size a terminal is given this time to come to rest. Until then what is drawn meets rows that are
# folded in another way than is known here: tmux says only every 0.25 s how wide it is, and a network takes its time.
SETTLE_S = 0.3
SETTLE_MOST_S = 2.0  # while a window is pulled at without end, events are shown this late
TICK_S = 1.0  # after a level within this time another one is sure to come soon; nothing waits for what may never come
READER_TURN_S = 0.3  # how long the screen is left to the reader of our pipe, which may print what it reads
SHOW_CURSOR = b"\x1b[?25h"
UNSETTLED = "dim"
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
        undivided: Returns a block within which signals are deferred, unless the terminal takes nothing.
    """

    passive = True
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
        undivided: Callable[[], AbstractContextManager[object]] = nullcontext,
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
        self._sentences = OpenSentences()
        self._draws_from = 0.0  # until this time the screen is left to another program
        self._gone = False  # whether the terminal is closed
        self._undivided = undivided
        self._is_drawing = False
        self._was_drawn = False  # the live line that `leave` has removed
        self._folds = folds
        self._size = self._console.size
        self._resized_at = -SETTLE_S  # when another size was found, in seconds
        self._is_settled = True  # whether its size has stayed the same for some time
        self._level_at = -TICK_S  # when the last level came, in seconds
        self._waiting: list[Event] = []  # to be shown when the terminal has come to rest
        self._waits_since = 0.0
        self._drawn: list[str] = []  # the lines that were drawn last
        self._drawn_width = 0  # of the terminal, in cells, at that time

    def handle(self, event: Event, transcript: Transcript) -> None:
        """Print a final or a notice above the live line; redraw the live line at most ten times a second."""
        self._transcript = transcript
        try:
            if not self._gone:
                if not self._waiting:
                    self._waits_since = self._now()
                self._waiting.append(event)
                if isinstance(event, Level):
                    self._level_at = self._now()
                with self._drawing():
                    is_late = self._now() - self._waits_since >= SETTLE_MOST_S
                    if self._is_settled or is_late or not self._live.is_started or self._is_urgent(event):
                        self._show_waiting()
        except OSError:  # the terminal was closed; the run still ends normally
            self._gone = True

    @contextmanager
    def _drawing(self) -> Iterator[None]:
        with self._undivided():
            self._is_drawing = True
            self._follow_size()
            try:
                yield
            finally:
                self._is_drawing = False

    def _follow_size(self) -> None:
        size = self._console.size
        if size != self._size:
            self._size = size
            if self._now() - self._level_at < TICK_S:
                self._resized_at = self._now()
        self._is_settled = self._now() - self._resized_at >= SETTLE_S

    def _is_urgent(self, event: Event) -> bool:
        """Whether the live line must go now: at the end, or because the reader of our pipe may print something."""
        return isinstance(event, Ended) or (not self._finals and isinstance(event, ANSWERED))

    def _show_waiting(self) -> None:
        while self._waiting:
            self._show(self._waiting.pop(0))

    def _show(self, event: Event) -> None:
        self._sentences.follow(event)
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

    def close(self) -> None:
        """Remove the live line and show the cursor again."""
        with suppress(OSError), self._drawing():
            self._show_waiting()
            self._stop()

    def leave(self) -> None:
        """Do what `close` does, but from a signal handler. A terminal that takes nothing only gets its cursor back."""
        if self._gone or not self._may_draw():
            return
        self._was_drawn = self._live.is_started
        with suppress(Exception):  # Rich may have been interrupted, and may then fail in any way
            if not self._is_drawing:
                self.close()
        with suppress(OSError, ValueError):
            os.write(self._console.file.fileno(), SHOW_CURSOR)

    def draw_again(self) -> None:
        """Draw the live line that `leave` has removed; from a signal handler. Events that come draw it as well."""
        if self._was_drawn and not self._is_drawing and not self._live.is_started and self._may_draw():
            with suppress(OSError), self._drawing():
                self._live.start(refresh=True)

    def _unstarted(self) -> Live:
        return Live(self, console=self._console, auto_refresh=False, transient=True, redirect_stdout=False)

    def _stop(self) -> None:
        """Remove the live line. Started again, it would erase what others wrote since, so a new one takes its place."""
        self._unfold()
        live = self._live
        self._live = self._unstarted()
        live.stop()
        self._drawn = []

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
        """Erase the rows that a terminal folded when it got narrower: Rich knows only the lines that it drew itself.

        A terminal whose size still changes may have fewer of them, and above them are finals. So their rests stay.
        """
        width = self._console.width
        if not self._folds or not self._is_settled or width >= self._drawn_width or not self._live.is_started:
            return
        self._drawn_width = width
        rows = sum(folded_rows(line, width) for line in self._drawn)
        if rows > len(self._drawn):
            # Row by row: what is erased from the top of the screen on, all at once, stays in what can be scrolled back
            # to. A cursor at the bottom may stand near the top: tmux keeps the empty rows below it.
            erased = "\r\x1b[2K" + "\x1b[A\x1b[2K" * (min(rows, self._console.height) - 1)
            self._console.file.write(erased + "\n" * (len(self._drawn) - 1))

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        cells = options.max_width - 1  # some terminals wrap after the last column
        drawn = []
        for shown in self._sentences.rows(self._transcript, cells, options.size.height):
            yield from shown
            yield Segment.line()
            drawn.append("".join(segment.text for segment in shown))
        bar = list(self._bar.draw(console, self._transcript, cells))
        yield from bar
        self._drawn = [*drawn, "".join(segment.text for segment in bar)]
        self._drawn_width = options.max_width
