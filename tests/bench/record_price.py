"""What `--record` costs a live stream: one that is recorded beside one that is not, round after round."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from tests.bench.measure import OURS, Limit, Row, steady
from tests.bench.scripted_service import service

PLAIN = "unrecorded"
WIRES = ("inference", "realtime")
SETTLE_S, SPAN_S = 2.0, 10.0
MOST = 1.05  # what a record may cost


def record_rows(folder: Path, runs: int, command: Callable[[str, str], Sequence[str]]) -> Iterator[Row]:
    """One row for each wire, from `runs` pairs of rounds: in the second of a pair the other one is started first.

    The price is a small part of a figure that differs from round to round. So the limit counts as missed only where it
    is surely missed: the mean of the ratios, less two standard errors, is above it.

    Args:
        folder: Where the records go.
        runs: Pairs of rounds.
        command: The command of a stream, for a wire and an address.
    """
    taken: dict[str, dict[str, list[float]]] = {wire: {OURS: [], PLAIN: []} for wire in WIRES}
    for number in range(2 * runs):
        with service() as served:
            commands: dict[str, Sequence[str]] = {}
            for wire in WIRES:
                plain = command(wire, served.address)
                pair = {OURS: [*plain, "--record", str(folder / f"{wire}.asrz")], PLAIN: plain}
                for who in (OURS, PLAIN)[:: -1 if number % 2 else 1]:
                    commands[f"{wire} {who}"] = pair[who]

            def all_run() -> bool:
                return len(served.ask("summary")["first"]) >= len(commands)  # noqa: B023  called in this round only

            spent = steady(commands, all_run, SETTLE_S, SPAN_S)
        for wire in WIRES:
            for who in (OURS, PLAIN):
                taken[wire][who].append(spent[f"{wire} {who}"])
    for wire in WIRES:
        yield Row(f"a live stream with --record, {wire}", "ms/s", taken[wire], ((Limit(MOST, PLAIN, sure=True),),))
