"""The progress of a batch on standard error: a few lines that are drawn again on a terminal, plain lines elsewhere."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from asrcli.cli.advice import described
from asrcli.cli.console import print_message, terminal_writer
from asrcli.cli.system_resources import screen_environment
from asrcli.core.errors import AudioLost, OutputError, SourceError, bare_url
from asrcli.core.printable import harmless
from asrcli.outputs.formatting import money, short_clock
from asrcli.runs.batch.decisions import BatchState

if TYPE_CHECKING:
    from rich.console import Console, Group
    from rich.live import Live

    from asrcli.core.errors import AsrError
    from asrcli.runs.batch.active_input import ActiveInput
    from asrcli.runs.batch.batch_view import BatchView
    from asrcli.runs.batch.decisions import LedgerRow
    from asrcli.runs.batch.scheduler import BatchRun

SHOWN = 6  # active inputs that have a line of their own
# The time left is shown when this much of the batch is done, or this long after its start.
GUESS_SHARE = 0.01
GUESS_AFTER_S = 10.0
BAR = 24


class PlainProgress:
    """One line for each input that has ended; `total` is 0 if the number is not known."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._ended = 0

    def ended(self, active: "ActiveInput", row: "LedgerRow") -> None:
        """Print the line of an input."""
        self._ended += 1
        if row.state is BatchState.FAILED and not self._total:
            return  # `failed` has printed it
        of_all = f"/{self._total}" if self._total else ""
        print_message(f"asr: {self._ended}{of_all} {ended_line(active, row)}")
        if remark := _remark(row):
            self.note(remark)

    def tick(self, batch: "BatchRun") -> None:
        """Do nothing: lines are printed when an input ends."""

    def note(self, text: str) -> None:
        """Print it."""
        print_message(f"asr: {text}")

    def failed(self, path: str, error: "AsrError") -> None:
        """Print why an input failed."""
        print_failure(path, error)


class QuietProgress:
    """Nothing but failures."""

    def ended(self, active: "ActiveInput", row: "LedgerRow") -> None:
        """Do nothing."""

    def tick(self, batch: "BatchRun") -> None:
        """Do nothing."""

    def note(self, text: str) -> None:
        """Do nothing."""

    def failed(self, path: str, error: "AsrError") -> None:
        """Print why an input failed."""
        print_failure(path, error)


class LiveProgress:
    """Lines at the bottom of a terminal: how far the batch is, and the inputs that are active."""

    def __init__(self, live: "Live", console: "Console") -> None:
        self._live = live
        self._console = console
        self._gone = False  # whether the terminal is closed

    def ended(self, active: "ActiveInput", row: "LedgerRow") -> None:
        """Print what its recording lacks; the count shows the rest."""
        del active
        if remark := _remark(row):
            self.note(remark)

    def tick(self, batch: "BatchRun") -> None:
        """Draw the lines again."""
        self._draw(lambda: self._live.update(_drawn(batch), refresh=True))

    def note(self, text: str) -> None:
        """Print it above the lines."""
        self._draw(lambda: self._console.print(f"asr: {harmless(text)}", markup=False, highlight=False))

    def _draw(self, draw: Callable[[], None]) -> None:
        if self._gone:
            return
        try:
            draw()
        except OSError:  # the terminal was closed, or stands still; the batch still ends in order
            self._gone = True

    def failed(self, path: str, error: "AsrError") -> None:
        """Print above the lines why an input failed."""
        self.note(failure_line(path, error))
        error.reported = True


def print_failure(path: str, error: "AsrError") -> None:
    """Print why an input failed, once."""
    print_message(f"asr: {failure_line(path, error)}")
    error.reported = True


def failure_line(path: str, error: "AsrError") -> str:
    """What was wrong with an input, with its name in front unless the error names it."""
    if isinstance(error, AudioLost):
        error.path = path
    if isinstance(error, SourceError | OutputError | AudioLost):
        return described(error)
    return f"{bare_url(path)}: {described(error)}"


def _remark(row: "LedgerRow") -> str:
    """What a finished recording lacks. A reason with an exit code is that of its gaps, which come at the end."""
    if row.state is BatchState.FINISHED and not row.code:
        return row.reason
    return ""


def ended_line(active: "ActiveInput", row: "LedgerRow") -> str:
    """What became of an input, in one line. The reason of a failure comes at the end of the batch."""
    name = bare_url(active.task.given.path)
    if row.state is BatchState.FINISHED:
        return f"{name}: {short_clock(row.audio_ms or 0)} of audio in {row.seconds:.1f} s"
    if row.state is BatchState.FAILED:
        return f"{name}: failed"
    return f"{name}: stopped at {short_clock(active.reached_ms)}"


def summary(batch: "BatchRun") -> str:
    """How far the batch is, in one line."""
    reached_ms = batch.audio_ms + sum(active.reached_ms for active in batch.active)
    ended = len(batch.tasks) - len(batch.waiting) - len(batch.active)
    parts = [f"{ended} of {len(batch.tasks)}"]
    if batch.failures:
        parts.append(f"{len(batch.failures)} failed")
    parts.append(f"{len(batch.active)} active")
    if batch.streams != len(batch.active):
        parts.append(f"{batch.streams} streams")
    parts += [f"{short_clock(reached_ms)} of audio", f"{reached_ms / 1000 / max(0.001, batch.elapsed_s):.1f}x"]
    if (left_s := time_left_s(batch)) is not None:
        parts.append(f"{short_clock(left_s * 1000)} left")
    cost = (batch.cost or 0.0) + sum(active.cost or 0.0 for active in batch.active)
    if cost:
        parts.append(money(cost))
    return " · ".join(parts)


def time_left_s(batch: "BatchRun") -> float | None:
    """In how many seconds the batch will be done, by the bytes of its files; None if that cannot be known yet."""
    whole = sum(task.row.stamp.size_bytes or 0 for task in batch.tasks)
    done = float(batch.done_bytes)
    for active in batch.active:
        if active.length_ms:
            done += (active.task.row.stamp.size_bytes or 0) * min(1.0, active.reached_ms / active.length_ms)
    soon = batch.elapsed_s < GUESS_AFTER_S and done < whole * GUESS_SHARE
    if done <= 0 or whole <= 0 or batch.elapsed_s <= 1 or soon:
        return None
    return max(0.0, batch.elapsed_s * (whole - done) / done)


def _drawn(batch: "BatchRun") -> "Group":
    from rich.console import Group
    from rich.text import Text

    lines = [Text(summary(batch), style="bold", no_wrap=True, overflow="ellipsis")]
    for active in batch.active[:SHOWN]:
        share = min(1.0, active.reached_ms / active.length_ms) if active.length_ms else 0.0
        full = round(share * BAR)
        reached = short_clock(active.reached_ms)
        if active.length_ms:
            reached += f" of {short_clock(active.length_ms)}"
        bar = f"{'━' * full}{'╌' * (BAR - full)} {reached}  {harmless(bare_url(active.task.given.path))}"
        lines.append(Text(bar, no_wrap=True, overflow="ellipsis"))
    if len(batch.active) > SHOWN:
        lines.append(Text(f"and {len(batch.active) - SHOWN} more", style="dim"))
    return Group(*lines)


@contextmanager
def batch_progress(total: int, *, level: int | None, plain: bool) -> "Iterator[BatchView]":
    """What shows the progress while the block lasts."""
    if level is None:
        yield QuietProgress()
        return
    if plain or sys.stderr is None or not sys.stderr.isatty():
        yield PlainProgress(total)
        return
    from rich.console import Console
    from rich.live import Live

    console = Console(file=terminal_writer(sys.stderr), _environ=screen_environment(sys.stderr))
    live = Live(console=console, transient=True, auto_refresh=False)
    try:
        with suppress(OSError):
            live.start()
        yield LiveProgress(live, console)
    finally:
        with suppress(OSError):
            live.stop()
