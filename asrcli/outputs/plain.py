"""Plain lines: each final once, gaps in their place. For pipes, files and screens that cannot redraw."""

from collections.abc import Callable

from asrcli.events import Ended, Event, Final, Gap, Notice, Partial
from asrcli.outputs.lines import Lines
from asrcli.outputs.text import account, gap_line, harmless, line
from asrcli.transcript import Transcript

LEVELS = {"warning": 0, "info": 1, "debug": 2}


class Plain:
    """Finals as lines of text; partials too where they are asked for, marked by an ellipsis in front."""

    def __init__(self, lines: Lines, *, timestamps: bool, partials: bool) -> None:
        self._lines, self._timestamps, self._partials = lines, timestamps, partials

    def hear(self, event: Event, transcript: Transcript) -> None:
        """Put out what is final."""
        del transcript
        if isinstance(event, Final) and event.text.strip():
            self._lines.write(line(event.begin_ms, event.end_ms, event.text, timestamps=self._timestamps))
        elif isinstance(event, Gap):
            self._lines.write(gap_line(event))
        elif isinstance(event, Partial) and self._partials:
            self._lines.write(f"… {harmless(event.text)}")

    def close(self) -> None:
        """End the file."""
        self._lines.close()


class Status:
    """Notices and the closing account, for standard error. Level 0 shows warnings, 1 information, 2 everything."""

    def __init__(self, write: Callable[[str], None], *, level: int) -> None:
        self._write, self._level = write, level

    def hear(self, event: Event, transcript: Transcript) -> None:
        """Put out what a person should know."""
        del transcript
        if isinstance(event, Notice) and LEVELS[event.level] <= self._level:
            self._write(f"asr: {harmless(event.text)}")
        elif isinstance(event, Ended):
            for said in account(event):
                self._write(f"asr: {said}")

    def close(self) -> None:
        """Nothing to end."""
