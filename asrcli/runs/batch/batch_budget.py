"""A limit on the cost of a whole batch, shared by runs that take place at the same time."""

from collections.abc import Callable
from threading import Lock

from asrcli.core.audio import Chunk
from asrcli.core.events import Usage
from asrcli.core.interfaces import Source
from asrcli.runs.budget import Budget


class BatchBudget:
    """The limit on the cost of a batch. Each run has a share of it, as large as its highest cost. Safe from any thread.

    Args:
        limit: The most that may be charged, in CNY.
        spent: What earlier runs of the batch cost.
        cost: Returns the price of what the service has counted in one run; None without a price.
        highest_cost: Returns the most that seconds can cost which the service has not counted yet, in CNY.
        resends: A lost connection is replaced, and audio is sent again.
        reserve: Gets the most that all runs can cost, before audio is sent that may cost it.
    """

    def __init__(
        self,
        limit: float,
        spent: float,
        cost: Callable[[Usage], float | None],
        highest_cost: Callable[[float], float],
        *,
        resends: bool,
        reserve: Callable[[float], object] = lambda _: None,
    ) -> None:
        self.limit = limit
        self._reserve = reserve
        self._cost = cost
        self._highest_cost = highest_cost
        self._resends = resends
        self._lock = Lock()
        self._ended = spent  # the cost of all runs that are over
        self._shares: dict[int, BudgetShare] = {}

    @property
    def taken(self) -> float:
        """What all runs can cost at most, by what they have sent."""
        with self._lock:
            return self._ended + sum(share.bill for share in self._shares.values())

    def share(self) -> "BudgetShare":
        """The budget of a run that begins; it is an output of the run. Its limit follows those of the others."""
        share = BudgetShare(self, self._cost, self._highest_cost, resends=self._resends)
        with self._lock:
            self._shares[id(share)] = share
        return share

    def ended(self, share: "BudgetShare", cost: float | None) -> None:
        """Replace the highest cost of a run by its real cost; None leaves the highest cost."""
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
                self._reserve(self._ended + others + share.bill)
            return is_afforded


class BudgetShare(Budget):
    """The budget of one run of a batch. Its limit is what the others leave of the limit of the batch."""

    def __init__(
        self,
        batch: BatchBudget,
        cost: Callable[[Usage], float | None],
        highest_cost: Callable[[float], float],
        *,
        resends: bool,
    ) -> None:
        super().__init__(batch.limit, cost, highest_cost, resends)
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
