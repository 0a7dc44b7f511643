"""From options to the journal: where it is, what is kept in it, and what a run leaves there for another."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from asrcli.cli import options as o
from asrcli.cli.telling import tell
from asrcli.errors import SourceError, UsageError
from asrcli.events import Notice

if TYPE_CHECKING:
    from asrcli.cli.showing import Showing
    from asrcli.config import Connection, Recognition
    from asrcli.journal.reading import Journal
    from asrcli.journal.shelf import Shelf
    from asrcli.journal.writing import Writing

KEPT = ("append", "partials", "stamp", "template", "capitalize", "max_line", "max_lines")  # of a Showing
JOURNAL_HELP = "Where sessions are kept. Default: the user's state directory."

KeepIn = Annotated[
    Path | None,
    typer.Option(
        "--journal",
        help="Keep the talk here until it has its text (asr resume). Default: the user's state directory.",
        metavar="DIR",
        rich_help_panel=o.OUTPUT,
        show_default=False,
    ),
]
KeepNothing = Annotated[
    bool, typer.Option("--no-journal", help="Keep no journal.", metavar=o.FLAG, rich_help_panel=o.OUTPUT)
]
Folder = Annotated[
    Path | None,
    typer.Option("--journal", help=JOURNAL_HELP, metavar="DIR", rich_help_panel=o.OUTPUT, show_default=False),
]
PlainFolder = Annotated[Path | None, typer.Option("--journal", help=JOURNAL_HELP, metavar="DIR", show_default=False)]


def journal_folder(journal: Path | None, *, no_journal: bool = False) -> Path | None:
    """Where sessions are kept; None keeps none.

    Raises:
        UsageError: here and nowhere.
    """
    from asrcli.journal.shelf import usual_folder

    if no_journal and journal is not None:
        raise UsageError("--journal with --no-journal: the one asks for it, the other not")
    return None if no_journal else (journal or usual_folder()).absolute()


def shelf(journal: Path | None) -> "Shelf":
    """The sessions that are kept."""
    from asrcli.journal.shelf import Shelf, usual_folder

    return Shelf((journal or usual_folder()).absolute())


def opened(path: Path) -> "Journal":
    """The journal, with what is not whole in it told.

    Raises:
        SourceError: nothing of it can be read.
    """
    from asrcli.journal.reading import Journal

    journal = Journal.open(path)
    for damage in journal.damages:
        tell(f"asr: {journal.id}: {damage}; the rest is used")
    return journal


@dataclass
class Keeping:
    """What a run keeps, and in which folder.

    Attributes:
        notify: Tells the listener of the run something.
    """

    folder: Path | None
    writing: "Writing" = field(init=False)

    def __post_init__(self) -> None:
        from asrcli.journal.writing import Writing

        self.writing = Writing()

    @contextmanager
    def during(
        self,
        asked: "Recognition",
        connection: "Connection",
        showing: "Showing",
        notify: Callable[[Notice], None],
        *,
        local: bool,
    ) -> Iterator[None]:
        """Write the journal; say behind it what has no text yet, and how to get it."""
        if self.folder is None:
            yield
            return
        from asrcli.journal.record import Header
        from asrcli.journal.shelf import Limits, Shelf, new_id
        from asrcli.places import WORKSPACE

        now = datetime.now().astimezone()
        service = "" if local else connection.url
        workspace = dict(connection.headers).get(WORKSPACE, "")
        header = Header(now.isoformat(timespec="milliseconds"), asked, (), service, described(showing), workspace)
        folder = self.folder

        def tidy() -> None:
            Shelf(folder).tidy(Limits(), self.writing.path or folder)

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
                tell(f"asr: {problem}")
            if path is not None and self.writing.path is not None:
                _tell_unheard(path, self.folder)


def described(showing: "Showing") -> dict[str, Any]:
    """What a transcript is written as and where, for whoever goes on with it. No command that would be run again."""
    paths = [str(Path(path).absolute()) for path in showing.paths() if path != "-"]
    return {"formats": list(showing.formats), "paths": paths} | {name: getattr(showing, name) for name in KEPT}


def unheard_ms(journal: "Journal") -> int:
    """How much of it has no text yet."""
    return sum(end_ms - begin_ms for track in journal.tracks for begin_ms, end_ms in journal.unheard(track))


def _tell_unheard(path: Path, folder: Path) -> None:
    from asrcli.journal.reading import Journal
    from asrcli.journal.shelf import usual_folder

    try:
        left_ms = unheard_ms(Journal.open(path))
    except SourceError as exc:
        tell(f"asr: {exc}")
        return
    if left_ms:
        where = "" if folder == usual_folder() else f" --journal {folder}"
        tell(f"asr: {left_ms / 1000:.1f} s have no text yet and are kept: asr resume {path.name}{where}")
