"""The inputs of a batch, and the lines of a manifest that name them. Pure."""

import json
from collections.abc import Iterable, Iterator

from asrcli.core.dataclass import dataclass
from asrcli.core.errors import SourceError, shorten
from asrcli.runs.batch.decisions import InputStamp

COLUMNS = ("path", "name")
LONGEST = 4096  # characters of a path, or of an address


@dataclass(frozen=True)
class BatchInput:
    """One input of a batch.

    Attributes:
        path: A file, or an address, as the user wrote it.
        identity: What identifies it from one run to the next.
        file_name: The last part of the path.
        parent: The name of the folder that holds it.
        folder: The folder as it was found: the directory that the user named, and what is below it.
        name: The name of the transcript that a manifest asks for; empty for the rule.
        stamp: What shows whether it has changed, where that is known already.
    """

    path: str
    identity: str
    file_name: str
    parent: str = ""
    folder: str = ""
    name: str = ""
    stamp: InputStamp | None = None


@dataclass(frozen=True)
class ManifestLine:
    """One line of a manifest: a path as it stands there, and the name of its transcript or an empty string."""

    path: str
    name: str = ""


def parse_manifest(lines: Iterable[str], manifest: str) -> tuple[list[ManifestLine], list[SourceError]]:
    """Return the inputs that a manifest names, and an error for each line that cannot be read.

    A line is a JSON object with "path" and, if wanted, "name"; or a path, or a path, a tab and a name. Empty lines and
    lines that begin with # name nothing. If the first line is `path` or begins with `path` and a tab, it is a heading,
    which may put the columns in another order and name others.
    """
    found: list[ManifestLine] = []
    problems: list[SourceError] = []
    heading: tuple[str, ...] = COLUMNS
    for number, line in _numbered(lines):
        if number == 1 and "path" in line.split("\t"):
            heading = tuple(line.split("\t"))
            continue
        try:
            if line.startswith("{"):
                found.append(_json_line(line))
            else:
                found.append(_table_line(line, heading))
        except ValueError as exc:
            problems.append(SourceError(f"{manifest}:{number}", str(exc)))
    return found, problems


def _numbered(lines: Iterable[str]) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(lines, 1):
        text = line.rstrip("\r\n")
        if number == 1:
            text = text.removeprefix("\ufeff")
        if text.strip() and not text.startswith("#"):
            yield number, text


def _json_line(line: str) -> ManifestLine:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        raise ValueError(f"not a JSON object: {shorten(line, 60)}") from None
    path, name = value.get("path"), value.get("name", "")
    if path is None:
        raise ValueError('it has no "path"')
    if not isinstance(path, str) or not isinstance(name, str):
        raise ValueError("path and name are texts")
    return _checked(path, name)


def _table_line(line: str, heading: tuple[str, ...]) -> ManifestLine:
    cells = line.split("\t")
    if len(cells) > len(heading):
        raise ValueError(f"{len(cells)} columns, where there are {len(heading)}: {', '.join(heading)}")
    row = dict(zip(heading, cells, strict=False))
    return _checked(row.get("path", ""), row.get("name", ""))


def _checked(path: str, name: str) -> ManifestLine:
    if not path.strip():
        raise ValueError("its path is empty")
    if len(path) > LONGEST:
        raise ValueError(f"a path of {len(path)} characters, which no file has")
    if "\0" in path or "\0" in name:
        raise ValueError("no file can have a name with a zero byte")
    return ManifestLine(path, name.strip())
