"""The library and a run: it takes the transcript of a run that has ended, if the user wants it. No error ends a run."""

import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from asrcli.cli.advice import described
from asrcli.cli.console import print_message
from asrcli.core.errors import AsrError, SourceError, bare_url
from asrcli.core.events import Began, Event
from asrcli.journal.directory import new_id
from asrcli.journal.reading import Journal

if TYPE_CHECKING:
    from asrcli.cli.builders.outputs import Opens
    from asrcli.cli.builders.staged_files import Runs
    from asrcli.core.interfaces import Output
    from asrcli.library.library_entry import LibraryEntry
    from asrcli.library.library_limits import LibraryLimits
    from asrcli.library.library_output import LibraryOutput
    from asrcli.library.transcript_library import TranscriptLibrary

QUESTION = "keep finished transcripts on this disk, so that asr search finds their words"
KEPT = "this transcript and all later ones are in the library; asr config set library off ends that"
NOT_KEPT = "not kept, and you are not asked again; asr config set library on begins it"


def transcript_library() -> "TranscriptLibrary":
    """The library of the user."""
    from asrcli.library.library_file import library_path
    from asrcli.library.transcript_library import TranscriptLibrary

    return TranscriptLibrary(library_path(), lambda text: print_message(f"asr: {text}"))


def can_ask(level: int | None) -> bool:
    """Whether somebody is there who can answer a question: all three are terminals, and no machine runs this."""
    if level is None or os.environ.get("CI", "").lower() not in {"", "0", "false"}:
        return False
    return all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stdout, sys.stderr))


@dataclass
class LibraryKeeping:
    """What the library takes of the runs of one command.

    Attributes:
        wanted: The user keeps transcripts; None where the user has not said.
        limits: What is deleted when a transcript is added.
        service: The address of the service; empty for a recognizer on this machine.
        session_id: The ID of the journal of the only run, which its transcript gets too; empty without one.
        is_left: Whether a run that ended with an error has left something, so that a later run adds all of it.
        may_ask: Somebody is there who can be asked.
        unanswered: The transcript that is added if the answer is yes.
    """

    wanted: bool | None
    limits: "LibraryLimits"
    service: str = ""
    session_id: Callable[[], str] = lambda: ""
    is_left: Callable[[BaseException | None], bool] = lambda _: False
    may_ask: bool = False
    unanswered: "LibraryEntry | None" = field(default=None, init=False)

    def runs(self, runs: "Runs", files: Sequence[Sequence[str]] = ()) -> "Runs":
        """The runs, each of which also leaves its transcript here. `files` are what each of them writes."""
        if not self.wanted and not (self.wanted is None and self.may_ask):
            return runs
        written = [*files, *[()] * len(runs)]
        return [
            (sources, partial(self._collecting, opens, tuple(written[number])))
            for number, (sources, opens) in enumerate(runs)
        ]

    @contextmanager
    def _collecting(self, opens: "Opens", files: tuple[str, ...]) -> "Iterator[list[Output]]":
        from asrcli.library.library_output import LibraryOutput

        collected = LibraryOutput()
        now = datetime.now().astimezone()
        error: BaseException | None = None
        try:
            with opens() as outputs:
                yield [*outputs, collected]
        except BaseException as exc:
            error = exc
            raise
        finally:
            if collected.has_text and not self.is_left(error):
                entry = self.entry(collected, self.session_id() or new_id(now), now, files)
                if self.wanted:
                    self.add(entry)
                elif error is None:
                    self.unanswered = entry

    def entry(
        self, collected: "LibraryOutput", session_id: str, begun: datetime, files: Sequence[str] = ()
    ) -> "LibraryEntry":
        """What was collected, as a transcript of the library."""
        from asrcli.library.library_entry import LibraryEntry

        events = collected.events()
        when = begun.isoformat(timespec="milliseconds")
        return LibraryEntry(session_id, when, events, _inputs(events), tuple(files), bare_url(self.service))

    def add(self, entry: "LibraryEntry") -> None:
        """Add a transcript. Where that is not possible, one line says so, and nothing else changes."""
        try:
            transcript_library().add(entry, self.limits, time.time())
        except SourceError as exc:
            print_message(f"asr: {exc}; this transcript is not in the library")

    def add_journal(self, path: Path, stage: int | None = None) -> None:
        """Add what the journal of a session holds, or one of its stages."""
        from asrcli.library.library_entry import entry_of_journal

        if not self.wanted:
            return
        try:
            journal = Journal.open(path)
        except SourceError as exc:
            print_message(f"asr: {described(exc)}; this transcript is not in the library")
            return
        session_id = journal.id if not stage else new_id(datetime.now().astimezone())
        entry = entry_of_journal(journal, session_id, stage)
        if entry.sentences:
            self.add(entry)

    def ask(self) -> None:
        """Ask once whether transcripts are kept, after the first run that could be, and remember the answer."""
        if self.unanswered is None:
            return
        from asrcli.cli.builders.configuration import set_option
        from asrcli.cli.options.confirmation import is_confirmed

        is_wanted = is_confirmed(QUESTION)
        try:
            set_option(["library", "on" if is_wanted else "off"], None)
        except AsrError as exc:  # what was transcribed is there all the same
            print_message(f"asr: the answer is not remembered: {described(exc)}")
        if is_wanted:
            self.add(self.unanswered)
        print_message(f"asr: {KEPT if is_wanted else NOT_KEPT}")


@contextmanager
def then(
    opens: "Opens", is_left: Callable[[BaseException | None], bool], keep: Callable[[], None]
) -> "Iterator[list[Output]]":
    """The outputs of a run; after it `keep` is called, unless the run has left something for a later one."""
    error: BaseException | None = None
    try:
        with opens() as outputs:
            yield outputs
    except BaseException as exc:
        error = exc
        raise
    finally:
        if not is_left(error):
            keep()


def _inputs(events: Sequence[Event]) -> tuple[str, ...]:
    """The files among the sources, as absolute paths."""
    names = dict.fromkeys(event.source for event in events if isinstance(event, Began))
    return tuple(str(Path(name).absolute()) for name in names if Path(name).is_file())
