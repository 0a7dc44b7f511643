"""Many seeds of faults drawn by lot: `make chaos SEEDS=1000`. Says what was lost, what came twice, and what it took.

Each seed is run on both wires, in VAD mode and in manual mode, against the counting recognizer, whose transcript is the
list of the chunks it heard.
"""

import random
import statistics
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from itertools import islice

from asrcli.server.chaos import Chaos
from tests.support.chaos import WIRES, Outcome, ordeal

CHUNKS = 100
THREADS = 8
Case = tuple[int, str]


def batches(cases: list[Case], size: int) -> Iterator[tuple[Case, ...]]:
    """So many at a time."""
    left = iter(cases)
    while batch := tuple(islice(left, size)):
        yield batch


def run(cases: tuple[Case, ...]) -> list[tuple[Case, Outcome]]:
    """Some of them at once: most of the time is spent waiting."""

    def one(case: Case) -> Outcome:
        seed, wire = case
        return ordeal(wire, Chaos(random.Random(seed)), CHUNKS)

    with ThreadPoolExecutor(THREADS) as pool:
        return list(zip(cases, pool.map(one, cases), strict=True))


def main(seeds: int) -> int:
    """Print the figures; 1 when anything is wrong."""
    cases = [(seed, wire) for seed in range(seeds) for wire in WIRES]
    outcomes: list[tuple[Case, Outcome]] = []
    with ProcessPoolExecutor() as pool:
        for done in pool.map(run, batches(cases, 3 * THREADS)):
            outcomes += done
            for (seed, wire), out in done:
                if not out.good:
                    print(f"seed {seed} on {wire}: {out.error or ''} {out.problems[:3]}", flush=True)
    behind = [out.ended.longest_catch_up_ms / 1000 for _, out in outcomes if out.ended and out.ended.reconnects]
    lost = sum(out.ended.lost_ms for _, out in outcomes if out.ended)
    twice = sum("twice" in problem or "again" in problem for _, out in outcomes for problem in out.problems)
    print(f"{len(outcomes)} runs of {CHUNKS / 10:.0f} s, {sum(out.attempts for _, out in outcomes)} attempts")
    print(f"lost {lost} ms · said twice {twice} · runs with any problem {sum(not out.good for _, out in outcomes)}")
    print(f"time to catch up: median {statistics.median(behind):.2f} s, worst {max(behind):.2f} s")
    return any(not out.good for _, out in outcomes)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
