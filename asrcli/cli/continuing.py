"""From a journal to outputs that go on where its transcript ends."""

from collections.abc import Mapping
from contextlib import ExitStack
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

from asrcli.cli.telling import tell
from asrcli.cli.values import OutputFormat, Stamp
from asrcli.errors import OutputError

if TYPE_CHECKING:
    from asrcli.cli.showing import Showing
    from asrcli.journal.reading import Journal
    from asrcli.seams import Output

TAIL_BYTES = 1 << 16


def outputs(journal: "Journal", stack: ExitStack, level: int | None) -> "list[Output]":
    """The outputs of the session, each going on where it ended, and a screen beside them.

    Raises:
        OutputError: a file that cannot be written.
    """
    from asrcli.cli import showing as show
    from asrcli.journal.again import Continued
    from asrcli.outputs.log import Log
    from asrcli.outputs.plain import Status
    from asrcli.outputs.terminal import Terminal

    made: list[Output] = []
    for number, showing in enumerate(_showings(journal, level)):
        shift_ms = _since_ms(journal) if showing.stamp is Stamp.CLOCK else 0
        for output in show.outputs(showing, stack):
            if isinstance(output, Log) and number:
                continue
            own = isinstance(output, Log | Status | Terminal)
            made.append(Continued(output, journal.highest, 0 if own and not isinstance(output, Terminal) else shift_ms))
    return made


def _showings(journal: "Journal", level: int | None) -> "list[Showing]":
    """One for each file, the first with the status; one for all where there is none."""
    from asrcli.cli.showing import APPENDABLE, Showing

    said = journal.header.showing
    formats = tuple(OutputFormat(name) for name in _listed(said, "formats") if name in list(OutputFormat))
    formats = formats or (OutputFormat.TEXT,)
    paths = _listed(said, "paths")
    common = Showing(
        formats=formats,
        partials=bool(said.get("partials")),
        stamp=next((stamp for stamp in Stamp if stamp == said.get("stamp")), None),
        template=_of(said, "template", str),
        capitalize=bool(said.get("capitalize")),
        max_line=_of(said, "max_line", int),
        max_lines=_of(said, "max_lines", int),
        level=level,
        translated=journal.header.asked.both_texts,
    )
    if len(paths) != len(formats):
        return [common]
    from dataclasses import replace

    made = []
    for number, (name, path) in enumerate(zip(formats, map(Path, paths), strict=True)):
        goes_on = name in APPENDABLE
        _settle(path, journal)
        if not goes_on:
            tell(f"asr: {path} cannot be continued: the rest is written to {_beside(path)}")
        written, status = (path if goes_on else _beside(path)), (level if number == 0 else None)
        made.append(replace(common, formats=(name,), path=str(written), append=goes_on, level=status))
    return made


def _settle(path: Path, journal: "Journal") -> None:
    """Give a transcript that was stopped in the making its name, and end its last line where that is torn."""
    try:
        target = path.resolve()
        if target.exists() and not target.is_file():
            return
        part = _part(target, datetime.fromisoformat(journal.header.begun).timestamp())
        if part is not None and not any(each.end is not None for each in journal.parts):
            part.replace(target)
        if target.exists() and journal.parts[-1].end is None:
            _mend(target)
    except ValueError:
        return
    except OSError as exc:
        raise OutputError(str(path), (exc.strerror or str(exc)).lower()) from exc


def _part(target: Path, begun_s: float) -> Path | None:
    """What the session left behind under that name: begun with it or later, so never that of a run before it."""
    names = (target.with_name(f"{target.name}{number or ''}.part") for number in count())
    found = []
    for name in names:
        if not name.exists():
            break
        found.append(name)
    young = [name for name in found if name.stat().st_mtime >= begun_s - 1]
    return max(young, key=lambda name: name.stat().st_mtime, default=None)


def _mend(path: Path) -> None:
    """A last line that the power cut short: an object that is not whole goes, a sentence is ended."""
    with path.open("r+b") as file:
        size = file.seek(0, 2)
        file.seek(max(0, size - TAIL_BYTES))
        tail = file.read()
        torn = tail.rpartition(b"\n")[2]
        if not torn:
            return
        if torn.startswith(b"{"):
            file.truncate(size - len(torn))
        else:
            file.write(b"\n")


def _beside(path: Path) -> Path:
    """A name beside another that nobody has: NAME.resumed.srt."""
    for number in count(1):
        name = path.with_name(f"{path.stem}.resumed{number if number > 1 else ''}{path.suffix}")
        if not name.exists():
            return name
    raise AssertionError


def _since_ms(journal: "Journal") -> int:
    """How long ago the session began, as a time to be added: negative."""
    try:
        return round(
            (datetime.fromisoformat(journal.header.begun) - datetime.now().astimezone()).total_seconds() * 1000
        )
    except (ValueError, TypeError):
        return 0


def _listed(said: Mapping[str, Any], name: str) -> list[str]:
    value = said.get(name)
    return [str(each) for each in value] if isinstance(value, list | tuple) else []


def _of(said: Mapping[str, Any], name: str, kind: type) -> Any:
    value = said.get(name)
    return value if isinstance(value, kind) else None
