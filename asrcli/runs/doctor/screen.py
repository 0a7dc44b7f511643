"""What the terminal can do: its size, its characters and its colours."""

import os
import sys
from collections.abc import Iterator
from contextlib import suppress

from asrcli.runs.doctor.finding import Finding, note, ok, skipped

SUBJECT = "terminal"
NARROWEST = 40  # columns: below, the live view has room for few words


def check_terminal() -> Iterator[Finding]:
    """Findings about the terminal that the live view of a run would have."""
    encoding = (getattr(sys.stdout, "encoding", "") or "").lower()
    size = _size()
    if size is None:
        yield skipped(
            SUBJECT, f"neither standard output nor standard error is one; text is written as {encoding or '?'}"
        )
        return
    columns, lines = size
    about = [f"{columns} x {lines}", os.environ.get("TERM") or "TERM is not set", encoding]
    if os.environ.get("NO_COLOR"):
        about.append("no colours (NO_COLOR)")
    if columns < 1 or lines < 1:
        yield note(SUBJECT, "it reports no size", "tell it: stty cols 80 rows 24")
    elif os.environ.get("TERM", "dumb") == "dumb" and os.name == "posix":
        yield note(SUBJECT, f"{', '.join(about)}: it cannot redraw a line", "set TERM, for example to xterm-256color")
    elif "utf" not in encoding:
        yield note(SUBJECT, f"{', '.join(about)}: not every character can be shown", "set LC_ALL=C.UTF-8")
    elif columns < NARROWEST:
        yield note(SUBJECT, f"{', '.join(about)}: narrow", "make it wider: the open sentence has little room")
    else:
        yield ok(SUBJECT, ", ".join(about))


def _size() -> tuple[int, int] | None:
    """Columns and lines of the first standard stream that is a terminal; None if none is."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError, AttributeError):
            if stream.isatty():
                size = os.get_terminal_size(stream.fileno())
                return size.columns, size.lines
    return None
