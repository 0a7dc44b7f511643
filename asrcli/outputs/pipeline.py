"""A transcript into a pipe whose reader may die of the same Ctrl-C that asks us to finish: its last words are saved."""

from collections.abc import Callable

from asrcli.core.errors import OutputClosed
from asrcli.core.events import Event, Final, Gap
from asrcli.core.interfaces import Output
from asrcli.core.transcript import Transcript
from asrcli.outputs.formatting import block


class PipelineOutput:
    """An Output around another. A pipe that closes ends the run, unless its end was asked for already.

    Then the run comes to its end in order: other outputs and the journal get all of it, and what the pipe can no longer
    take is told.

    Args:
        asked: Whether the end has been asked for.
        closed: Called once, when the pipe is closed and the run goes on.
        tell: Takes lines for a person.
        stamp: Makes the times before a sentence.
    """

    def __init__(
        self,
        output: Output,
        asked: Callable[[], bool],
        closed: Callable[[], None],
        tell: Callable[[str], None],
        stamp: Callable[[int], str] | None,
    ) -> None:
        self._output, self._asked, self._closed, self._tell, self._stamp = output, asked, closed, tell, stamp
        self._gone = False

    def handle(self, event: Event, transcript: Transcript) -> None:
        """Put it out, or tell it."""
        if not self._gone:
            try:
                self._output.handle(event, transcript)
                return
            except OutputClosed:
                if not self._asked():
                    raise
                self._gone = True
                self._closed()
        if isinstance(event, Gap) or (isinstance(event, Final) and event.text.strip()):
            for line in block(event, self._stamp).splitlines():
                self._tell(line)

    def close(self) -> None:
        """As the output does."""
        if not self._gone:
            self._output.close()
