"""The money of a batch on a cluster: the client leases parts of it, and a worker spends no more than its lease."""

from collections.abc import Callable
from threading import Lock

from asrcli.core.audio import Chunk
from asrcli.core.errors import OutputError
from asrcli.core.events import Usage
from asrcli.core.interfaces import Source
from asrcli.runs.batch.batch_budget import BatchBudget, BudgetShare

LEASE_S = 30.0  # a lease pays for so much audio, sent twice
LEAST = 1e-9  # CNY; less is nothing


class CostLeases:
    """What the client has leased to inputs; safe from any thread.

    Args:
        limit: The most that may be charged, in CNY.
        spent: What earlier runs of the batch cost.
        cover: Is told what all inputs can cost at most, before a worker may spend it.
    """

    def __init__(self, limit: float, spent: float, cover: Callable[[float], object] = lambda _: None) -> None:
        self.limit = limit
        self._cover = cover
        self._spent = spent
        self._leased: dict[str, float] = {}
        self._lock = Lock()

    @property
    def taken(self) -> float:
        """What all inputs can cost at most, by what was leased to them."""
        with self._lock:
            return self._spent + sum(self._leased.values())

    def lease(self, name: str, amount: float) -> float:
        """Lease so much more to an input; returns what it gets, which is less where the limit is near, and may be 0."""
        with self._lock:
            taken = self._spent + sum(self._leased.values())
            granted = min(amount, self.limit - taken)
            if granted < LEAST:
                return 0.0
            try:
                self._cover(taken + granted)
            except OutputError:  # the ledger of the batch is on the same disk, and ends it with the reason
                return 0.0
            self._leased[name] = self._leased.get(name, 0.0) + granted
            return granted

    def ended(self, name: str, cost: float | None) -> None:
        """Take what an input really cost instead of its lease; None if nobody knows, so all of it counts."""
        with self._lock:
            leased = self._leased.pop(name, 0.0)
            self._spent += leased if cost is None else cost


class LeasedBudget(BatchBudget):
    """The budget of one input on a worker, which asks the client for more when a lease is used up.

    Args:
        cost: Returns the price of what the service has counted in one run; None without a price.
        at_most: Returns the highest price of so many seconds that are not counted yet.
        ask: Asks the client for so much money, and returns what it leases; may wait.
        again: A lost connection is replaced, and audio is sent again.
    """

    def __init__(
        self,
        cost: Callable[[Usage], float | None],
        at_most: Callable[[float], float],
        ask: Callable[[float], float],
        *,
        again: bool,
    ) -> None:
        super().__init__(0.0, 0.0, cost, at_most, again=again)
        self._step = 2 * at_most(LEASE_S)
        self._ask = ask

    def affords(self, share: BudgetShare, source: Source, chunk: Chunk) -> bool:
        """Return whether a run may take this chunk too, and count it if so."""
        while not super().affords(share, source, chunk):
            granted = self._ask(self._step)
            if granted <= 0:
                return False
            self.limit += granted
        return True
