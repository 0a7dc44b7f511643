"""How much of a transcript a journal knows: a sentence is written first and recorded after that.

A program that is killed between the two leaves a sentence whose audio `asr resume` transcribes again. Unless the file
is cut before that sentence, it is there twice. After a power failure either of the two may end long before the other.
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
from asrcli.core.events import Began, Event
from asrcli.core.transcript import Transcript
from asrcli.outputs.capitalization import CapitalizedOutput
from asrcli.outputs.formatting import INTO
from asrcli.outputs.line_writer import LineWriter

if TYPE_CHECKING:
    from asrcli.cli.builders.outputs import OutputBuilder
    from asrcli.core.interfaces import Output
    from asrcli.journal.reading import Journal

_STAMP = re.compile(r"\[[\d:.]+ → [\d:.]+\] |\[[\d:. →]*\]?$")  # a time of day differs by milliseconds from run to run
_NO_SENTENCE = ("[gap ", "… ")
_BELOW = (INTO, "heard: ")  # lines of the same sentence, without their indent


def recorded_bytes(file: Path, output_builder: "OutputBuilder", journal: "Journal") -> int | None:
    """Return the size of a transcript without its last sentences, which the journal does not know; None if all stays.

    Nothing is cut where anything before these sentences differs from what the journal says, and nothing that another
    run may have appended to the same file: of text, which has no numbers, at most one sentence is cut there.

    Raises:
        OutputError: the file cannot be read.
    """
    if journal.damages or journal.redone_from_ms:
        return None
    written = _Written(file, output_builder, journal)
    if written.is_json:
        return written.recorded_json()
    return written.recorded_text()


def lacks_recorded(file: Path, output_builder: "OutputBuilder", journal: "Journal") -> bool:
    """Whether sentences that the journal knows are not in a transcript: a power failure has taken it, or its end.

    Raises:
        OutputError: the file cannot be read.
    """
    if not file.exists():
        return bool(journal.sentences)
    written = _Written(file, output_builder, journal)
    if written.is_json:
        return not written.known <= {number for number, _ in written.finals()}
    return written.lacks_text()


def holds_no_sentence(part: Path, output_builder: "OutputBuilder") -> bool:
    """Whether a part has no more lines than its format writes before the first sentence.

    Raises:
        OutputError: the part cannot be read.
    """
    try:
        lines = part.read_bytes().count(b"\n")
    except OSError as exc:
        raise OutputError(str(part), system_reason(exc).lower()) from exc
    begun = _renderer(output_builder)(Began("", "", "", 0), Transcript())
    return lines <= len(begun)


class _Written:
    """What a session has written to a transcript: in a file that it has appended to, what stands after the rest."""

    def __init__(self, file: Path, output_builder: "OutputBuilder", journal: "Journal") -> None:
        self._journal = journal
        self._render = _renderer(output_builder)
        self.is_json = output_builder.formats == (OutputFormat.JSONL,)
        self.known = {sentence.number for sentence in journal.sentences if sentence.number}
        self._begin = appended_from(journal, str(file))
        self._is_shared = journal.header.showing.get("append") is True
        try:
            data = file.read_bytes()
        except OSError as exc:
            raise OutputError(str(file), system_reason(exc).lower()) from exc
        if data[self._begin :].startswith(b"\n"):  # which has ended the last line of the rest
            self._begin += 1
        self._lines = data[self._begin :].split(b"\n")[:-1]

    def finals(self) -> list[tuple[int, int]]:
        """The numbers of the sentences in lines of JSON, each with its place in the file."""
        found = []
        at = self._begin
        for line in self._lines:
            if number := _sentence(line):
                found.append((number, at))
            at += len(line) + 1
        return found

    def recorded_json(self) -> int | None:
        """The place of the first sentence that is not known, if all known ones stand before it."""
        found = self.finals()
        # Sentences of several speakers may end in another order than they began.
        numbers = [number for number, _ in found]
        count = len(self.known)
        left = numbers[count:]
        if not left or sorted(numbers[:count]) != sorted(self.known) or not self.known.isdisjoint(left):
            return None
        # Another run that appends to the file counts its sentences from 1 on.
        goes_on = bool(self.known) and sorted(left) == list(range(max(self.known) + 1, max(self.known) + 1 + len(left)))
        if self._is_shared and left[1:] and not goes_on:
            return None
        return found[count][1]

    def recorded_text(self) -> int | None:
        """The end of the last known sentence, if more follows; gaps and partials may lie between them."""
        shown, at, rest = self._walked()
        if rest or at == len(shown):
            return None
        if self._is_shared and any(not line.startswith(_BELOW) for line in shown[at + 1 :]):
            return None
        return self._begin + sum(len(line) + 1 for line in self._lines[:at])

    def lacks_text(self) -> bool:
        """Whether the text ends before the known sentences do, perhaps in the middle of one."""
        shown, at, rest = self._walked()
        return bool(rest) and "\n".join(rest).startswith("\n".join(shown[at:]))

    def _walked(self) -> tuple[list[str], int, list[str]]:
        """The lines as they are compared, how many of them are known, and the first sentence that is not among them."""
        shown = [_unstamped(line.decode("utf-8", "replace")) for line in self._lines]
        gaps = {line for gap in self._journal.gaps for line in self._render(gap, Transcript())}
        at = 0
        for sentence in self._journal.sentences:
            block = self._render(sentence.final, Transcript(latest=sentence, highest=sentence.number))
            at = _skipped(shown, at, block, gaps)
            if shown[at : at + len(block)] != block:
                return shown, at, block
            at += len(block)
        return shown, _skipped(shown, at, [], gaps), []


def appended_from(journal: "Journal", path: str) -> int:
    """The size in bytes that a file had when the session began to append to it; 0 for one of its own."""
    begun = journal.header.showing.get("appended_from")
    size_bytes = begun.get(path) if isinstance(begun, dict) else 0
    return size_bytes if isinstance(size_bytes, int) and size_bytes > 0 else 0


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
    number = record.get("sentence")
    if not isinstance(number, int):  # somebody has edited the file
        return None
    return number


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
    """Takes lines instead of a file."""

    def __init__(self) -> None:
        super().__init__(None)
        self._lines: list[str] = []

    def begin(self, head: str = "") -> None:
        """Keep the lines of the head."""
        if head:
            self.write(head)

    def write(self, line: str) -> None:
        """Keep the lines."""
        self._lines += line.split("\n")

    def taken(self) -> list[str]:
        """Return the lines since the last call."""
        lines, self._lines = self._lines, []
        return lines


def _unstamped(line: str) -> str:
    return _STAMP.sub("", line, count=1).lstrip()
