"""The options for the transcript: formats, files and the live view."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from asrcli.cli.options.panels import FLAG, OUTPUT
from asrcli.cli.options.values import OutputFormat, TimestampStyle
from asrcli.core.dataclass import dataclass

if TYPE_CHECKING:
    from asrcli.cli.builders.outputs import OutputBuilder
    from asrcli.core.settings import RecognitionSettings

Formats = Annotated[
    list[OutputFormat] | None,
    typer.Option(
        "--format",
        "-f",
        help="text, jsonl, srt, vtt, ass, lrc, tsv, csv, md, json or html; may be repeated. Default: by the suffix of "
        "-o (.json is jsonl), or text.",
        metavar="FORMAT",
        rich_help_panel=OUTPUT,
        show_default=False,
    ),
]
OutputFile = Annotated[
    str | None,
    typer.Option(
        "--output",
        "-o",
        help="Output file, of exactly this name; with several formats each adds its suffix.",
        metavar="PATH",
        rich_help_panel=OUTPUT,
    ),
]
OutputDir = Annotated[
    Path | None,
    typer.Option("--output-dir", help="Folder for one transcript per input.", metavar="DIR", rich_help_panel=OUTPUT),
]
Append = Annotated[
    bool, typer.Option("--append", help="Append to the output file.", metavar=FLAG, rich_help_panel=OUTPUT)
]
Overwrite = Annotated[
    bool,
    typer.Option(
        "--overwrite",
        help="Overwrite a file even if it is not a transcript, or is the transcript of another input or talk.",
        metavar=FLAG,
        rich_help_panel=OUTPUT,
    ),
]
Partials = Annotated[
    bool,
    typer.Option("--partials", help="Write unfinished sentences too.", metavar=FLAG, rich_help_panel=OUTPUT),
]
Timestamps = Annotated[
    TimestampStyle | None,
    typer.Option(
        help="Show times: relative (position) or clock (time of day).",
        metavar="STYLE",
        rich_help_panel=OUTPUT,
    ),
]
Template = Annotated[
    str | None,
    typer.Option(help="Format of each sentence: '{begin} {text}'.", metavar="TEXT", rich_help_panel=OUTPUT),
]
Capitalize = Annotated[
    bool,
    typer.Option("--capitalize", help="Add capital letters and full stops.", metavar=FLAG, rich_help_panel=OUTPUT),
]
MaxLine = Annotated[
    int | None,
    typer.Option(
        help="Longest line of subtitles, in screen columns; a Chinese character takes 2. Default: 42.",
        min=10,
        max=200,
        metavar="N",
        rich_help_panel=OUTPUT,
    ),
]
MaxLines = Annotated[
    int | None,
    typer.Option(
        help="Maximum number of lines per subtitle. Default: 2.", min=1, max=4, metavar="N", rich_help_panel=OUTPUT
    ),
]
Exec = Annotated[
    str | None,
    typer.Option(
        "--exec",
        help="Run this for each sentence: text on standard input; sets ASR_SENTENCE, ASR_BEGIN_MS, ASR_END_MS.",
        metavar="COMMAND",
        rich_help_panel=OUTPUT,
    ),
]
EmbedAudio = Annotated[
    bool,
    typer.Option(
        "--embed-audio", help="Include the audio in the page of -f html.", metavar=FLAG, rich_help_panel=OUTPUT
    ),
]
PlainScreen = Annotated[
    bool,
    typer.Option(
        "--plain",
        help="Print finished sentences only, without the live line: for screen readers.",
        metavar=FLAG,
        rich_help_panel=OUTPUT,
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.", metavar=FLAG)]


@dataclass(frozen=True)
class OutputOptions:
    """The values of the options, as the user gave them."""

    format: Formats = None
    output: OutputFile = None
    append: Append = False
    overwrite: Overwrite = False
    partials: Partials = False
    timestamps: Timestamps = None
    template: Template = None
    capitalize: Capitalize = False
    max_line: MaxLine = None
    max_lines: MaxLines = None
    command: Exec = None
    embed_audio: EmbedAudio = False
    plain: PlainScreen = False

    def builder(
        self,
        level: int | None,
        recognition: "RecognitionSettings",
        *,
        folder: Path | None = None,
        pace: float | None = None,
        keys: bool | None = None,
    ) -> "OutputBuilder":
        """The builder of the outputs; the parameters are attributes of `OutputBuilder`."""
        from asrcli.cli.builders import outputs, transcript_names

        by_name = [OutputFormat.TEXT]
        if self.output is not None and self.template is None and not self.format:
            only_text = self.append or self.partials or self.timestamps is not None
            by_name = [transcript_names.named_format(self.output, only_text=only_text)]
        return outputs.OutputBuilder(
            formats=tuple(dict.fromkeys(self.format or by_name)),
            path=self.output,
            folder=folder,
            append=self.append,
            overwrite=self.overwrite,
            partials=self.partials,
            stamp=self.timestamps,
            template=self.template,
            capitalize=self.capitalize,
            command=self.command,
            max_line=self.max_line,
            max_lines=self.max_lines,
            embed_audio=self.embed_audio,
            plain=self.plain,
            level=level,
            pace=pace,
            keys=keys,
            translated=recognition.both_texts,
        )
