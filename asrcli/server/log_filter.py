"""The filter of the server's log: printable lines only, and a limited number of similar lines within a time."""

import logging
import time
import traceback
from collections.abc import Callable

from asrcli.core.dataclass import dataclass
from asrcli.core.printable import escape_control_characters

REFUSED = "refused: %s: %s"
DROPPED = "dropped a client that does not read"
IN_PIECES = "dropped a client that sends a message in too many pieces"
OFTEN = frozenset({REFUSED, DROPPED, IN_PIECES})  # records that one client can cause as often as it likes
MAX_ALIKE = 20  # refusals, warnings or errors of one kind within WITHIN_S
WITHIN_S = 10.0


@dataclass(slots=True)
class _LineCount:
    since: float
    logged: int = 0
    left_out: int = 0


class LogFilter(logging.Filter):
    """Escapes control characters, in tracebacks too, and leaves out lines that come too often; a later line says so."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._clock = clock
        self._counts: dict[str, _LineCount] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether the record is logged, and escape its text."""
        left_out = 0
        if record.levelno >= logging.WARNING or record.msg in OFTEN:
            now = self._clock()
            count = self._counts.setdefault(record.msg, _LineCount(now))
            if now - count.since >= WITHIN_S:
                left_out = count.left_out
                count = self._counts[record.msg] = _LineCount(now)
            count.logged += 1
            if count.logged > MAX_ALIKE:
                count.left_out += 1
                return False
        record.msg = escape_control_characters(record.getMessage())
        record.args = None
        if left_out:
            record.msg += f" ({left_out} more like this were not logged)"
        if record.exc_info and record.exc_info[1] is not None:
            lines = "".join(traceback.format_exception(record.exc_info[1])).rstrip("\n").split("\n")
            # Indented, so that no line of it looks like a record of its own.
            record.exc_text = "\n".join(f"  {escape_control_characters(line)}" for line in lines)
        return True


log = logging.getLogger("asrcli.server")
log.addFilter(LogFilter())
