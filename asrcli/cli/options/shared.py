"""Every option once, as an Annotated alias, in the panel of the help it belongs to."""

from pathlib import Path
from typing import Annotated, Any

import typer

from asrcli.cli.options.values import MOST_CHANNELS, EncodingName, OutputFormat, TimestampStyle
from asrcli.dashscope.catalogue import MODELS
from asrcli.dashscope.model_selection import AUTO

AUDIO, MODEL, CONNECTION, OUTPUT, DIAGNOSIS = "Audio", "Model", "Connection", "Output", "Diagnosis"


def models() -> list[str]:
    """The names that --model completes."""
    return [AUTO, *MODELS]


def asked_model(words: str, *, show_default: bool = False) -> Any:
    """`--model`, where the commands differ in what it defaults to."""
    return typer.Option(
        "--model",
        help=f"Model to ask{words}",
        autocompletion=models,
        rich_help_panel=MODEL,
        metavar="NAME",
        show_default=show_default,
    )


def service_url(default: str) -> Any:
    """`--url`, where the commands differ in what it defaults to."""
    return typer.Option(
        "--url",
        "--base-url",
        help=f"Address of the service. Default: {default}",
        metavar="URL",
        rich_help_panel=CONNECTION,
        show_default=False,
    )


def finite(value: float | None) -> float | None:
    """The number of an option, which must be one that can be counted with: a day in seconds is enough of anything."""
    if value is not None and not -86_400 <= value <= 86_400:
        raise typer.BadParameter(f"{value} is not a number up to 86400")
    return value


FLAG = ""  # a switch takes no value: nothing stands for one in the help

Paths = Annotated[
    list[str], typer.Argument(help="Audio or video files, one after the other; - is standard input.", metavar="FILE...")
]
Pace = Annotated[
    str | None,
    typer.Option(
        help="How fast to send: 1 is real time, max is as fast as it is taken. Default: 1; max with --local.",
        metavar="N|max",
        rich_help_panel=AUDIO,
        show_default=False,
    ),
]
Start = Annotated[
    str | None,
    typer.Option(
        help="Begin here: 90 (seconds), 1:30 (minutes) or 1:02:03.5 (hours).", metavar="TIME", rich_help_panel=AUDIO
    ),
]
End = Annotated[str | None, typer.Option(help="End here, likewise.", metavar="TIME", rich_help_panel=AUDIO)]
Channel = Annotated[
    str, typer.Option(help="Which channel: mix, left, right or its number.", metavar="NAME", rich_help_panel=AUDIO)
]
Track = Annotated[
    str | None,
    typer.Option(
        "--track",
        help="Which sound track, by number or language.",
        metavar="N|LANG",
        rich_help_panel=AUDIO,
        show_default=False,
    ),
]
EachChannel = Annotated[
    bool,
    typer.Option(
        "--each-channel",
        help="Hear each channel in a session of its own: call recordings.",
        metavar=FLAG,
        rich_help_panel=AUDIO,
    ),
]
Gain = Annotated[
    float,
    typer.Option(
        help="Make it louder, or with a minus softer, in decibels.",
        min=-60,
        max=60,
        callback=finite,
        metavar="DB",
        rich_help_panel=AUDIO,
    ),
]
Raw = Annotated[
    bool,
    typer.Option("--raw", help="The input is bare samples, without a header.", metavar=FLAG, rich_help_panel=AUDIO),
]
Encoding = Annotated[
    EncodingName | None,
    typer.Option(
        help="Encoding of bare samples: s16le, s16be, s24le, s32le, u8, f32le, f64le, alaw, mulaw. Default: s16le.",
        metavar="NAME",
        rich_help_panel=AUDIO,
        show_default=False,
    ),
]
Rate = Annotated[
    int | None,
    typer.Option(
        help="Rate of bare samples, in samples a second. Default: 16000.",
        min=1000,
        max=384_000,
        metavar="HZ",
        rich_help_panel=AUDIO,
        show_default=False,
    ),
]
Channels = Annotated[
    int | None,
    typer.Option(
        help="Channels of bare samples. Default: 1.",
        min=1,
        max=MOST_CHANNELS,
        metavar="N",
        rich_help_panel=AUDIO,
        show_default=False,
    ),
]
Passthrough = Annotated[
    bool,
    typer.Option(
        "--passthrough",
        help="Send the file's own bytes, for the service to decode.",
        metavar=FLAG,
        rich_help_panel=AUDIO,
    ),
]
Denoise = Annotated[
    bool,
    typer.Option("--denoise", help="Suppress noise before sending (Linux).", metavar=FLAG, rich_help_panel=AUDIO),
]
Agc = Annotated[
    bool,
    typer.Option("--agc", help="Bring soft speech up before sending (Linux).", metavar=FLAG, rich_help_panel=AUDIO),
]
ModelName = Annotated[str, asked_model("; auto looks at rate and language.", show_default=True)]
Heartbeat = Annotated[
    bool | None,
    typer.Option(
        "--heartbeat/--no-heartbeat",
        help="Keep the connection through long silence. Default: where the model can.",
        metavar=FLAG,
        rich_help_panel=CONNECTION,
        show_default=False,
    ),
]
Url = Annotated[str | None, service_url("that of the --region.")]
Local = Annotated[
    bool,
    typer.Option(
        "--local",
        help="Ask the embedded recognizer: offline, no key; US English, modest accuracy.",
        metavar=FLAG,
        rich_help_panel=CONNECTION,
    ),
]
ApiKeyFile = Annotated[
    Path | None,
    typer.Option(
        help="Read the API key from this file, not from DASHSCOPE_API_KEY.", metavar="PATH", rich_help_panel=CONNECTION
    ),
]
Formats = Annotated[
    list[OutputFormat] | None,
    typer.Option(
        "--format",
        "-f",
        help="text, jsonl (JSON Lines), srt, vtt, ass (subtitles), lrc (lyrics) or tsv (a table); may be repeated. "
        "Default: what the suffix of -o says, or text.",
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
        help="Write the transcript to this file, as its suffix says; with several formats each adds its own.",
        metavar="PATH",
        rich_help_panel=OUTPUT,
    ),
]
OutputDir = Annotated[
    Path | None,
    typer.Option("--output-dir", help="Write a transcript for each input here.", metavar="DIR", rich_help_panel=OUTPUT),
]
Append = Annotated[bool, typer.Option("--append", help="Add to the output file.", metavar=FLAG, rich_help_panel=OUTPUT)]
Overwrite = Annotated[
    bool,
    typer.Option(
        "--overwrite",
        help="Write over a file that is no transcript, or that of another input.",
        metavar=FLAG,
        rich_help_panel=OUTPUT,
    ),
]
Partials = Annotated[
    bool,
    typer.Option("--partials", help="Put out sentences in the making too.", metavar=FLAG, rich_help_panel=OUTPUT),
]
Timestamps = Annotated[
    TimestampStyle | None,
    typer.Option(help="Put times before each sentence: of the audio, or of the day.", rich_help_panel=OUTPUT),
]
Template = Annotated[
    str | None,
    typer.Option(help="Write each sentence as this: '{begin} {text}'.", metavar="TEXT", rich_help_panel=OUTPUT),
]
Capitalize = Annotated[
    bool,
    typer.Option("--capitalize", help="Capital letters and full stops.", metavar=FLAG, rich_help_panel=OUTPUT),
]
MaxLine = Annotated[
    int | None,
    typer.Option(
        help="Longest line of subtitles, in columns of a screen; a Chinese character takes 2. Default: 42.",
        min=10,
        max=200,
        metavar="N",
        rich_help_panel=OUTPUT,
    ),
]
MaxLines = Annotated[
    int | None,
    typer.Option(help="Most lines of a subtitle. Default: 2.", min=1, max=4, metavar="N", rich_help_panel=OUTPUT),
]
Exec = Annotated[
    str | None,
    typer.Option(
        "--exec",
        help="Run this for each sentence: its text on standard input, ASR_BEGIN_MS, ASR_END_MS and ASR_SENTENCE set.",
        metavar="COMMAND",
        rich_help_panel=OUTPUT,
    ),
]
PlainScreen = Annotated[
    bool,
    typer.Option(
        "--plain",
        help="No live line: finished sentences only, for screen readers.",
        metavar=FLAG,
        rich_help_panel=OUTPUT,
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="As JSON.", metavar=FLAG)]
Quiet = Annotated[
    bool, typer.Option("--quiet", "-q", help="No status on standard error.", metavar=FLAG, rich_help_panel=DIAGNOSIS)
]
Verbose = Annotated[
    int,
    typer.Option(
        "--verbose",
        "-v",
        count=True,
        help="More status; -vv everything.",
        metavar=FLAG,
        show_default=False,
        rich_help_panel=DIAGNOSIS,
    ),
]
Debug = Annotated[bool, typer.Option("--debug", help="Show tracebacks.", metavar=FLAG, rich_help_panel=DIAGNOSIS)]
LogFile = Annotated[
    Path | None,
    typer.Option(help="Log to this file, rotating at 1 MB.", metavar="PATH", rich_help_panel=DIAGNOSIS),
]
