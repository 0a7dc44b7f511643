"""Recognizers from other packages, found by their entry points; a broken one is one line and never ends the program.

A package declares an entry point in the group `asrcli.recognizers`. It names a RecognizerInfo, or a list of them; the
module of the row is then loaded like one of our own. docs/recognizers.md has a complete example.
"""

from collections.abc import Collection
from importlib.metadata import EntryPoint, entry_points

from asrcli.core.dataclass import dataclass, field
from asrcli.core.errors import shorten
from asrcli.recognizers.registry import RecognizerInfo

GROUP = "asrcli.recognizers"


@dataclass
class Plugins:
    """The recognizers that plug-ins bring, and what is wrong with others.

    Attributes:
        rows: The recognizers by name.
        problems: One sentence for each entry point that cannot be used.
    """

    rows: dict[str, RecognizerInfo] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)


def load_plugins(taken: Collection[str]) -> Plugins:
    """Return the recognizers of other packages. None may have a name that is in `taken` or that another one has."""
    plugins = Plugins()
    for entry_point in entry_points(group=GROUP):
        try:
            rows = _rows(entry_point)
            names = [row.name for row in rows]
            known = [*taken, *plugins.rows, *names]
            if double := next((name for name in names if known.count(name) > 1), ""):
                raise ValueError(f"there is another recognizer {double}")
        except (Exception, SystemExit) as exc:  # whatever foreign code raises: it must not end the program
            reason = shorten(f"{type(exc).__name__}: {exc}")
            plugins.problems.append(f"the plug-in {entry_point.name} ({entry_point.value}) cannot be used: {reason}")
            continue
        plugins.rows |= dict(zip(names, rows, strict=True))
    return plugins


def _rows(entry_point: EntryPoint) -> list[RecognizerInfo]:
    """Return the rows of an entry point.

    Raises:
        Exception: whatever its import raises; TypeError: it names something else.
    """
    value = entry_point.load()
    rows = value
    if isinstance(value, RecognizerInfo):
        rows = [value]
    if not isinstance(rows, list | tuple) or not all(isinstance(row, RecognizerInfo) for row in rows):
        raise TypeError("it is neither a RecognizerInfo nor a list of them")
    return list(rows)
