"""The most that a batch can have cost, kept on the disk ahead of what it sends: a run that is killed has spent it."""

import math
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from asrcli.config.files import read_text, write_text
from asrcli.core.errors import BudgetReached, OutputError, UsageError

SPENT = "spent"  # in the folder of the ledger
STEPS = 50  # the mark goes ahead of the bill by this part of the limit at most


class Spending(Protocol):
    """The highest cost of a batch so far."""

    @property
    def taken(self) -> float:
        """What all runs can have cost, in CNY."""
        ...


class SpentMark:
    """A number in a file: the highest possible cost. When a run ends, its known cost replaces the possible one.

    Args:
        path: The file.
        limit: The most that may be charged, in CNY.
        step: How far ahead the mark goes at once, in CNY.

    Attributes:
        most: The most that this and earlier runs can have cost, in CNY; 0 without a file.

    Raises:
        UsageError: the file is damaged, or cannot be read.
    """

    def __init__(self, path: Path, limit: float, step: float) -> None:
        self._path = path
        self._limit = limit
        self._step = min(step, limit / STEPS)
        self.most = _parsed(read_text(path), path)

    def begin(self, known: float) -> None:
        """Begin another run. Earlier runs cost at least `known`, and more if one of them was killed.

        Raises:
            BudgetReached: nothing is left.
        """
        self.most = max(self.most, known)
        if self.most >= self._limit:
            raise BudgetReached(self._limit)

    def reserve(self, cost: float) -> None:
        """Make sure that at least this cost is on the disk. Call it before sending the audio that may cost it.

        Raises:
            OutputError: it cannot be written.
        """
        if cost > self.most:
            self._write(max(cost, min(cost + self._step, self._limit)))

    def settle(self, money: Spending) -> None:
        """Write what the runs have cost, at the end of a run. If that fails, the possible cost stays in the file."""
        with suppress(OutputError):
            self._write(money.taken)

    def _write(self, cost: float) -> None:
        write_text(self._path, f"{cost!r}\n")
        self.most = cost


def _parsed(text: str, path: Path) -> float:
    try:
        most = float(text or 0)
    except ValueError:
        most = math.nan
    if not (math.isfinite(most) and most >= 0):
        raise UsageError(f"{path} is damaged", "remove it to count only what the ledger knows")
    return most
