"""What every captions page must show: the last lines with their numbers, and what may still change. Pure."""

import json
from collections import deque
from typing import Any

from asrcli.outputs.caption_page import CaptionLine, CaptionsNow, CaptionUpdate

KEPT_LINES = 300  # as many as a page keeps
# Text from outside may hold half characters, which no message can carry.
_ESCAPED = "backslashreplace"


class CaptionHistory:
    """The lines and the state of one run. A page says which line it had last, and gets all that it lacks.

    Nothing is queued for a page: one that reads slowly gets fewer states of open sentences, and every line. Only a page
    that has missed more lines than are kept here starts again with those that are.

    Attributes:
        version: Grows with each change.
    """

    def __init__(self, run_id: str, kept: int = KEPT_LINES) -> None:
        self._run_id = run_id
        self._lines: deque[dict[str, Any]] = deque(maxlen=kept)
        self._now = CaptionsNow()
        self._number = 0
        self.version = 0

    def apply(self, update: CaptionUpdate) -> None:
        """Take an update."""
        self.version += 1
        if isinstance(update, CaptionLine):
            self._number += 1
            self._lines.append({"n": self._number, **update.shown})
        else:
            self._now = update

    @property
    def last(self) -> int:
        """The number of the last line; 0 before the first."""
        return self._number

    def knows(self, run_id: str, number: int) -> bool:
        """Return whether a page that had this line of the run of this name last can go on from there."""
        return run_id == self._run_id and self.reaches(number)

    def reaches(self, number: int) -> bool:
        """Return whether all lines after this one are still here."""
        first = self._number + 1
        if self._lines:
            first = self._lines[0]["n"]
        return first - 1 <= number <= self._number

    def message(self, number: int, *, reset: bool) -> bytes:
        """Return the update for a page whose last line was `number`; with `reset` it forgets all that it shows."""
        lines = [line for line in self._lines if reset or line["n"] > number]
        message: dict[str, Any] = {"run": self._run_id, "last": self._number, "state": self._now.state}
        message |= {"lines": lines, "open": self._now.open, "troubles": self._now.troubles}
        if reset:
            message["reset"] = True
        return json.dumps(message, ensure_ascii=False).encode("utf-8", _ESCAPED)
