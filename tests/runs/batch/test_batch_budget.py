"""The money of a batch, of which runs at the same time take their share."""

from collections.abc import Iterator

import pytest

from asrcli.core.audio import Chunk, Format
from asrcli.core.errors import BudgetReached
from asrcli.core.events import Event, Notice, Usage
from asrcli.runs.batch.batch_budget import BatchBudget
from asrcli.runs.budget import BudgetedSource

WIRE = Format(16000)


class Talk:
    """Ten seconds, in chunks of one, with a notice between them."""

    name, audio_format, speaker, realtime, live = "talk", "pcm", "", False, None
    format, begin_ms, duration_ms = WIRE, 0, 10_000

    def chunks(self, start: int) -> Iterator[Chunk | Event]:
        """All of it."""
        yield Notice("info", "here it comes")
        for number in range(10):
            yield Chunk(start + number * 16000, bytes(32000))


def budget(limit: float, spent: float = 0.0) -> BatchBudget:
    """A second costs one."""
    return BatchBudget(limit, spent, lambda usage: usage.seconds, lambda seconds: seconds, resends=False)


def seconds(source: BudgetedSource) -> int:
    """How many seconds the budget allowed."""
    taken: list[Chunk | Event] = []
    with pytest.raises(BudgetReached):
        taken.extend(source.chunks(0))
    return sum(isinstance(item, Chunk) for item in taken)


def test_runs_at_the_same_time_share_one_limit() -> None:
    """What one has taken the other has not, and what earlier runs of the batch cost counts too."""
    money = budget(12.0, spent=3.0)
    first, second = money.share(), money.share()
    one = BudgetedSource(Talk(), first).chunks(0)
    for _ in range(5):  # a notice, and four chunks
        next(one)
    assert seconds(BudgetedSource(Talk(), second)) == 5
    assert money.taken == 12.0
    with pytest.raises(BudgetReached):
        next(one)


def test_what_a_run_really_cost_takes_the_place_of_the_most_it_could() -> None:
    """So the rest can be used; where nobody counts, the most is taken."""
    money = budget(9.0)
    share = money.share()
    assert seconds(BudgetedSource(Talk(), share)) == 9
    money.ended(share, 2.0)
    assert money.taken == 2.0
    share = money.share()
    assert seconds(BudgetedSource(Talk(), share)) == 7
    money.ended(share, None)
    assert money.taken == 9.0
    assert Usage().seconds is None
