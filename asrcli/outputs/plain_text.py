"""Plain lines: each final once, gaps in their place. For pipes, files and screens that cannot redraw."""

from collections.abc import Callable

from asrcli.core.events import Began, Ended, Event, Final, Gap, Notice, Partial, Paused, Reconnecting, Resumed
from asrcli.core.printable import harmless
from asrcli.core.transcript import Transcript
from asrcli.outputs.formatting import INTO, account, pause, reconnecting, reported, translated
from asrcli.outputs.line_writer import LineWriter

LEVELS = {"warning": 0, "info": 1, "debug": 2}


class PlainText:
    """Finals and gaps as lines, written by `render`; partials too where they are asked for, behind an ellipsis."""

    def __init__(
        self, lines: LineWriter, render: Callable[[Final | Gap, int], str], *, partials: bool = False, head: str = ""
    ) -> None:
        self._lines, self._render, self._partials, self._head = lines, render, partials, head
        self._begun = False

    def handle(self, event: Event, transcript: Transcript) -> None:
        """Put out what is final."""
        if isinstance(event, Began) and not self._begun:
            self._begun = True
            self._lines.write(self._head) if self._head else self._lines.begin()
        elif isinstance(event, Gap) or (isinstance(event, Final) and event.text.strip()):
            number = transcript.latest.number if transcript.latest and isinstance(event, Final) else 0
            self._lines.write(self._render(event, number))
        elif isinstance(event, Partial) and self._partials:
            self._lines.write(f"… {harmless(event.text)}")
            if into := translated(event):
                self._lines.write(f"… {INTO}{into}")

    def close(self) -> None:
        """End the file."""
        self._lines.close()


class StatusLines:
    """Notices and the closing account, for standard error. Level 0 shows warnings, 1 information, 2 everything.

    Of the attempts to connect again only the first is told at level 0: those that follow say the same.
    """

    passive = True

    def __init__(self, write: Callable[[str], None], *, level: int) -> None:
        self._write, self._level = write, level

    def handle(self, event: Event, transcript: Transcript) -> None:
        """Put out what a person should know."""
        del transcript
        if isinstance(event, Notice) and LEVELS[event.level] <= self._level:
            self._write(f"asr: {reported(event.text)}")
        elif isinstance(event, Paused | Resumed):
            word = "muted" if event.muted else "paused"
            self._write(f"asr: {word}" if isinstance(event, Paused) else f"asr: {pause(event, None)}")
        elif isinstance(event, Reconnecting) and (event.attempt == 1 or self._level > 0):
            self._write(f"asr: {reconnecting(event)}")
        elif isinstance(event, Ended):
            for said in account(event):
                self._write(f"asr: {said}")

    def close(self) -> None:
        """Nothing to end."""
