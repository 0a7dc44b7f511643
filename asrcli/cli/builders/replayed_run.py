"""From a message record to outputs: its events at the speed that the user asks for."""

import time
from pathlib import Path
from typing import TYPE_CHECKING

from asrcli.cli.builders.outputs import run_outputs
from asrcli.cli.builders.wire_records import open_record
from asrcli.cli.console import print_message
from asrcli.core.printable import quantity
from asrcli.core.transcript import Transcript, fold
from asrcli.runs.record_replay import RecordReplay

if TYPE_CHECKING:
    from asrcli.cli.builders.outputs import OutputBuilder

LONGEST_WAIT_S = 86_400.0  # a damaged time must not hold up the rest forever


def replay_record(path: Path, pace: float | None, output_builder: "OutputBuilder") -> None:
    """Play a record into the outputs. `pace` is how many times as fast as it was; None waits for nothing.

    Raises:
        SourceError: the record cannot be read.
        OutputError: an output cannot be written.
    """
    with open_record(path, RecordReplay) as played:
        at_ms = _play(played, pace, output_builder)
    if played.unreadable:
        print_message(f"asr: {path}: {quantity(played.unreadable, 'line')} left out: this version cannot use them")
    if not played.ended and output_builder.level is not None:
        print_message(f"asr: {path}: the record ends after {at_ms / 1000:.1f} s, without the end of the run")


def _play(played: RecordReplay, pace: float | None, output_builder: "OutputBuilder") -> int:
    """Play it, and return when its last event was, in milliseconds since it began."""
    transcript = Transcript()
    at_ms = 0
    with run_outputs(output_builder, go_on=False) as outputs:
        began = time.monotonic()
        for at_ms, event in played.events():
            if pace is not None:
                wait_s = began + at_ms / 1000 / pace - time.monotonic()
                time.sleep(max(0.0, min(wait_s, LONGEST_WAIT_S)))
            transcript = fold(transcript, event)
            for output in outputs:
                output.handle(event, transcript)
    return at_ms
