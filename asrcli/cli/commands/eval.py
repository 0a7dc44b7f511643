"""`asr eval`: error rates of transcripts against references."""

from pathlib import Path
from typing import Annotated

import typer

from asrcli.cli.builders.log_file import log_to
from asrcli.cli.options.logging import Debug, LogFile
from asrcli.cli.options.output import AsJson
from asrcli.cli.options.panels import FLAG
from asrcli.cli.options.values import bounded_number
from asrcli.core.errors import UsageError

EXAMPLES = """Examples:

asr eval talk.srt reference.srt --alignment

asr eval transcripts/ references/ --html report.html --max-wer 8"""

Hypothesis = Annotated[
    Path,
    typer.Argument(
        metavar="TRANSCRIPT",
        help="A transcript, or a folder of transcripts: txt, srt, vtt, ass, lrc, tsv, jsonl, json.",
    ),
]
Reference = Annotated[
    Path,
    typer.Argument(metavar="REFERENCE", help="The correct text: a file, or a folder with files of the same names."),
]
Normalize = Annotated[
    str,
    typer.Option(
        help="Differences to ignore: width, case and punctuation, separated by commas; none ignores nothing.",
        metavar="LIST",
    ),
]
Alignment = Annotated[bool, typer.Option("--alignment", help="Show all words, and mark the errors.", metavar=FLAG)]
Page = Annotated[
    Path | None,
    typer.Option(
        "--html", help="Write a page with the table, plots and alignments.", metavar="FILE", show_default=False
    ),
]
Overwrite = Annotated[
    bool, typer.Option("--overwrite", help="Overwrite a page that is not such a report.", metavar=FLAG)
]
MaxRate = Annotated[
    float | None,
    typer.Option(
        "--max-wer",
        help="Exit with code 8 if the word error rate of all files together is above this.",
        metavar="PERCENT",
        min=0,
        callback=bounded_number,
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

    In scripts without spaces, each character counts as a word. If a transcript is missing, all words of its reference
    count as deleted.
    """
    del debug  # read by the error boundary
    from asrcli.cli.builders import evaluation_run

    log_to(log_file)
    if alignment and as_json:
        raise UsageError("--alignment and --json are both given", "leave one out")
    steps = evaluation_run.normalization(normalize)
    if html is not None and not overwrite:
        evaluation_run.check_page(html)
    evaluation_run.Evaluation(hypothesis, reference, steps).run(
        html, alignment=alignment, as_json=as_json, max_percent=max_wer
    )
