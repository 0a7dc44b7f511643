"""The library and a run: it takes the transcript of a run that has ended, if the user wants it. No error ends a run."""

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from asrcli.cli.builders.open_outputs import outputs_with_end
from asrcli.core.dataclass import dataclass, field
from asrcli.core.lazy_module import LazyModule

if TYPE_CHECKING:
    from asrcli.cli.builders import library_writing
    from asrcli.cli.builders.outputs import Opens
    from asrcli.cli.builders.staged_files import Runs
    from asrcli.core.interfaces import Output
    from asrcli.library.library_limits import LibraryLimits
else:  # a run that keeps no transcript does not open the library
    library_writing = LazyModule("asrcli.cli.builders.library_writing")


def is_interactive(level: int | None) -> bool:
    """Whether a person can answer a question: all standard streams are terminals, and this is not a CI job."""
    if level is None or os.environ.get("CI", "").lower() not in {"", "0", "false"}:
        return False
    return all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stdout, sys.stderr))


@dataclass
class LibraryKeeping:
    """Adds the transcripts of one command to the library.

    Attributes:
        wanted: The user keeps transcripts; None if the user has not said.
        limits: What is deleted when a transcript is added.
        service: The address of the service; empty for a recognizer on this machine.
        session_id: The ID of the transcript of a run, by the number of the run; empty for a new one. Where a journal is
            kept it follows from that, so that a later run over the same journal adds nothing twice.
        is_left: Whether a run that ended with an error has left something, so that a later run adds all of it.
        may_ask: A person can be asked.
        question: Asks, and adds the transcript if the answer is yes; None if there is nothing to ask.
    """

    wanted: bool | None
    limits: "LibraryLimits"
    service: str = ""
    session_id: Callable[[int], str] = lambda _: ""
    is_left: Callable[[BaseException | None], bool] = lambda _: False
    may_ask: bool = False
    question: Callable[[], None] | None = field(default=None, init=False)

    def runs(self, runs: "Runs", files: Sequence[Sequence[str]] = ()) -> "Runs":
        """The runs, each of which also leaves its transcript here. `files` are what each of them writes."""
        if not self.wanted and not (self.wanted is None and self.may_ask):
            return runs
        written = [*files, *[()] * len(runs)]
        return [
            (sources, partial(self._collecting, number, opens, tuple(written[number])))
            for number, (sources, opens) in enumerate(runs)
        ]

    @contextmanager
    def _collecting(self, number: int, opens: "Opens", files: tuple[str, ...]) -> "Iterator[list[Output]]":
        collected = library_writing.new_output()
        now = datetime.now().astimezone()

        def at_end(error: BaseException | None) -> None:
            if collected.has_text and not self.is_left(error):
                entry = library_writing.entry_of(collected, self.session_id(number), now, files, self.service)
                if self.wanted:
                    library_writing.add(entry, self.limits)
                elif error is None:
                    self.question = partial(library_writing.ask_once, entry, self.limits)

        with outputs_with_end(opens, at_end) as outputs:
            yield [*outputs, collected]

    def ask(self) -> None:
        """Ask once whether transcripts are kept, after the first run that could be."""
        if self.question is not None:
            self.question()
