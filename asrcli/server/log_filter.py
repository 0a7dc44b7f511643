"""What the server's log may hold: printable lines, and no more of one kind than a person would read."""

import logging
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass

from asrcli.core.printable import escape_control_characters

REFUSED = "refused: %s: %s"
MOST_ALIKE = 20  # refusals, warnings or errors of one kind
WITHIN_S = 10.0


@dataclass(slots=True)
class _Kind:
    since: float
    logged: int = 0
    left_out: int = 0


class LogFilter(logging.Filter):
    """Escapes what clients say, tracebacks too, and leaves out what comes too often; the next line says how many."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._clock = clock
        self._kinds: dict[str, _Kind] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the record is logged; what it says is made harmless."""
        left_out = 0
        if record.levelno >= logging.WARNING or record.msg == REFUSED:
            now, kind = self._clock(), self._kinds.get(record.msg)
            if kind is None or now - kind.since >= WITHIN_S:
                left_out = kind.left_out if kind else 0
                kind = self._kinds[record.msg] = _Kind(now)
            kind.logged += 1
            if kind.logged > MOST_ALIKE:
                kind.left_out += 1
                return False
        record.msg, record.args = escape_control_characters(record.getMessage()), None
        if left_out:
            record.msg += f" ({left_out} more like this were not logged)"
        if record.exc_info and record.exc_info[1] is not None:
            lines = "".join(traceback.format_exception(record.exc_info[1])).rstrip("\n").split("\n")
            record.exc_text = "\n".join(
                f"  {escape_control_characters(line)}" for line in lines
            )  # none can pass for a line of its own
        return True


log = logging.getLogger("asrcli.server")
log.addFilter(LogFilter())
