"""What the ledger of a batch holds, as tables for people and as JSON for programs."""

import os
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from asrcli.cli.render.stdout import print_json, print_lines
from asrcli.core.printable import harmless
from asrcli.outputs.formatting import money, short_clock
from asrcli.runs.batch.decisions import BatchState, LedgerRow

if TYPE_CHECKING:
    from asrcli.cli.builders.batch.batch_plan import BatchPlan
    from asrcli.runs.batch.manifest import BatchInput


def print_status(out: str, rows: Mapping[str, LedgerRow], *, running: bool, as_json: bool) -> None:
    """Print how many inputs are in each state, and the sums."""
    states = Counter(row.state for row in rows.values())
    done = [row for row in rows.values() if row.state is BatchState.FINISHED]
    audio_ms = sum(row.audio_ms or 0 for row in done)
    costs = [row.cost for row in rows.values() if row.cost is not None]
    if as_json:
        counts = {str(state): states[state] for state in BatchState}
        sums = {"audio_ms": audio_ms, "cost": sum(costs) if costs else None}
        print_json({"out": out, "running": running, "inputs": len(rows), **counts, **sums})
        return
    print_lines(f"{len(rows)} inputs" + (", a run uses them now" if running else ""))
    for state in BatchState:
        if states[state]:
            print_lines(f"{state + ':':<12}{states[state]}")
    print_lines(f"{'audio:':<12}{short_clock(audio_ms)} finished")
    if costs:
        print_lines(f"{'cost:':<12}{money(sum(costs))}")


def print_report(rows: Mapping[str, LedgerRow], *, as_json: bool) -> None:
    """Print all that is remembered of each input, those that failed last."""
    ordered = sorted(rows.values(), key=lambda row: (row.state is BatchState.FAILED, row.path))
    if as_json:
        print_json([described_row(row) for row in ordered])
        return
    from asrcli.cli.render.tables import new_table, print_table

    table = new_table()
    for name in ("input", "state", "audio", "time", "tries", "cost", "reason"):
        # A path that is cut off says nothing.
        right = name in {"audio", "time", "tries", "cost"}
        table.add_column(name, justify="right" if right else "left", no_wrap=name != "reason")
    for row in ordered:
        audio = "" if row.audio_ms is None else short_clock(row.audio_ms)
        cost = "" if row.cost is None else money(row.cost)
        cells = [
            _from_here(row.path),
            str(row.state),
            audio,
            f"{row.seconds:.1f} s",
            str(row.attempts),
            cost,
            row.reason,
        ]
        table.add_row(*map(harmless, cells))
    print_table(table)


def _from_here(path: str) -> str:
    """A path below the current folder without the path of that folder; any other one unchanged."""
    try:
        return path.removeprefix(f"{Path.cwd()}{os.sep}")
    except OSError:  # the current folder is gone
        return path


def described_row(row: LedgerRow) -> dict[str, Any]:
    """A row as programs get it."""
    return {
        "path": row.path,
        "state": str(row.state),
        "files": list(row.files),
        "audio_ms": row.audio_ms,
        "seconds": round(row.seconds, 3),
        "attempts": row.attempts,
        "cost": row.cost,
        "model": row.model,
        "engine": row.engine,
        "reason": row.reason,
        "code": row.code,
        "changed": row.changed,
    }


def shown(given: "BatchInput") -> str:
    """An input as the user wrote it, except what may be secret in an address."""
    return given.identity if "://" in given.path else given.path


def print_plan(out: str, plan: "BatchPlan") -> None:
    """Print what would be done with each input."""
    for one in plan.skipped:
        print_lines(f"finished    {shown(one)}")
    for task in plan.tasks:
        files = ", ".join(f"{out}/{name}" for name in task.row.files)
        print_lines(f"{task.decision.action.value:<12}{shown(task.given)} -> {files} ({task.decision.why})")
    print_lines(f"{len(plan.tasks)} to transcribe, {len(plan.skipped)} finished, {len(plan.failures)} cannot be read")
