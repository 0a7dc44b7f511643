"""A budget over several runs, of which each may be killed at any time: together they send no more than it pays for."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asrcli.core.audio import Chunk, Format
from asrcli.core.errors import BudgetReached, OutputError, UsageError
from asrcli.core.events import Event
from asrcli.runs.batch.batch_budget import BatchBudget
from asrcli.runs.batch.spent_mark import STEPS, SpentMark
from asrcli.runs.budget import BudgetedSource
from asrcli.runs.cluster.cost_leases import CostLeases

WIRE = Format(16000)


class Talk:
    """A talk without an end, in chunks of a second."""

    name, audio_format, speaker, realtime, live = "talk", "pcm", "", False, None
    format, begin_ms, duration_ms = WIRE, 0, None

    def chunks(self, start: int) -> Iterator[Chunk | Event]:
        """All of it."""
        while True:
            yield Chunk(start, bytes(32000))
            start += 16000


def killed_run(path: Path, limit: float, seconds: int, known: float = 0.0) -> int:
    """Send two talks at the same time, and vanish after this many seconds; a second costs one. Returns those sent."""
    mark = SpentMark(path, limit, 10.0)
    mark.begin(known)
    money = BatchBudget(
        limit, mark.most, lambda usage: usage.seconds, lambda seconds: seconds, resends=False, reserve=mark.reserve
    )
    talks = [BudgetedSource(Talk(), money.share()).chunks(0) for _ in range(2)]
    for number in range(seconds):
        try:
            next(talks[number % 2])
        except BudgetReached:
            return number
    return seconds


@given(limit=st.integers(1, 200), kills=st.lists(st.integers(0, 40), min_size=1, max_size=30))
def test_killed_runs_send_no_more_than_the_budget_pays_for(limit: int, kills: list[int]) -> None:
    """And no run costs more of it than a step beyond what it has sent."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "spent"
        sent = runs = 0
        with suppress(BudgetReached):
            for seconds in kills:
                before = SpentMark(path, limit, 10.0).most
                taken = killed_run(path, limit, seconds)
                sent += taken
                runs += 1
                assert SpentMark(path, limit, 10.0).most <= before + taken + min(10.0, limit / STEPS) + 1e-9
        assert sent <= limit
        if sum(kills[:runs]) < limit and runs < len(kills):
            assert sent + runs * min(10.0, limit / STEPS) >= limit - 1e-9


def test_what_a_run_knows_at_its_end_takes_the_place_of_what_it_could_have_cost(tmp_path: Path) -> None:
    """So the rest can be spent; what the ledger knows counts where it is more."""
    path = tmp_path / "spent"
    assert killed_run(path, 100.0, 7) == 7
    mark = SpentMark(path, 100.0, 10.0)
    assert mark.most == 9.0  # the seventh second was covered by the step of two that began there
    mark.begin(3.0)
    money = BatchBudget(100.0, mark.most, lambda _: None, lambda s: s, resends=False, reserve=mark.reserve)
    share = money.share()
    next(BudgetedSource(Talk(), share).chunks(0))
    money.ended(share, 0.25)
    mark.settle(money)
    again = SpentMark(path, 100.0, 10.0)
    assert again.most == 9.25
    again.begin(50.0)
    assert again.most == 50.0
    with pytest.raises(BudgetReached):
        SpentMark(path, 9.0, 10.0).begin(0.0)


def test_leases_to_workers_are_kept_before_they_are_spent(tmp_path: Path) -> None:
    """A client that is killed does not know what its workers send."""
    mark = SpentMark(tmp_path / "spent", 100.0, 1.0)
    leases = CostLeases(100.0, 0.0, mark.reserve)
    assert leases.lease("a", 30.0) == 30.0
    assert SpentMark(tmp_path / "spent", 100.0, 1.0).most == 31.0
    leases.ended("a", 5.0)
    mark.settle(leases)
    assert SpentMark(tmp_path / "spent", 100.0, 1.0).most == 5.0


def test_what_cannot_be_kept_is_not_spent(tmp_path: Path) -> None:
    """A full disk, or a file that somebody has changed."""
    (tmp_path / "file").touch()
    mark = SpentMark(tmp_path / "file" / "spent", 100.0, 1.0)
    money = BatchBudget(100.0, 0.0, lambda _: None, lambda s: s, resends=False, reserve=mark.reserve)
    with pytest.raises(OutputError):
        next(BudgetedSource(Talk(), money.share()).chunks(0))
    assert CostLeases(100.0, 0.0, mark.reserve).lease("a", 30.0) == 0.0
    mark.settle(money)
    for text in ("nan", "-1", "much", "inf"):
        (tmp_path / "spent").write_text(text)
        with pytest.raises(UsageError, match="is damaged"):
            SpentMark(tmp_path / "spent", 100.0, 1.0)
