"""The budget of a batch on a cluster: the client leases parts of it, and a worker spends no more than its lease."""

from collections.abc import Callable
from threading import Lock

from asrcli.core.audio import Chunk
from asrcli.core.errors import OutputError
from asrcli.core.events import Usage
from asrcli.core.interfaces import Source
from asrcli.runs.batch.batch_budget import BatchBudget, BudgetShare

LEASE_S = 30.0  # a lease pays for this much audio, sent twice
LEAST = 1e-9  # CNY; a smaller rest counts as nothing


class CostLeases:
    """What the client has leased to inputs; safe from any thread.

    Args:
        limit: The most that may be charged, in CNY.
        spent: What earlier runs of the batch cost.
        reserve: Gets the most that all inputs can cost, before audio is sent that may cost it.
    """

    def __init__(self, limit: float, spent: float, reserve: Callable[[float], object] = lambda _: None) -> None:
        self.limit = limit
        self._reserve = reserve
        self._spent = spent
        self._leased: dict[str, float] = {}
        self._lock = Lock()

    @property
    def taken(self) -> float:
        """What all inputs can cost at most, by what was leased to them."""
        with self._lock:
            return self._spent + sum(self._leased.values())

    def lease(self, name: str, amount: float) -> float:
        """Lease another amount to an input. Returns what it gets, which is less near the limit, and may be 0."""
        with self._lock:
            taken = self._spent + sum(self._leased.values())
            granted = min(amount, self.limit - taken)
            if granted < LEAST:
                return 0.0
            try:
                self._reserve(taken + granted)
            except OutputError:  # the ledger is on the same disk: its error ends the batch and gives the reason
                return 0.0
            self._leased[name] = self._leased.get(name, 0.0) + granted
            return granted

    def ended(self, name: str, cost: float | None) -> None:
        """Replace the lease of an input by its real cost; None if that is unknown: then all of the lease counts."""
        with self._lock:
            leased = self._leased.pop(name, 0.0)
            self._spent += leased if cost is None else cost


class LeasedBudget(BatchBudget):
    """The budget of one input on a worker, which asks the client for more when a lease is used up.

    Args:
        cost: Returns the price of what the service has counted in one run; None without a price.
        highest_cost: Returns the most that seconds can cost which the service has not counted yet, in CNY.
        ask: Asks the client for an amount in CNY, and returns what it leases; may wait.
        resends: A lost connection is replaced, and audio is sent again.
    """

    def __init__(
        self,
        cost: Callable[[Usage], float | None],
        highest_cost: Callable[[float], float],
        ask: Callable[[float], float],
        *,
        resends: bool,
    ) -> None:
        super().__init__(0.0, 0.0, cost, highest_cost, resends=resends)
        self._step = 2 * highest_cost(LEASE_S)
        self._ask = ask

    def affords(self, share: BudgetShare, source: Source, chunk: Chunk) -> bool:
        """Return whether a run may take this chunk too, and count it if so."""
        while not super().affords(share, source, chunk):
            granted = self._ask(self._step)
            if granted <= 0:
                return False
            self.limit += granted
        return True
