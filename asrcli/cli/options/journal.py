"""From options to the journal: where it is, what is kept in it, and what a run leaves there for another."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from asrcli.cli.console import print_message
from asrcli.cli.options.panels import FLAG, OUTPUT
from asrcli.core.errors import SourceError, UsageError
from asrcli.core.events import Notice

if TYPE_CHECKING:
    from asrcli.cli.build.outputs import OutputBuilder
    from asrcli.core.settings import ConnectionSettings, RecognitionSettings
    from asrcli.journal.directory import JournalDirectory
    from asrcli.journal.reading import Journal
    from asrcli.journal.writing import JournalWriter

KEPT = ("append", "partials", "stamp", "template", "capitalize", "max_line", "max_lines")  # of a Showing
JOURNAL_HELP = "Where sessions are kept. Default: the user's state directory."

KeepIn = Annotated[
    Path | None,
    typer.Option(
        "--journal",
        help="Keep the talk here until it has its text (asr resume). Default: the user's state directory.",
        metavar="DIR",
        rich_help_panel=OUTPUT,
        show_default=False,
    ),
]
KeepNothing = Annotated[
    bool, typer.Option("--no-journal", help="Keep no journal.", metavar=FLAG, rich_help_panel=OUTPUT)
]
Folder = Annotated[
    Path | None,
    typer.Option("--journal", help=JOURNAL_HELP, metavar="DIR", rich_help_panel=OUTPUT, show_default=False),
]
PlainFolder = Annotated[Path | None, typer.Option("--journal", help=JOURNAL_HELP, metavar="DIR", show_default=False)]


def journal_folder(journal: Path | None, *, no_journal: bool = False) -> Path | None:
    """Where sessions are kept; None keeps none.

    Raises:
        UsageError: here and nowhere.
    """
    from asrcli.journal.directory import default_folder

    if no_journal and journal is not None:
        raise UsageError("--journal with --no-journal: the one asks for it, the other not")
    return None if no_journal else (journal or default_folder()).absolute()


def shelf(journal: Path | None) -> "JournalDirectory":
    """The sessions that are kept."""
    from asrcli.journal.directory import JournalDirectory, default_folder

    return JournalDirectory((journal or default_folder()).absolute())


def opened(path: Path) -> "Journal":
    """The journal, with what is not whole in it told.

    Raises:
        SourceError: nothing of it can be read.
    """
    from asrcli.journal.reading import Journal

    journal = Journal.open(path)
    for damage in journal.damages:
        print_message(f"asr: {journal.id}: {damage}; the rest is used")
    return journal


@dataclass
class JournalKeeping:
    """What a run keeps, and in which folder.

    Attributes:
        notify: Tells the listener of the run something.
    """

    folder: Path | None
    writing: "JournalWriter" = field(init=False)

    def __post_init__(self) -> None:
        from asrcli.journal.writing import JournalWriter

        self.writing = JournalWriter()

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
        """Write the journal; say behind it what has no text yet, and how to get it."""
        if self.folder is None:
            yield
            return
        from asrcli.dashscope.endpoints import WORKSPACE
        from asrcli.journal.directory import JournalDirectory, RetentionLimits, new_id
        from asrcli.journal.records import JournalHeader

        now = datetime.now().astimezone()
        service = "" if local else connection.url
        workspace = dict(connection.headers).get(WORKSPACE, "")
        header = JournalHeader(
            now.isoformat(timespec="milliseconds"), recognition, (), service, described(output_builder), workspace
        )
        folder = self.folder

        def tidy() -> None:
            JournalDirectory(folder).tidy(RetentionLimits(), self.writing.path or folder)

        try:
            self.writing.open(folder, lambda: new_id(now), header, tidy)
            name = (self.writing.path or folder).name
            notify(Notice("warning", f"the talk is kept on this disk as {name}: see asr sessions"))
        except OSError as exc:
            reason = (exc.strerror or str(exc)).lower()
            notify(Notice("warning", f"no journal is kept: {folder}: {reason}"))
        try:
            yield
        finally:
            path = self.writing.path
            for problem in self.writing.close():
                print_message(f"asr: {problem}")
            if path is not None and self.writing.path is not None:
                _tell_unheard(path, self.folder)


def described(output_builder: "OutputBuilder") -> dict[str, Any]:
    """What a transcript is written as and where, for whoever goes on with it. No command that would be run again."""
    paths = [str(Path(path).absolute()) for path in output_builder.paths() if path != "-"]
    return {"formats": list(output_builder.formats), "paths": paths} | {
        name: getattr(output_builder, name) for name in KEPT
    }


def unheard_ms(journal: "Journal") -> int:
    """How much of it has no text yet."""
    return sum(end_ms - begin_ms for track in journal.tracks for begin_ms, end_ms in journal.unheard(track))


def _tell_unheard(path: Path, folder: Path) -> None:
    from asrcli.journal.directory import default_folder
    from asrcli.journal.reading import Journal

    try:
        left_ms = unheard_ms(Journal.open(path))
    except SourceError as exc:
        print_message(f"asr: {exc}")
        return
    if left_ms:
        where = "" if folder == default_folder() else f" --journal {folder}"
        print_message(f"asr: {left_ms / 1000:.1f} s have no text yet and are kept: asr resume {path.name}{where}")
