"""A limit on the cost of a whole batch, shared by runs that take place at the same time."""

from collections.abc import Callable
from threading import Lock

from asrcli.core.audio import Chunk
from asrcli.core.events import Usage
from asrcli.core.interfaces import Source
from asrcli.runs.budget import Budget


class BatchBudget:
    """The money of a batch. Each run has a share, which takes what it can cost at most; safe from any thread.

    Args:
        limit: The most that may be charged, in CNY.
        spent: What earlier runs of the batch cost.
        cost: Returns the price of what the service has counted in one run; None without a price.
        at_most: Returns the highest price of so many seconds that are not counted yet.
        again: A lost connection is replaced, and audio is sent again.
        cover: Is told what all runs can cost at most, before the audio is sent that makes it so.
    """

    def __init__(
        self,
        limit: float,
        spent: float,
        cost: Callable[[Usage], float | None],
        at_most: Callable[[float], float],
        *,
        again: bool,
        cover: Callable[[float], object] = lambda _: None,
    ) -> None:
        self.limit = limit
        self._cover = cover
        self._cost = cost
        self._at_most = at_most
        self._again = again
        self._lock = Lock()
        self._ended = spent  # what all runs cost that are over
        self._shares: dict[int, BudgetShare] = {}

    @property
    def taken(self) -> float:
        """What all runs can cost at most, by what they have sent."""
        with self._lock:
            return self._ended + sum(share.bill for share in self._shares.values())

    def share(self) -> "BudgetShare":
        """The budget of a run that begins; it is an output of the run. Its limit follows those of the others."""
        share = BudgetShare(self, self._cost, self._at_most, again=self._again)
        with self._lock:
            self._shares[id(share)] = share
        return share

    def ended(self, share: "BudgetShare", cost: float | None) -> None:
        """Take what a run really cost instead of the most that it could."""
        with self._lock:
            bill = self._shares.pop(id(share)).bill
            self._ended += bill if cost is None else cost

    def affords(self, share: "BudgetShare", source: Source, chunk: Chunk) -> bool:
        """Return whether a run may take this chunk too, and count it if so.

        Raises:
            OutputError: what it may cost cannot be kept on the disk.
        """
        with self._lock:
            others = sum(other.bill for other in self._shares.values() if other is not share)
            share.limit = self.limit - self._ended - others
            is_afforded = share.affords_alone(source, chunk)
            if is_afforded:
                self._cover(self._ended + others + share.bill)
            return is_afforded


class BudgetShare(Budget):
    """The budget of one run of a batch. Its limit is what the others leave of the limit of the batch."""

    def __init__(
        self,
        batch: BatchBudget,
        cost: Callable[[Usage], float | None],
        at_most: Callable[[float], float],
        *,
        again: bool,
    ) -> None:
        super().__init__(batch.limit, cost, at_most, again)
        self._batch = batch

    @property
    def whole_limit(self) -> float:
        """The limit of the batch, in CNY."""
        return self._batch.limit

    def affords(self, source: Source, chunk: Chunk) -> bool:
        """Return whether the batch allows this chunk too, and count it if so."""
        return self._batch.affords(self, source, chunk)

    def affords_alone(self, source: Source, chunk: Chunk) -> bool:
        """Do what `affords` does, by the limit of this share as it is now."""
        return super().affords(source, chunk)
