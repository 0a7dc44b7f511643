"""The recorded sessions: a table of all, a page about one, JSON for programs, and the deletion of some."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from asrcli.cli.advice import advice_for
from asrcli.cli.builders.journal_keeping import open_journal, unheard_ms
from asrcli.cli.console import print_message
from asrcli.cli.options.confirmation import confirm
from asrcli.cli.render.stdout import print_json, print_lines
from asrcli.core.errors import OutputError, SourceError, system_reason
from asrcli.core.printable import harmless
from asrcli.journal.directory import JournalState, remove, state
from asrcli.journal.owned_files import size_bytes
from asrcli.journal.reading import Journal
from asrcli.outputs.formatting import block, clock

if TYPE_CHECKING:
    from asrcli.core.events import Final, Gap
    from asrcli.journal.directory import JournalDirectory


def print_all(directory: "JournalDirectory", *, as_json: bool) -> None:
    """Print all sessions of a directory."""
    sessions = [describe(path) for path in directory.paths()]
    if as_json:
        print_json(sessions)
    elif sessions:
        _print_table(sessions)
    else:
        print_message(f"asr: no session in {directory.folder}")


def print_one(path: Path, *, as_json: bool) -> None:
    """Print what is known of one session, and its transcript."""
    session = describe(path)
    if as_json:
        print_json(session)
        return
    for name in ("id", "begun", "state", "model", "engine", "service", "problem"):
        if session.get(name):
            print_lines(f"{name + ':':<10}{session[name]}")
    if "problem" in session:
        return
    journal = open_journal(path)
    length = _length(session["length_ms"])
    if len(journal.tracks) > 1:
        length += f", {len(journal.tracks)} devices"
    if session["unheard_ms"]:
        length += f", {session['unheard_ms'] / 1000:.1f} s of it without text yet"
    print_lines(f"length:   {length}")
    for source_path in session["inputs"]:
        print_lines(f"input:    {source_path}")
    for output in session["outputs"]:
        print_lines(f"output:   {output}")
    events: list[Final | Gap] = [sentence.final for sentence in journal.sentences if sentence.number]
    for event in sorted(events + list(journal.gaps), key=lambda event: event.begin_ms):
        print_lines(*block(event, clock).split("\n"))


def delete(paths: list[Path], *, yes: bool) -> None:
    """Delete sessions, after a question unless `yes`.

    Raises:
        UsageError: the answer is no, or nobody is there to answer.
        OutputError: a session cannot be deleted.
    """
    paths = list(dict.fromkeys(paths))
    confirm(f"delete {', '.join(path.name for path in paths)}", yes=yes)
    for path in paths:
        try:
            remove(path)
        except OSError as exc:
            raise OutputError(str(path), f"cannot be deleted: {system_reason(exc).lower()}") from exc
        print_lines(f"{path.name} deleted")


def describe(path: Path) -> dict[str, Any]:
    """A session as `asr sessions --json` prints it; if it cannot be read, only its ID, size and problem."""
    try:
        journal = Journal.open(path)
    except SourceError as exc:
        try:
            size = size_bytes(path)
        except OSError:
            size = 0
        problem = "; ".join(filter(None, (exc.reason, advice_for(exc))))
        return {"id": path.name, "state": str(JournalState.DAMAGED), "size_bytes": size, "problem": problem}
    outputs = journal.header.showing.get("paths")
    return {
        "id": journal.id,
        "begun": journal.header.begun,
        "length_ms": journal.captured_ms,
        "sentences": sum(1 for sentence in journal.sentences if sentence.number),
        "state": str(state(path, journal)),
        "unheard_ms": unheard_ms(journal),
        "size_bytes": journal.size_bytes,
        "model": ", ".join(filter(None, journal.models)) or journal.header.asked.model,
        "engine": ", ".join(filter(None, journal.engines)),
        "service": journal.header.service,
        "sources": [{"name": track.source.name, "speaker": track.source.speaker} for track in journal.tracks],
        "inputs": [one.path for one in journal.header.inputs],
        "outputs": outputs if isinstance(outputs, list) else [],
        "damages": journal.damages,
    }


def _print_table(sessions: list[dict[str, Any]]) -> None:
    from asrcli.cli.render.tables import new_table, print_table

    table = new_table()
    table.add_column("session", no_wrap=True)
    table.add_column("begun", no_wrap=True)
    table.add_column("length", no_wrap=True)
    table.add_column("sentences", no_wrap=True, justify="right")
    table.add_column("state", no_wrap=True)
    table.add_column("MB", no_wrap=True, justify="right")
    for session in sessions:
        begun = str(session.get("begun", ""))[:16].replace("T", " ")
        row = [session["id"], begun, _length(session.get("length_ms", 0)), str(session.get("sentences", ""))]
        table.add_row(*map(harmless, row), session["state"], f"{session['size_bytes'] / 1e6:.1f}")
    print_table(table)


def _length(ms: int) -> str:
    """A length of time as hours, minutes and seconds."""
    return clock(ms)[:-4]
