"""Runs many seeds of random faults. Reports what was lost, what came twice, what was sent again, and the time.

    make chaos [SEEDS=1000] [WAITING_SEEDS=60]
    python -m tests.bench.chaos --only 17:manual waits-3:realtime

Each seed is run on every wire, in VAD mode and in manual mode, against the counting recognizer, whose transcript is
the list of the chunks it heard. The audio is longer than any buffer on its way, with stretches of quiet; every other
seed is sent at a pace. Faults that a client has to wait for are a set of their own, with a stall timeout of 3 s.

Wires that `asr serve` does not speak have a server end of the tests. One without times is sent at a pace; how many
chunks came twice there is counted, and is no fault.
"""

import argparse
import random
import statistics
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice

from asrcli.server.faults.random_faults import RandomFaults
from tests.support.chaos import LIMITS, RESENDS, TOLERATED, UNTIMED, WIRES, Outcome, ordeal

CHUNKS = 1000  # 3.2 MB: the kernel takes 2.6 MB of a connection to the machine itself
QUIET = frozenset(n for n in range(CHUNKS) if n % 100 >= 70 or n % 33 in {5, 6})
THREADS = 8
PACE = 100  # times real time, of every other seed
UNTIMED_PACE = 2  # as the client does it, where times are estimated from when texts come
STALL_S, WAITING_STALL_S = 5.0, 3.0  # nothing is waited for in the first set: a busy machine must not look like a stall
MOST_SENT = 2.0  # times the audio, over all runs


@dataclass(frozen=True)
class Case:
    """A seed on a wire, of the faults that are noticed at once or of those that wait."""

    seed: int
    wire: str
    waits: bool = False

    def __str__(self) -> str:
        return f"{'waits-' if self.waits else ''}{self.seed}:{self.wire}"


def read(text: str) -> Case:
    """A case as `str` writes it.

    Raises:
        ValueError: it is none.
    """
    seed, _, wire = text.removeprefix("waits-").partition(":")
    if wire not in WIRES:
        raise ValueError(f"{text}: a case is SEED:WIRE or waits-SEED:WIRE, with a wire of {', '.join(WIRES)}")
    return Case(int(seed), wire, text.startswith("waits-"))


def batches(cases: list[Case], size: int) -> Iterator[tuple[Case, ...]]:
    """This many at a time."""
    left = iter(cases)
    while batch := tuple(islice(left, size)):
        yield batch


def one(case: Case) -> Outcome:
    """Run a case."""
    faults = RandomFaults(random.Random(case.seed), waiting=case.waits)
    stall_s = WAITING_STALL_S if case.waits else STALL_S
    pace = PACE if case.seed % 2 else None
    tolerated = TOLERATED.get(case.wire, "")
    if case.wire in UNTIMED:
        pace = UNTIMED_PACE
    return ordeal(case.wire, faults, CHUNKS, pace=pace, stall_s=stall_s, silent=QUIET, tolerated=tolerated)


def run(cases: tuple[Case, ...]) -> list[tuple[Case, Outcome]]:
    """Some of them at once: most of the time is spent waiting."""
    with ThreadPoolExecutor(THREADS) as pool:
        return list(zip(cases, pool.map(one, cases), strict=True))


def row(wire: str, outcomes: list[Outcome]) -> str:
    """The line of a wire: attempts, what was lost or came twice, and how often audio was sent."""
    lost = sum(out.ended.lost_ms for out in outcomes if out.ended)
    problems = [problem for out in outcomes for problem in (*out.problems, *out.tolerated)]
    off = sum("ms off" in problem for problem in problems)
    missing = sum("missing" in problem for problem in problems)
    twice = sum("twice" in problem or "again" in problem for problem in problems) + sum(out.twice for out in outcomes)
    unended = sum(out.ended is None for out in outcomes)
    sent = sum(out.sent for out in outcomes) / (len(outcomes) * CHUNKS * 1600)
    figures = f"{sum(out.attempts for out in outcomes):10}{lost:9}{missing:9}{twice:7}{off:5}{unended:9}{sent:7.2f}"
    line = f"{wire:24}{len(outcomes):5}{figures}{max(out.most for out in outcomes):6}"
    return f"{line}  {LIMITS[wire]}" if wire in LIMITS else line


def endure(name: str, cases: list[Case]) -> list[Case]:
    """Run them all and print the figures; those that went wrong. A sum that is too large is the fault of all."""
    outcomes: list[tuple[Case, Outcome]] = []
    began = time.monotonic()
    with ProcessPoolExecutor() as pool:
        for done in pool.map(run, batches(cases, 2 * THREADS)):
            outcomes += done
            for case, out in done:
                if out.wrong:
                    print(f"{case}: {'; '.join(out.wrong[:3])}", flush=True)
    wrong = [case for case, out in outcomes if out.wrong]
    behind = [out.ended.longest_catch_up_ms / 1000 for _, out in outcomes if out.ended and out.ended.reconnects]
    sent = sum(out.sent for _, out in outcomes) / (len(outcomes) * CHUNKS * 1600)
    attempts = sum(out.attempts for _, out in outcomes)
    print(f"{name}: {len(outcomes)} runs of {CHUNKS / 10:.0f} s, {attempts} attempts, {time.monotonic() - began:.0f} s")
    titles = f"{'attempts':>10}{'lost ms':>9}{'missing':>9}{'twice':>7}{'off':>5}{'unended':>9}{'sent':>7}{'most':>6}"
    print(f"{'wire':24}{'runs':>5}{titles}")
    for wire in WIRES:
        if mine := [out for case, out in outcomes if case.wire == wire]:
            print(row(wire, mine))
    print(f"runs with any problem {len(wrong)} · sent {sent:.2f} times the audio")
    if behind:
        print(f"time to catch up: median {statistics.median(behind):.2f} s, worst {max(behind):.2f} s")
    if sent > MOST_SENT:
        print(f"more than {MOST_SENT:g} times the audio was sent")
        return wrong or cases[:1]
    return wrong


def main() -> int:
    """Run the seeds, or single cases again; 1 when anything is wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.chaos", description=f"At most {RESENDS} resends.")
    parser.add_argument("--seeds", type=int, default=1000, help="of faults that are noticed at once")
    parser.add_argument("--waiting-seeds", type=int, default=60, help="of faults that have to be waited for")
    parser.add_argument("--wires", nargs="+", choices=WIRES, default=WIRES, metavar="WIRE", help=", ".join(WIRES))
    parser.add_argument("--only", nargs="+", type=read, metavar="CASE", help="only these: SEED:WIRE, waits-SEED:WIRE")
    asked = parser.parse_args()
    if asked.only:
        sets = {"again": asked.only}
    else:
        sets = {
            "noticed at once": [Case(seed, wire) for seed in range(asked.seeds) for wire in asked.wires],
            "waited for": [Case(seed, wire, waits=True) for seed in range(asked.waiting_seeds) for wire in asked.wires],
        }
    wrong = [case for name, cases in sets.items() if cases for case in endure(name, cases)]
    if wrong:
        print(f"run them again: python -m tests.bench.chaos --only {' '.join(map(str, wrong))}")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
