"""The sessions: a table of all, a page about one, and JSON for programs."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from asrcli.cli.advice import advice_for
from asrcli.cli.builders.journal_keeping import open_journal, unheard_ms
from asrcli.cli.builders.sessions.session_catalogue import WHY_NONE
from asrcli.cli.console import print_message
from asrcli.cli.render.stdout import print_json, print_lines, print_text
from asrcli.core.errors import SourceError
from asrcli.core.events import Final, Gap
from asrcli.core.printable import harmless
from asrcli.journal.directory import JournalState, state
from asrcli.journal.owned_files import size_bytes
from asrcli.journal.reading import Journal
from asrcli.outputs.formatting import block, clock, short_clock

if TYPE_CHECKING:
    from rich.console import JustifyMethod
    from rich.table import Table

    from asrcli.cli.builders.sessions.session_catalogue import CataloguedSession, SessionCatalogue

SOURCE_CELLS = 12  # the narrowest column that says what a session is of


def print_all(catalogue: "SessionCatalogue", *, as_json: bool) -> None:
    """Print all sessions."""
    sessions = [describe(session) for session in catalogue.sessions]
    if as_json:
        print_json(sessions)
    elif sessions:
        _print_table(sessions)
    else:
        print_message(f"asr: no session in {catalogue.directory.folder}: {WHY_NONE}")


def print_one(catalogue: "SessionCatalogue", session: "CataloguedSession", *, as_json: bool) -> None:
    """Print what is known of one session, and its transcript."""
    about = describe(session)
    if as_json:
        print_json(about)
        return
    for name in ("id", "begun", "state", "model", "engine", "service", "problem"):
        if about.get(name):
            print_lines(f"{name + ':':<10}{about[name]}")
    if "problem" in about:
        return
    print_lines(*_facts(about))
    for event in _said(catalogue, session):
        print_text(*block(event, clock).split("\n"), indent=2)


def _facts(about: dict[str, Any]) -> list[str]:
    """What is known of the audio and the files of a session."""
    length = short_clock(about["length_ms"])
    if len(about["sources"]) > 1 and not about["inputs"]:
        length += f", {len(about['sources'])} devices"
    if about["unheard_ms"]:
        length += f", {about['unheard_ms'] / 1000:.1f} s of it without text yet"
    lines = [f"length:   {length}"]
    if about["library"]:
        lines.append("library:  yes" + "; no limit deletes it" * about["kept"])
    for source_path in about["inputs"]:
        lines.append(f"input:    {source_path}")
    for output in about["outputs"]:
        lines.append(f"output:   {output}")
    return lines


def _said(catalogue: "SessionCatalogue", session: "CataloguedSession") -> list[Final | Gap]:
    """The sentences and gaps of a session by their time."""
    events: list[Final | Gap]
    if session.path is None:
        events = [event for event in catalogue.entry(session).events if isinstance(event, Final | Gap)]
    else:
        journal = open_journal(session.path)
        events = [*(sentence.final for sentence in journal.sentences if sentence.number), *journal.gaps]
    spoken = [event for event in events if isinstance(event, Gap) or event.text.strip()]
    return sorted(spoken, key=lambda event: event.begin_ms)


def describe(session: "CataloguedSession") -> dict[str, Any]:
    """A session as `asr sessions --json` prints it; if it cannot be read, only its ID, size and problem."""
    kept = session.kept
    in_library = {"library": kept is not None, "kept": kept is not None and kept.kept}
    if session.path is not None:
        return _of_journal(session.path) | in_library
    assert kept is not None  # noqa: S101  it is in the journal or in the library
    about = {"id": kept.id, "begun": kept.begun, "length_ms": kept.length_ms, "sentences": kept.sentences}
    about |= {"state": str(JournalState.FINISHED), "unheard_ms": 0, "size_bytes": kept.size_bytes}
    texts = {name: str(kept.about.get(name, "")) for name in ("model", "engine", "service")}
    lists = {name: kept.about.get(name, []) for name in ("sources", "inputs", "outputs")}
    return about | texts | lists | {"damages": []} | in_library


def _of_journal(path: Path) -> dict[str, Any]:
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
    from asrcli.cli.render.tables import cropped, print_table, room_beside

    rows = [_cells(session) for session in sessions]
    titles = [title for title in rows[0] if title != "source"]
    room = room_beside(_table(titles, rows))
    if room < SOURCE_CELLS:
        narrow = [title for title in titles if title != "begun"]  # the ID says it too
        room = room_beside(_table(narrow, rows))
        if room >= SOURCE_CELLS:
            titles = narrow
    if room >= SOURCE_CELLS:
        for row in rows:
            row["source"] = cropped(row["source"], room)
    print_table(_table([*titles, "source"], rows))


def _cells(session: dict[str, Any]) -> dict[str, str]:
    """The cells of a session by the titles of their columns."""
    cells = {
        "session": session["id"],
        "begun": str(session.get("begun", ""))[:16].replace("T", " "),
        "length": short_clock(session.get("length_ms", 0)),
        "sentences": str(session.get("sentences", "")),
        "state": _shown_state(session),
        "MB": f"{session['size_bytes'] / 1e6:.1f}",
        "source": _shown_source(session),
    }
    return {title: harmless(cell) for title, cell in cells.items()}


def _table(titles: Sequence[str], rows: list[dict[str, str]]) -> "Table":
    from asrcli.cli.render.tables import new_table

    table = new_table()
    for title in titles:
        justify: JustifyMethod = "left"
        if title in {"sentences", "MB"}:
            justify = "right"
        table.add_column(title, no_wrap=True, justify=justify)
    for row in rows:
        table.add_row(*(row[title] for title in titles))
    return table


def _shown_source(session: dict[str, Any]) -> str:
    """The names of the input files without their folders, or of the speakers or devices."""
    names = [re.split(r"[/\\]", path.rstrip("/\\"))[-1] for path in session.get("inputs", ())]
    names = names or [source["speaker"] or source["name"] for source in session.get("sources", ())]
    return ", ".join(dict.fromkeys(names))


def _shown_state(session: dict[str, Any]) -> str:
    """The state of a session in the table: where its transcript is, if it is complete."""
    if session["state"] != JournalState.FINISHED or not session["library"]:
        return str(session["state"])
    if session["kept"]:
        return "kept"
    return "in library"
