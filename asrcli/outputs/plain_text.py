"""Plain lines: each final once, gaps in their place. For pipes, files and terminals that cannot redraw."""

from collections.abc import Callable

from asrcli.core.events import Began, Ended, Event, Final, Gap, Notice, Partial, Paused, Reconnecting, Resumed
from asrcli.core.printable import harmless
from asrcli.core.provisional_event import Provisional
from asrcli.core.transcript import Transcript
from asrcli.outputs.formatting import INTO, PROVISIONAL, account, pause, pause_word, reconnecting, reported, translated
from asrcli.outputs.line_writer import LineWriter

LEVELS = {"warning": 0, "info": 1, "debug": 2}

FIRST_SIGN = 8  # of the attempts to reconnect after the first one: some seconds into an outage


class PlainText:
    """An output that writes finals and gaps as lines.

    Args:
        lines: Where the lines go.
        render: Makes the line of an event and the number of its sentence.
        partials: Whether partials are written too, after an ellipsis.
        head: The first line of the file; empty for none.
    """

    def __init__(
        self, lines: LineWriter, render: Callable[[Final | Gap, int], str], *, partials: bool = False, head: str = ""
    ) -> None:
        self._lines = lines
        self._render = render
        self._partials = partials
        self._head = head
        self._begun = False
        self.accepts_delay = not partials  # else each partial is wanted as it comes

    def handle(self, event: Event, transcript: Transcript) -> None:
        """Write the line of a final or a gap, and of a partial if partials are wanted."""
        if isinstance(event, Began) and not self._begun:
            self._begun = True
            self._lines.begin(self._head)
        elif isinstance(event, Gap) or (isinstance(event, Final) and event.text.strip()):
            number = 0
            if transcript.latest and isinstance(event, Final):
                number = transcript.latest.number
            self._lines.write(self._render(event, number))
        elif isinstance(event, Partial) and self._partials:
            self._lines.write(f"… {harmless(event.text)}")
            if translation := translated(event):
                self._lines.write(f"… {INTO}{translation}")
        elif isinstance(event, Provisional) and self._partials and event.text.strip():
            self._lines.write(f"… {PROVISIONAL}{harmless(event.text).strip()}")

    def close(self) -> None:
        """Close the file."""
        self._lines.close()


class StatusLines:
    """An output that writes notices and the closing account, for standard error.

    Args:
        write: Writes one line.
        level: 0 shows warnings, 1 also information, 2 also debugging. At level 0 not every attempt to connect again is
            shown: most say the same.
    """

    passive = accepts_delay = True

    def __init__(self, write: Callable[[str], None], *, level: int) -> None:
        self._write = write
        self._level = level

    def handle(self, event: Event, transcript: Transcript) -> None:
        """Write the lines of an event that the user should know."""
        del transcript
        if isinstance(event, Notice) and LEVELS[event.level] <= self._level:
            self._write(f"asr: {reported(event.text)}")
        elif isinstance(event, Paused):
            self._write(f"asr: {pause_word(event)}")
        elif isinstance(event, Resumed):
            self._write(f"asr: {pause(event, None)}")
        elif isinstance(event, Reconnecting) and (self._level > 0 or _is_sign_of_life(event.attempt)):
            self._write(f"asr: {reconnecting(event)}")
        elif isinstance(event, Ended):
            for text in account(event):
                self._write(f"asr: {text}")

    def close(self) -> None:
        """Do nothing: there is nothing to close."""


def _is_sign_of_life(attempt: int) -> bool:
    """Whether to show an attempt to reconnect: the first one, then at intervals that double during a long outage."""
    return attempt == 1 or (attempt >= FIRST_SIGN and attempt.bit_count() == 1)
