"""A long run with a fault every few seconds: nothing lost, nothing twice, and nothing left behind."""

import random
import threading

import pytest
from psutil import Process

from asrcli.server.faults.script import FaultAction, FaultTrigger, InjectedFault
from tests.support.chaos import Outcome, ordeal
from tests.support.memory import resident

pytestmark = pytest.mark.slow

CHUNKS = 9000  # a quarter of an hour; `make soak` takes a whole one
EVERY_BYTES = 256_000  # eight seconds of audio, on the mean
GROWTH_BYTES = 24 << 20


class Restless:
    """Each connection is cut or closed after a few seconds of audio."""

    def __init__(self, lots: random.Random) -> None:
        self._lots = lots

    def of(self, connection: int) -> tuple[InjectedFault, ...]:
        """One fault."""
        after = self._lots.randint(EVERY_BYTES // 4, EVERY_BYTES * 7 // 4)
        do, code = self._lots.choice(
            ((FaultAction.CUT, ""), (FaultAction.CLOSE, 1012), (FaultAction.FAIL, "InternalError"))
        )
        return (InjectedFault(do, FaultTrigger.BYTES, after, connection, code, "restless"),)


@pytest.mark.parametrize("wire", ["inference", "realtime"])
def test_a_long_run_with_a_fault_every_few_seconds_leaves_nothing_behind(wire: str) -> None:
    """Flat memory; as many threads and open files as before."""

    def run(chunks: int, seed: int) -> Outcome:
        return ordeal(wire, Restless(random.Random(seed)), chunks, stall_s=10, resends=20)

    run(CHUNKS // 15, 1)  # what is loaded once
    me = Process()
    before = resident(me), me.num_fds(), threading.active_count()
    out = run(CHUNKS, 2)
    after = resident(me), me.num_fds(), threading.active_count()
    assert (out.error, out.problems[:3]) == (None, [])
    assert out.ended is not None
    assert out.ended.reconnects > CHUNKS / 200
    counted_audio = 2 * 1600 * CHUNKS  # the test's own, made at once
    assert after[0] - before[0] < counted_audio + GROWTH_BYTES
    assert after[1] <= before[1] + 2
    assert after[2] <= before[2] + 2
