"""What `asr sessions` does with sessions that it has found: export, keep, delete and purge."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from asrcli.cli.builders.journal_keeping import open_journal, unheard_ms
from asrcli.cli.builders.named_files import check_also_read
from asrcli.cli.builders.outputs import OutputBuilder, run_outputs
from asrcli.cli.builders.transcript_names import named_format
from asrcli.cli.console import print_message
from asrcli.cli.options.confirmation import confirm
from asrcli.cli.options.values import OutputFormat
from asrcli.cli.render.stdout import print_lines
from asrcli.core.errors import OutputError, UsageError, system_reason
from asrcli.core.events import Began
from asrcli.core.printable import quantity
from asrcli.core.transcript import Transcript, fold
from asrcli.journal.directory import remove
from asrcli.journal.lock import in_use
from asrcli.library.library_limits import LibraryLimits
from asrcli.outputs.html.heard_audio import HeardAudio

if TYPE_CHECKING:
    from asrcli.cli.builders.sessions.session_catalogue import CataloguedSession, SessionCatalogue
    from asrcli.library.library_entry import LibraryEntry


def export(
    catalogue: "SessionCatalogue",
    session: "CataloguedSession",
    formats: Sequence[OutputFormat] | None,
    path: str | None,
    *,
    overwrite: bool,
    max_line: int | None = None,
    max_lines: int | None = None,
) -> None:
    """Write the transcript of a session in formats; lines of subtitles get at most these lengths.

    Raises:
        UsageError: options that contradict each other, or a file that must not be replaced.
        SourceError: the session cannot be read.
        OutputError: a file cannot be written.
    """
    entry = catalogue.entry(session)
    by_name = [OutputFormat.TEXT]
    if path is not None and not formats:
        by_name = [named_format(path)]
    builder = OutputBuilder(
        formats=tuple(dict.fromkeys(formats or by_name)), path=path, overwrite=overwrite, plain=True, level=None,
        translated=any(sentence.translation for sentence in entry.sentences), audio_of=_Audio(entry).of,
        atomic=True, max_line=max_line, max_lines=max_lines,
    )  # fmt: skip
    check_also_read(entry.inputs)
    builder.check(entry.inputs)
    if not entry.sentences:
        print_message(f"asr: session {session.id} has no text; {_why_empty(session)}")
    transcript = Transcript()
    with run_outputs(builder, go_on=False) as outputs:
        for event in entry.events:
            transcript = fold(transcript, event)
            for output in outputs:
                output.handle(event, transcript)


class _Audio:
    """Where the audio of a transcript is: in the files that were transcribed, as far as they are still there."""

    def __init__(self, entry: "LibraryEntry") -> None:
        self._files = [Path(path) for path in entry.inputs]
        self._first_ms = next((event.begin_ms for event in entry.events if isinstance(event, Began)), 0)

    def of(self, began: Began) -> HeardAudio | None:
        """The file of a source, and where in it each moment of the transcript is."""
        name = Path(began.source).name
        path = next((path for path in self._files if path.name == name and path.is_file()), None)
        if path is None:
            return None
        zero_ms = began.begin_ms - self._first_ms
        return HeardAudio(path, lambda ms: ms - zero_ms)


def keep(catalogue: "SessionCatalogue", sessions: "Sequence[CataloguedSession]") -> None:
    """Keep transcripts whatever the limits say; one that only the journal has is put into the library.

    Raises:
        SourceError: a session cannot be read, or the library cannot be written.
        UsageError: a session has no text, or is still in use: the library would have a part of its text.
    """
    for session in sessions:
        if session.path is not None and in_use(session.path):
            raise UsageError(f"session {session.id} is in use", "wait until that run has ended")
        if session.kept is None:
            entry = catalogue.entry(session)
            if not entry.sentences:
                raise UsageError(f"session {session.id} has no text to keep", _why_empty(session))
            catalogue.library.add(entry, LibraryLimits(), time.time())
        catalogue.library.keep(session.id, kept=True)
        print_lines(f"{session.id} is kept: no limit deletes its text")


def _why_empty(session: "CataloguedSession") -> str:
    if session.path is not None and unheard_ms(open_journal(session.path)):
        return f"asr resume {session.id} transcribes it"
    return "all of its audio was transcribed, and nobody speaks in it"


def delete(catalogue: "SessionCatalogue", sessions: "Sequence[CataloguedSession]", *, yes: bool) -> None:
    """Delete sessions from the journal and from the library, after a question unless `yes`.

    Raises:
        UsageError: the answer is no, or nobody is there to answer.
        OutputError: a session cannot be deleted.
        SourceError: the library cannot be written.
    """
    confirm(f"delete {', '.join(session.id for session in sessions)}", yes=yes)
    for session in sessions:
        if session.path is not None:
            try:
                remove(session.path)
            except OSError as exc:
                reason = f"cannot be deleted: {system_reason(exc).lower()}"
                raise OutputError(str(session.path), reason) from exc
        if session.kept is not None:
            catalogue.library.delete([session.id])
        print_lines(f"{session.id} deleted")


def purge(catalogue: "SessionCatalogue", limits: LibraryLimits, *, yes: bool) -> None:
    """Delete from the library what the limits do not allow, after a question unless `yes`.

    Raises:
        UsageError: there is no limit, the answer is no, or nobody is there to answer.
        SourceError: the library cannot be read or written.
    """
    if limits == LibraryLimits():
        raise UsageError(
            "purge needs a limit", "as in asr sessions purge --library-max-age 90d; asr config set keeps it"
        )
    expired = catalogue.library.expired(limits, time.time())
    if not expired:
        print_lines("nothing in the library is beyond the limits")
        return
    confirm(f"delete {quantity(len(expired), 'transcript')} from the library: {', '.join(expired)}", yes=yes)
    catalogue.library.delete(expired)
    print_lines(*(f"{session_id} deleted" for session_id in expired))
