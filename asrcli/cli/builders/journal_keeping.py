"""From options to the journal of a microphone run: its folder, its header, and the message about audio without text."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from asrcli.cli.advice import described
from asrcli.cli.console import print_message
from asrcli.core.dataclass import dataclass, field
from asrcli.core.errors import SourceError, UsageError, system_reason
from asrcli.core.events import Notice
from asrcli.core.lazy_module import LazyModule
from asrcli.dashscope.endpoints import WORKSPACE
from asrcli.journal.directory import JournalDirectory, RetentionLimits, default_folder, new_id
from asrcli.journal.records import JournalHeader
from asrcli.outputs.line_writer import STDOUT
from asrcli.outputs.output_paths import is_device

if TYPE_CHECKING:
    from asrcli.cli.builders.outputs import OutputBuilder
    from asrcli.core.settings import ConnectionSettings, RecognitionSettings
    from asrcli.journal import reading
    from asrcli.journal import writing as journal_writing
else:  # a new run reads no journal, and one with --no-journal writes none
    reading = LazyModule("asrcli.journal.reading")
    journal_writing = LazyModule("asrcli.journal.writing")

# The attributes of OutputBuilder that the header keeps.
KEPT = ("append", "partials", "stamp", "template", "capitalize", "max_line", "max_lines", "embed_audio")


def journal_folder(journal: Path | None, *, no_journal: bool = False) -> Path | None:
    """The folder of the journals; None if no journal is kept.

    Raises:
        UsageError: --journal and --no-journal are both given.
    """
    if no_journal and journal is not None:
        raise UsageError("--journal and --no-journal are both given")
    if no_journal:
        return None
    return (journal or default_folder()).absolute()


def journal_directory(journal: Path | None) -> "JournalDirectory":
    """The directory of all recorded sessions."""
    return JournalDirectory((journal or default_folder()).absolute())


def open_journal(path: Path) -> "reading.Journal":
    """Read a journal, and print which parts of it are damaged.

    Raises:
        SourceError: none of it can be read.
    """
    journal = reading.Journal.open(path)
    for damage in journal.damages:
        print_message(f"asr: {journal.id}: {damage}; the rest is used")
    return journal


@dataclass
class JournalKeeping:
    """The journal of a microphone run in a folder; without a folder none is kept."""

    folder: Path | None
    writing: "journal_writing.JournalWriter" = field(init=False)

    def __post_init__(self) -> None:
        self.writing = journal_writing.JournalWriter()

    @contextmanager
    def recording(
        self,
        recognition: "RecognitionSettings",
        connection: "ConnectionSettings",
        output_builder: "OutputBuilder",
        notify: Callable[[Notice], None],
        *,
        local: bool,
    ) -> Iterator[None]:
        """Write the journal during the block; after it print how much audio has no text, and how to get it."""
        if self.folder is None:
            yield
            return

        now = datetime.now().astimezone()
        showing = described_outputs(output_builder) | append_sizes(output_builder, output_builder.paths())
        header = new_header(now, recognition, connection, showing, local=local)
        folder = self.folder

        def tidy() -> None:
            JournalDirectory(folder).tidy(RetentionLimits(), self.writing.path or folder)

        try:
            self.writing.open(folder, lambda: new_id(now), header, tidy)
            name = (self.writing.path or folder).name
            self.writing.announce(f"the talk is kept on this disk as {name}: see asr sessions")
        except OSError as exc:
            notify(Notice("warning", f"no journal is kept: {folder}: {system_reason(exc).lower()}"))
        try:
            yield
        finally:
            path = self.writing.path
            for problem in self.writing.close():
                print_message(f"asr: {problem}")
            if path is not None and self.writing.path is not None:
                print_untranscribed(path, self.writing.recorder.failed)


def new_header(
    now: datetime,
    recognition: "RecognitionSettings",
    connection: "ConnectionSettings",
    showing: dict[str, Any],
    *,
    local: bool,
    **files: Any,
) -> JournalHeader:
    """The header of a journal that begins `now`.

    Args:
        now: The time, with its zone.
        recognition: The settings of the recognition.
        connection: The service; its workspace is kept where it is in a header.
        showing: The outputs, as `described_outputs` gives them.
        local: The service is the embedded recognizer, whose address ends with the run.
        files: The fields of a header about the files of a run that keeps no samples.
    """
    service = "" if local else connection.url
    workspace = dict(connection.headers).get(WORKSPACE, "")
    return JournalHeader(now.isoformat(timespec="milliseconds"), recognition, (), service, showing, workspace, **files)


def described_outputs(output_builder: "OutputBuilder") -> dict[str, Any]:
    """Formats and files of a transcript for the header of a journal, without --exec: resume must not run it again."""
    paths = [str(Path(path).absolute()) for path in output_builder.paths() if path != "-"]
    return {"formats": list(output_builder.formats), "paths": paths} | {
        name: getattr(output_builder, name) for name in KEPT
    }


def append_sizes(output_builder: "OutputBuilder", files: Iterable[str]) -> dict[str, Any]:
    """The sizes of the files that are appended to, in bytes, so that a later run knows what this one has written."""
    if not output_builder.append:
        return {}
    there = (Path(file).absolute() for file in files)
    return {"appended_from": {str(file): file.stat().st_size for file in there if file.is_file()}}


def unheard_ms(journal: "reading.Journal") -> int:
    """How many milliseconds of the recorded audio have no text yet."""
    return sum(end_ms - begin_ms for track in journal.tracks for begin_ms, end_ms in journal.unheard(track))


def how_to_get_words(path: Path, failed: Sequence[str]) -> str:
    """How to get the words of the session in `path`, outputs of which have failed; an empty string without any."""
    if not failed:
        return ""
    if any(name != STDOUT and not is_device(Path(name)) for name in failed):
        return f"to rewrite the transcript with all its words: {session_command('resume', path)}"
    # A terminal or a pipe cannot be rewritten.
    return f"to see its words: {session_command('sessions show', path)}"


def print_untranscribed(path: Path, failed: Sequence[str]) -> None:
    """Print how to get the text of audio that has none yet, or the words of outputs that have failed."""
    try:
        left_ms = unheard_ms(reading.Journal.open(path))
    except SourceError as exc:
        print_message(f"asr: {described(exc)}")
        return
    if left_ms:
        print_message(f"asr: {left_ms / 1000:.1f} s have no text yet and are kept: {session_command('resume', path)}")
    elif words := how_to_get_words(path, failed):
        print_message(f"asr: {words}")


def session_command(command: str, path: Path) -> str:
    """The command line of a command that takes the session in this folder."""
    line = f"asr {command} {path.name}"
    if path.parent != default_folder():
        line += f" --journal {path.parent}"
    return line
