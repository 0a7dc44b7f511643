"""The money of a batch on a cluster: what is leased never passes the limit."""

from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from asrcli.core.audio import Chunk, Format
from asrcli.runs.cluster.cost_leases import CostLeases, LeasedBudget

MONEY = st.floats(0, 10, allow_nan=False)


@given(MONEY, MONEY, st.lists(st.tuples(st.sampled_from("abc"), MONEY, st.none() | st.floats(0, 1)), max_size=20))
def test_leases_never_pass_the_limit(limit: float, spent: float, steps: list[tuple[str, float, float | None]]) -> None:
    """Whatever is asked and ended: a worker that spends all of its lease is within the budget."""
    leases, held = CostLeases(limit, spent), dict.fromkeys("abc", 0.0)
    for name, amount, share in steps:
        granted = leases.lease(name, amount)
        assert 0 <= granted <= amount
        assert granted == 0 or leases.taken <= limit + 1e-9
        held[name] += granted
        if share is not None:
            before = leases.taken
            leases.ended(name, held[name] * share)
            assert leases.taken <= before + 1e-9
            held[name] = 0.0


def test_what_nobody_knows_of_costs_all_that_was_leased() -> None:
    """A worker that died may have spent it; one that came to its end gives back the rest."""
    leases = CostLeases(10.0, 1.0)
    assert (leases.lease("a", 4.0), leases.lease("b", 8.0), leases.lease("b", 1.0)) == (4.0, 5.0, 0.0)
    leases.ended("a", None)
    leases.ended("b", 2.0)
    leases.ended("never", None)
    assert leases.taken == 7.0


@dataclass
class Spoken:
    """A source of a minute, as far as a budget looks at it."""

    format: Format = field(default_factory=lambda: Format(16000))
    begin_ms: int = 0
    speaker: str = ""


def test_a_worker_asks_for_more_when_its_lease_is_used_up() -> None:
    """And ends where nothing more is leased, before it has spent more than that."""
    leases, asked = CostLeases(1.0, 0.0), []

    def ask(amount: float) -> float:
        asked.append(amount)
        return leases.lease("a", amount)

    budget = LeasedBudget(lambda _: None, lambda s: s / 100, ask, resends=False)
    share, source = budget.share(), Spoken()
    taken = 0
    while budget.affords(share, source, Chunk(taken * 16000, bytes(32000))):  # type: ignore[arg-type]
        taken += 1
    assert (taken, asked, round(leases.taken, 6)) == (100, [0.6, 0.6, 0.6], 1.0)
