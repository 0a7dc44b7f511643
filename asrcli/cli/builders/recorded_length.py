"""How much of a transcript a journal knows: a sentence is written first and recorded after that.

A program that is killed between the two leaves a sentence whose audio `asr resume` transcribes again. Unless the part
is cut before that sentence, it is there twice.
"""

import json
import re
from collections.abc import Callable, Container, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from asrcli.cli.builders.output_formats import FORMATS
from asrcli.cli.options.values import OutputFormat
from asrcli.core.errors import OutputError, system_reason
from asrcli.core.events import Event
from asrcli.core.transcript import Transcript
from asrcli.outputs.capitalization import CapitalizedOutput
from asrcli.outputs.formatting import INTO
from asrcli.outputs.line_writer import LineWriter

if TYPE_CHECKING:
    from asrcli.cli.builders.outputs import OutputBuilder
    from asrcli.core.interfaces import Output
    from asrcli.journal.reading import Journal

_STAMP = re.compile(r"\[[\d:.]+ → [\d:.]+\] ")  # a time of day differs by milliseconds from run to run
_NO_SENTENCE = ("[gap ", "… ")
_BELOW = (INTO, "heard: ")  # lines of the same sentence, without their indent


def recorded_bytes(part: Path, output_builder: "OutputBuilder", journal: "Journal") -> int | None:
    """Return the size of a part without a last sentence that the journal does not know; None if all of it stays.

    Nothing is cut where anything but that one sentence differs from what the journal says.

    Raises:
        OutputError: the part cannot be read.
    """
    if journal.damages or journal.anew:
        return None
    (name,) = output_builder.formats
    try:
        if name is OutputFormat.JSONL:
            return _recorded_json(part, {sentence.number for sentence in journal.sentences})
        return _recorded_text(part, output_builder, journal)
    except OSError as exc:
        raise OutputError(str(part), system_reason(exc).lower()) from exc


def _recorded_json(part: Path, known: set[int]) -> int | None:
    at = 0
    unknown: list[int] = []
    with part.open("rb") as lines:
        for line in lines:
            number = _sentence(line)
            if number is not None and unknown:
                return None
            if number is not None and number not in known:
                unknown.append(at)
            at += len(line)
    return next(iter(unknown), None)


def _sentence(line: bytes) -> int | None:
    """The number of the sentence in a line of JSON; None if it holds none."""
    if b'"final"' not in line:
        return None
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(record, dict) or record.get("type") != "final":
        return None
    return record.get("sentence")


def _recorded_text(part: Path, output_builder: "OutputBuilder", journal: "Journal") -> int | None:
    """The end of the last known sentence, if only one more follows; gaps and partials may lie between them."""
    lines = part.read_bytes().split(b"\n")[:-1]
    shown = [_unstamped(line.decode("utf-8", "replace")) for line in lines]
    render = _renderer(output_builder)
    gaps = {line for gap in journal.gaps for line in render(gap, Transcript())}
    at = 0
    for sentence in journal.sentences:
        block = render(sentence.final, Transcript(latest=sentence, highest=sentence.number))
        at = _skipped(shown, at, block, gaps)
        if shown[at : at + len(block)] != block:
            return None
        at += len(block)
    at = _skipped(shown, at, [], gaps)
    if at == len(shown) or any(not line.startswith(_BELOW) for line in shown[at + 1 :]):
        return None
    return sum(len(line) + 1 for line in lines[:at])


def _skipped(shown: Sequence[str], at: int, block: list[str], gaps: Container[str]) -> int:
    """Return the number of the next line that begins this block, or may begin a sentence."""
    while at < len(shown) and shown[at] != next(iter(block), None):
        if shown[at] not in gaps and not shown[at].startswith(_NO_SENTENCE):
            break
        at += 1
    return at


def _renderer(output_builder: "OutputBuilder") -> Callable[[Event, Transcript], list[str]]:
    """Return what gives the lines of a sentence or a gap as a builder's output writes them, without times in front."""
    lines = _CollectedLines()
    (name,) = output_builder.formats
    output: Output = FORMATS[name].make(replace(output_builder, partials=False, stamp=None), lines, None)
    if output_builder.capitalize:
        output = CapitalizedOutput(output)

    def render(event: Event, transcript: Transcript) -> list[str]:
        output.handle(event, transcript)
        return [_unstamped(line) for line in lines.taken()]

    return render


class _CollectedLines(LineWriter):
    """Takes lines in place of a file."""

    def __init__(self) -> None:
        super().__init__(None)
        self._lines: list[str] = []

    def write(self, line: str) -> None:
        """Keep the lines."""
        self._lines += line.split("\n")

    def taken(self) -> list[str]:
        """Return the lines since the last call."""
        lines, self._lines = self._lines, []
        return lines


def _unstamped(line: str) -> str:
    return _STAMP.sub("", line, count=1).lstrip()
