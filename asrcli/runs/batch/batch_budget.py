"""A limit on the cost of a whole batch, shared by runs that take place at the same time."""

from collections.abc import Callable, Iterator
from threading import Lock

from asrcli.core.audio import Chunk
from asrcli.core.errors import BudgetReached
from asrcli.core.events import Event, Usage
from asrcli.core.interfaces import Source, SourceWrapper
from asrcli.runs.budget import Budget


class BatchBudget:
    """The money of a batch. Each run has a share, which takes what it can cost at most; safe from any thread.

    Args:
        limit: The most that may be charged, in CNY.
        spent: What earlier runs of the batch cost.
        cost: Returns the price of what the service has counted in one run; None without a price.
        at_most: Returns the highest price of so many seconds that are not counted yet.
        again: A lost connection is replaced, and audio is sent again.
    """

    def __init__(
        self,
        limit: float,
        spent: float,
        cost: Callable[[Usage], float | None],
        at_most: Callable[[float], float],
        *,
        again: bool,
    ) -> None:
        self.limit = limit
        self._cost = cost
        self._at_most = at_most
        self._again = again
        self._lock = Lock()
        self._ended = spent  # what all runs cost that are over
        self._shares: dict[int, Budget] = {}

    @property
    def taken(self) -> float:
        """What all runs can cost at most, by what they have sent."""
        with self._lock:
            return self._ended + sum(share.bill for share in self._shares.values())

    def share(self) -> Budget:
        """The budget of a run that begins; it is an output of the run. Its limit follows those of the others."""
        share = Budget(self.limit, self._cost, self._at_most, self._again)
        with self._lock:
            self._shares[id(share)] = share
        return share

    def ended(self, share: Budget, cost: float | None) -> None:
        """Take what a run really cost instead of the most that it could."""
        with self._lock:
            bill = self._shares.pop(id(share)).bill
            self._ended += bill if cost is None else cost

    def affords(self, share: Budget, source: Source, chunk: Chunk) -> bool:
        """Return whether a run may take this chunk too, and count it if so."""
        with self._lock:
            others = sum(other.bill for other in self._shares.values() if other is not share)
            share.limit = self.limit - self._ended - others
            return share.affords(source, chunk)


class SharedBudgetSource(SourceWrapper):
    """A source that ends where the budget of the batch does."""

    def __init__(self, source: Source, budget: BatchBudget, share: Budget) -> None:
        super().__init__(source)
        self._budget = budget
        self._share = share

    def chunks(self, start: int) -> Iterator[Chunk | Event]:
        """Yield what the source yields, as long as the budget of the batch allows.

        Raises:
            BudgetReached: the budget does not allow the next chunk.
            SourceError: as the source does.
        """
        for item in self._source.chunks(start):
            if isinstance(item, Chunk) and not self._budget.affords(self._share, self, item):
                raise BudgetReached(self._budget.limit)
            yield item
