"""CPU, memory, start-up and delays beside those of other clients: `make bench`, or `make bench ROWS="live mp3"`.

    python -m tests.bench [--runs N] [--streams N,N,...] [--serve-streams N,N,...] [--write] [ROW...]

Each figure stands beside the same job by the official SDK or by a bare loop over websockets, against one cheap service
that sends 6.7 results a second with their words. Contenders run at the same time or in turns. The ratios count, not the
speed of the machine. The exit code is 1 if a limit is missed. With --write the table and the pictures of the scaling
curve go into docs/benchmarks.md.
"""

import argparse
import compileall
import re
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.bench import served
from tests.bench.batch_curve import draw_batch
from tests.bench.curves import COUNTS, draw
from tests.bench.measure import Row, machine
from tests.bench.rows import ROWS, Bench

ROOT = Path(__file__).parent.parent.parent
PAGE = ROOT / "docs" / "benchmarks.md"
BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"


def written(page: str, about: str, rows: Sequence[Row], runs: int) -> str:
    """The page with these rows in place of the earlier ones."""
    table = ["| what | median (lowest–highest) | ratio | limit | |", "|---|---|---|---|---|"]
    table += ["| " + " | ".join(row.cells) + " |" for row in rows]
    measured = "\n".join([BEGIN, f"{about}. {runs} runs of each.", "", *table, END])
    return re.sub(f"{BEGIN}.*{END}", lambda _: measured, page, flags=re.DOTALL)


def _counts(numbers: str) -> tuple[int, ...]:
    return tuple(map(int, numbers.split(",")))


def main() -> int:
    """Measure; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench")
    parser.add_argument("rows", nargs="*", metavar="ROW", help=f"of {', '.join(ROWS)}; all of them by default")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--streams", default=",".join(map(str, COUNTS)), help="the points of the scaling curve")
    parser.add_argument("--serve-streams", default=",".join(map(str, served.COUNTS)), help="those of the row serve")
    parser.add_argument("--write", action="store_true", help=f"write {PAGE.name}")
    asked = parser.parse_args()
    if unknown := set(asked.rows) - ROWS.keys():
        parser.error(f"{', '.join(unknown)}: no such row; there are {', '.join(ROWS)}")
    for code in ("asrcli", "tests/bench", "tests/support"):  # as pip does it; some environments write no bytecode
        compileall.compile_dir(ROOT / code, quiet=1)
    about = machine()
    print(about, flush=True)
    measured: list[Row] = []
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder), asked.runs, _counts(asked.streams), _counts(asked.serve_streams))
        for name in asked.rows or ROWS:
            for row in ROWS[name](bench):
                measured.append(row)
                print(row.line, flush=True)
            if asked.write:
                PAGE.write_text(written(PAGE.read_text("utf-8"), about, measured, asked.runs), "utf-8")
        if asked.write and "points" in vars(bench):
            draw(bench.points, PAGE.parent / "pictures")
        if "serve_points" in vars(bench):
            print(*served.draw_served(bench.serve_points, PAGE.parent / "pictures"), sep="\n")
        if asked.write and "batch_points" in vars(bench):
            draw_batch(bench.batch_points, PAGE.parent / "pictures")
    missed = [row.name for row in measured if not row.kept]
    if missed:
        print(f"missed: {'; '.join(missed)}")
    return bool(missed)


if __name__ == "__main__":
    sys.exit(main())
