"""`asr eval`: error rates of transcripts against references."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from asrcli.cli.builders.log_file import log_to
from asrcli.cli.console import print_message
from asrcli.cli.options.logging import Debug, LogFile
from asrcli.cli.options.output import AsJson
from asrcli.cli.options.panels import FLAG
from asrcli.core.errors import ErrorRateTooHigh, OutputError, SettingError, UsageError, system_reason

if TYPE_CHECKING:
    from asrcli.evaluation.normalization import Normalization

EXAMPLES = """Examples:

asr eval talk.srt reference.srt --alignment

asr eval transcripts/ references/ --html report.html --max-wer 8"""

_HEAD_BYTES = 1000  # in which a report says what it is
Hypothesis = Annotated[
    Path,
    typer.Argument(
        metavar="TRANSCRIPT", help="A transcript, or a folder of them: txt, srt, vtt, ass, lrc, tsv, jsonl, json."
    ),
]
Reference = Annotated[
    Path, typer.Argument(metavar="REFERENCE", help="What was really said: a file, or a folder with the same names.")
]
Normalize = Annotated[
    str,
    typer.Option(
        help="What is made equal first: of width, case and punctuation, with commas between; none compares as written.",
        metavar="LIST",
    ),
]
Alignment = Annotated[bool, typer.Option("--alignment", help="Show all words, with the errors marked.", metavar=FLAG)]
Page = Annotated[
    Path | None,
    typer.Option(
        "--html", help="Write a page with the table, plots and alignments.", metavar="FILE", show_default=False
    ),
]
Overwrite = Annotated[
    bool, typer.Option("--overwrite", help="Write over a page that is not such a report.", metavar=FLAG)
]
MaxRate = Annotated[
    float | None,
    typer.Option(
        "--max-wer",
        help="Exit with code 8 if the word error rate of all files together is above this.",
        metavar="PERCENT",
        min=0,
        show_default=False,
    ),
]


def eval(  # noqa: A001 - the name of the command
    hypothesis: Hypothesis,
    reference: Reference,
    normalize: Normalize = "width,case,punctuation",
    alignment: Alignment = False,
    html: Page = None,
    overwrite: Overwrite = False,
    max_wer: MaxRate = None,
    as_json: AsJson = False,
    debug: Debug = False,
    log_file: LogFile = None,
) -> None:
    """Compare transcripts with references: word and character error rates, and the times of captions.

    Where a script has no spaces, each character counts as a word. A reference without a transcript counts as deleted.
    """
    del debug  # read by the error boundary
    from asrcli.cli.render.evaluation_tables import print_alignments, print_evaluation, print_evaluation_json
    from asrcli.evaluation.comparison import compare, total
    from asrcli.evaluation.pairing import find_pairs
    from asrcli.evaluation.report_page import report_page
    from asrcli.evaluation.transcript_files import read_transcript

    log_to(log_file)
    if alignment and as_json:
        raise UsageError("--alignment and --json are both given", "leave one out")
    steps = _normalization(normalize)
    if html is not None and not overwrite:
        _check_page(html)
    pairs, without_reference = find_pairs(hypothesis, reference)
    comparisons = []
    for pair in pairs:
        found = None
        if pair.hypothesis is not None:
            found = read_transcript(pair.hypothesis)
        comparisons.append(compare(pair.name, read_transcript(pair.reference), found, steps))
    whole = total(comparisons)
    for name in without_reference:
        print_message(f"asr: {name}: no reference, so it is not counted")
    if html is not None:
        _write_page(html, report_page(comparisons, whole, str(steps)))
    if as_json:
        print_evaluation_json(comparisons, whole, str(steps), without_reference)
    else:
        if alignment:
            print_alignments(comparisons)
        print_evaluation(comparisons, whole, str(steps))
    if max_wer is not None and (whole.words.rate is None or whole.words.rate > max_wer / 100):
        raise ErrorRateTooHigh(whole.words.rate, max_wer / 100)


def _normalization(listed: str) -> "Normalization":
    """Return the normalization of a list of steps.

    Raises:
        SettingError: a step does not exist.
    """
    from asrcli.evaluation.normalization import STEPS, Normalization

    steps = [step for step in listed.lower().replace(",", " ").split() if step != "none"]
    for step in steps:
        if step not in STEPS:
            raise SettingError("normalize", f"there is no {step!r}", f"name some of {', '.join(STEPS)}, or none")
    return Normalization.of(steps)


def _check_page(path: Path) -> None:
    """Raise OutputError if a file that is no such report has this name already, or if it cannot be looked at."""
    from asrcli.evaluation.report_page import MARKER

    try:
        if path.is_dir():
            raise OutputError(str(path), "is a folder")
        if not path.exists():
            return
        with path.open("rb") as file:
            head = file.read(_HEAD_BYTES)
    except OSError as exc:
        raise OutputError(str(path), system_reason(exc)) from exc
    if MARKER.encode() not in head:
        raise OutputError(str(path), "is there, and is no report of asr eval; --overwrite writes over it")


def _write_page(path: Path, page: str) -> None:
    """Write the report; its name appears when it is complete."""
    from asrcli.outputs.line_writer import LineWriter

    writer = LineWriter(str(path))
    try:
        writer.write(page)
    finally:
        writer.close()
