"""`asr sessions`: what is kept of microphone runs."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from asrcli.cli.options import journal as options_journal
from asrcli.cli.options.confirmation import Yes, confirm
from asrcli.cli.options.logging import Debug, LogFile
from asrcli.cli.options.output import AsJson
from asrcli.core.errors import OutputError, SourceError, UsageError
from asrcli.core.events import Final, Gap

if TYPE_CHECKING:
    from asrcli.journal.directory import JournalDirectory

EXAMPLES = "Examples:\n\nasr sessions\n\nasr sessions show 20261124-2305"


class SessionsAction(StrEnum):
    """What is done with sessions."""

    LIST = "list"
    SHOW = "show"
    DELETE = "delete"


Wanted = Annotated[SessionsAction, typer.Argument(help="What to do.", show_default=False, metavar="[list|show|delete]")]
Ids = Annotated[
    list[str] | None,
    typer.Argument(help="Which: names, or how they begin.", metavar="[ID]...", show_default=False),
]


def sessions(
    action: Wanted = SessionsAction.LIST,
    ids: Ids = None,
    as_json: AsJson = False,
    journal: options_journal.PlainFolder = None,
    yes: Yes = False,
    debug: Debug = False,
    log_file: LogFile = None,
) -> None:
    """List, show or delete what is kept of microphone runs: the audio and its text.

    Finished sessions go by themselves when they take more than 2 GB together, and any after 14 days.
    """
    del debug  # read by the error boundary
    from asrcli.cli.build import run
    from asrcli.cli.render.stdout import print_json

    run.log_to(log_file)
    directory = options_journal.shelf(journal)
    if action is SessionsAction.LIST and ids:
        raise UsageError("list takes no ID", "to see one: asr sessions show ID")
    if action is not SessionsAction.LIST and not ids:
        raise UsageError(f"{action} needs an ID", "asr sessions lists them")
    paths = directory.paths() if action is SessionsAction.LIST else [directory.find(each) for each in ids or []]
    if action is SessionsAction.DELETE:
        _delete(paths, yes=yes)
        return
    if action is SessionsAction.SHOW and len(paths) > 1:
        raise UsageError("show takes one ID")
    described = [_described(path) for path in paths]
    if as_json:
        print_json(described if action is SessionsAction.LIST else described[0])
    elif action is SessionsAction.LIST:
        _table(directory, described)
    else:
        _show(paths[0], described[0])


def _delete(paths: list[Path], *, yes: bool) -> None:
    from asrcli.cli.render.stdout import print_lines
    from asrcli.journal.directory import remove

    confirm(f"delete {', '.join(path.name for path in dict.fromkeys(paths))}", yes=yes)
    for path in dict.fromkeys(paths):
        try:
            remove(path)
        except OSError as exc:
            raise OutputError(str(path), f"cannot be deleted: {(exc.strerror or str(exc)).lower()}") from exc
        print_lines(f"{path.name} deleted")


def _described(path: Path) -> dict[str, Any]:
    """What a program may want to know of a session."""
    from asrcli.journal.directory import JournalState, state
    from asrcli.journal.owned_files import size_bytes
    from asrcli.journal.reading import Journal

    try:
        journal = Journal.open(path)
    except SourceError as exc:
        try:
            size = size_bytes(path)
        except OSError:
            size = 0
        return {"id": path.name, "state": str(JournalState.DAMAGED), "size_bytes": size, "problem": exc.reason}
    files = journal.header.showing.get("paths")
    return {
        "id": journal.id,
        "begun": journal.header.begun,
        "length_ms": journal.captured_ms,
        "sentences": sum(1 for each in journal.sentences if each.number),
        "state": str(state(path, journal)),
        "unheard_ms": options_journal.unheard_ms(journal),
        "size_bytes": journal.size_bytes,
        "model": ", ".join(filter(None, journal.models)) or journal.header.asked.model,
        "service": journal.header.service,
        "sources": [{"name": track.source.name, "speaker": track.source.speaker} for track in journal.tracks],
        "inputs": [one.path for one in journal.header.inputs],
        "outputs": files if isinstance(files, list) else [],
        "damages": journal.damages,
    }


def _table(directory: "JournalDirectory", described: list[dict[str, Any]]) -> None:
    from rich.table import Table

    from asrcli.cli.console import print_message
    from asrcli.cli.render.stdout import print_table
    from asrcli.core.printable import harmless

    if not described:
        print_message(f"asr: no session in {directory.folder}")
        return
    table = Table(box=None, padding=(0, 2, 0, 0))
    for title in ("session", "begun", "length", "sentences", "state", "MB"):
        table.add_column(title, no_wrap=True, justify="right" if title in {"sentences", "MB"} else "left")
    for each in described:
        begun = str(each.get("begun", ""))[:16].replace("T", " ")
        row = [each["id"], begun, _length(each.get("length_ms", 0)), str(each.get("sentences", ""))]
        table.add_row(*map(harmless, row), each["state"], f"{each['size_bytes'] / 1e6:.1f}")
    print_table(table)


def _show(path: Path, described: dict[str, Any]) -> None:
    from asrcli.cli.render.stdout import print_lines
    from asrcli.outputs.formatting import block, clock

    for name in ("id", "begun", "state", "model", "service", "problem"):
        if described.get(name):
            print_lines(f"{name + ':':<10}{described[name]}")
    if "problem" in described:
        return
    journal = options_journal.opened(path)
    left = f", {described['unheard_ms'] / 1000:.1f} s of it without text yet" if described["unheard_ms"] else ""
    devices = f", {len(journal.tracks)} devices" if len(journal.tracks) > 1 else ""
    print_lines(f"length:   {_length(described['length_ms'])}{devices}{left}")
    for one in described["inputs"]:
        print_lines(f"input:    {one}")
    for output in described["outputs"]:
        print_lines(f"output:   {output}")
    spoken: list[Final | Gap] = [each.final for each in journal.sentences if each.number]
    for event in sorted(spoken + list(journal.gaps), key=lambda event: event.begin_ms):
        print_lines(*block(event, clock).split("\n"))


def _length(ms: int) -> str:
    from asrcli.outputs.formatting import clock

    return clock(ms)[:-4]
