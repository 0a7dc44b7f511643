"""What `asr eval` does: compares transcripts with references, prints the rates, writes the report."""

import stat
from pathlib import Path

from asrcli.cli.builders.atomic_file import AtomicFile
from asrcli.cli.console import print_message
from asrcli.cli.render.evaluation_tables import print_alignments, print_evaluation, print_evaluation_json
from asrcli.core.dataclass import dataclass
from asrcli.core.errors import ErrorRateTooHigh, OutputError, SettingError, system_reason
from asrcli.evaluation.comparison import compare, total
from asrcli.evaluation.normalization import STEPS, Normalization
from asrcli.evaluation.pairing import find_pairs
from asrcli.evaluation.report_page import MARKER, report_page
from asrcli.evaluation.transcript_files import read_transcript

_HEAD_BYTES = 1000  # in which a report says what it is


@dataclass(frozen=True)
class Evaluation:
    """Transcripts and their references: two files, or two folders of files with the same names."""

    hypothesis: Path
    reference: Path
    steps: Normalization

    def run(self, page: Path | None, *, alignment: bool, as_json: bool, max_percent: float | None) -> None:
        """Compare the files and print the rates.

        Args:
            page: Where the report is written; None writes none.
            alignment: Print all words with the errors marked, too.
            as_json: Print JSON instead of tables.
            max_percent: The word error rate that is still good enough; None is any.

        Raises:
            ErrorRateTooHigh: the rate of all files together is above `max_percent`.
            SourceError: a file cannot be read.
            OutputError: the report cannot be written.
            UsageError: the comparison needs a package that is not installed.
        """
        pairs, without_reference = find_pairs(self.hypothesis, self.reference)
        comparisons = []
        for pair in pairs:
            found = None
            if pair.hypothesis is not None:
                found = read_transcript(pair.hypothesis)
            comparisons.append(compare(pair.name, read_transcript(pair.reference), found, self.steps))
        whole = total(comparisons)
        for name in without_reference:
            print_message(f"asr: {name}: no reference, so it is not counted")
        if page is not None:
            _write_page(page, report_page(comparisons, whole, str(self.steps)))
        if as_json:
            print_evaluation_json(comparisons, whole, str(self.steps), without_reference)
        else:
            if alignment:
                print_alignments(comparisons)
            print_evaluation(comparisons, whole, str(self.steps))
        if max_percent is not None and (whole.words.rate is None or whole.words.rate > max_percent / 100):
            raise ErrorRateTooHigh(whole.words.rate, max_percent / 100)


def normalization(listed: str) -> Normalization:
    """Return the normalization of a list of steps.

    Raises:
        SettingError: a step does not exist.
    """
    steps = [step for step in listed.lower().replace(",", " ").split() if step != "none"]
    for step in steps:
        if step not in STEPS:
            raise SettingError("normalize", f"there is no {step!r}", f"name some of {', '.join(STEPS)}, or none")
    return Normalization.of(steps)


def check_page(path: Path) -> None:
    """Raise OutputError if a file that is no such report has this name already, or if it cannot be looked at."""
    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            raise OutputError(str(path), "is a folder")
        if not stat.S_ISREG(mode):  # a pipe would wait for a writer
            return
        with path.open("rb") as file:
            head = file.read(_HEAD_BYTES)
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError as exc:
        raise OutputError(str(path), system_reason(exc)) from exc
    if MARKER.encode() not in head:
        raise OutputError(str(path), "exists, but is not a report of asr eval; --overwrite replaces it")


def _write_page(path: Path, page: str) -> None:
    """Write the report; its name appears when it is complete."""
    writer = AtomicFile(str(path))
    with writer.closed_after():
        writer.write(page)
