"""Saves the last words of a transcript if the reader of its pipe is ended by the same Ctrl-C as the run."""

from collections.abc import Callable

from asrcli.core.errors import OutputClosed
from asrcli.core.events import Event, Final, Gap
from asrcli.core.interfaces import Output
from asrcli.core.transcript import Transcript
from asrcli.outputs.formatting import block


class PipelineOutput:
    """An output around another one that writes to a pipe. A closed pipe ends the run, unless the run is ending already.

    In that case the run ends normally: other outputs and the journal get all events, and the sentences that the pipe
    can no longer take are printed for the user.

    Args:
        output: Writes to the pipe.
        ending: Returns whether the user has asked the run to end.
        closed: Called once, when the pipe is closed and the run goes on.
        emit: Prints a line for the user.
        stamp: Formats the times in front of a sentence; None leaves them out.
    """

    def __init__(
        self,
        output: Output,
        ending: Callable[[], bool],
        closed: Callable[[], None],
        emit: Callable[[str], None],
        stamp: Callable[[int], str] | None,
    ) -> None:
        self._output = output
        self._ending = ending
        self._closed = closed
        self._emit = emit
        self._stamp = stamp
        self._is_closed = False
        self.accepts_delay = getattr(output, "accepts_delay", False)

    def handle(self, event: Event, transcript: Transcript) -> None:
        """Pass the event on; once the pipe is closed, print finals and gaps for the user.

        Raises:
            OutputClosed: the pipe is closed and the run was not ending.
        """
        if not self._is_closed:
            try:
                self._output.handle(event, transcript)
                return
            except OutputClosed:
                if not self._ending():
                    raise
                self._is_closed = True
                self._closed()
        if isinstance(event, Gap) or (isinstance(event, Final) and event.text.strip()):
            for line in block(event, self._stamp).splitlines():
                self._emit(line)

    def close(self) -> None:
        """Close the inner output, unless its pipe is closed already."""
        if not self._is_closed:
            self._output.close()
