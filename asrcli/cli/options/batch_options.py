"""The options of `asr batch`: where transcripts go and what they are called, and how many inputs run at once."""

from pathlib import Path
from typing import Annotated

import typer

from asrcli.cli.options.output import (
    Capitalize,
    MaxLine,
    MaxLines,
    Overwrite,
    PlainScreen,
    Template,
    Timestamps,
)
from asrcli.cli.options.panels import CONNECTION, FLAG, OUTPUT
from asrcli.cli.options.recognition import RecognitionOptions
from asrcli.cli.options.values import OutputFormat, bounded_number
from asrcli.core.dataclass import dataclass
from asrcli.dashscope.parameters import MODEL

FORCE_SETTINGS = "--force-settings"  # what --force is elsewhere

BatchFormats = Annotated[
    list[OutputFormat] | None,
    typer.Option(
        "--format",
        "-f",
        help="text, jsonl, srt, vtt, ass, lrc, tsv, csv, md, json or html; may be repeated. Default: text.",
        metavar="FORMAT",
        rich_help_panel=OUTPUT,
        show_default=False,
    ),
]
Words = Annotated[
    list[str] | None,
    typer.Argument(
        help="Recordings, directories of recordings, patterns, addresses, manifests (.jsonl or .tsv, or - for standard "
        "input). Or an action: status, report or retry, and the folder of the transcripts.",
        metavar="INPUT...",
        show_default=False,
    ),
]
Out = Annotated[
    str | None,
    typer.Option(
        "--out",
        help="Folder for the transcripts, and for the ledger that records which inputs are finished; or an address: "
        "s3://bucket/folder.",
        metavar="DIR",
        rich_help_panel=OUTPUT,
        show_default=False,
    ),
]
OutputName = Annotated[
    str,
    typer.Option(
        "--name",
        help="Name of each transcript, without its suffix: {stem} or {name} (with the suffix of the input), "
        "{parent} (the folder of the input), {folder} (all folders, beginning with the one that you named).",
        metavar="TEXT",
        rich_help_panel=OUTPUT,
    ),
]
Jobs = Annotated[
    int | None,
    typer.Option(
        "--jobs",
        "-j",
        help="How many inputs are transcribed in parallel. Default: 8; with --local one per core.",
        min=1,
        max=1000,
        metavar="N",
        show_default=False,
    ),
]
StartsPerMinute = Annotated[
    float | None,
    typer.Option(
        "--rpm",
        help="How many tasks may start per minute. Default: the limit of the service for the model; none elsewhere.",
        min=1,
        max=60_000,
        callback=bounded_number,
        metavar="N",
        rich_help_panel=CONNECTION,
        show_default=False,
    ),
]
DaskScheduler = Annotated[
    str | None,
    typer.Option(
        "--dask",
        help="Transcribe on the workers of a Dask cluster, which read the inputs and have their own keys. The "
        "address of its scheduler: tcp://host:8786.",
        metavar="ADDRESS",
        rich_help_panel=CONNECTION,
        show_default=False,
    ),
]
Redo = Annotated[bool, typer.Option("--force", help="Transcribe finished inputs again, too.", metavar=FLAG)]
ForceSettings = Annotated[
    bool,
    typer.Option(
        FORCE_SETTINGS,
        help="Send options that the model ignores or refuses, and values out of range.",
        metavar=FLAG,
        rich_help_panel=MODEL,
    ),
]
SplitLength = Annotated[
    str | None,
    typer.Option(
        "--split",
        help="Cut recordings that are much longer than this at silences; transcribe the parts in parallel: 10m.",
        metavar="TIME",
        show_default=False,
    ),
]
Watched = Annotated[
    Path | None,
    typer.Option(
        "--watch",
        help="Watch this folder until Ctrl-C, and transcribe each new recording when it is complete.",
        metavar="DIR",
        show_default=False,
    ),
]
References = Annotated[
    Path | None,
    typer.Option(
        "--ref",
        help="At the end, compare the transcripts with references of the same names, as asr eval does.",
        metavar="DIR",
        show_default=False,
    ),
]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Print what would be done with each input; transcribe nothing.", metavar=FLAG)
]


@dataclass(frozen=True)
class BatchOutputOptions:
    """The values of the options for transcripts, as the user gave them."""

    format: BatchFormats = None
    out: Out = None
    name: OutputName = "{stem}"
    overwrite: Overwrite = False
    timestamps: Timestamps = None
    template: Template = None
    capitalize: Capitalize = False
    max_line: MaxLine = None
    max_lines: MaxLines = None
    plain: PlainScreen = False


@dataclass(frozen=True)
class BatchRecognitionOptions(RecognitionOptions):
    """The options for the recognition; `--force` is about finished inputs here."""

    force: ForceSettings = False
