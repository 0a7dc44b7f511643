"""The options for audio: which part of an input is read, how, and how fast it is sent."""

from typing import Annotated

import typer

from asrcli.cli.options.panels import AUDIO, FLAG
from asrcli.cli.options.values import MOST_CHANNELS, BackendName, EncodingName, bounded_number

Paths = Annotated[
    list[str],
    typer.Argument(
        help="Audio or video files, in order; - is standard input.",
        metavar="FILE...",
    ),
]
Start = Annotated[
    str | None,
    typer.Option(
        help="Start at this time: 90 (seconds), 1:30, 1:02:03.5 or 1m30s.", metavar="TIME", rich_help_panel=AUDIO
    ),
]
End = Annotated[
    str | None, typer.Option(help="End at this time, in the same format.", metavar="TIME", rich_help_panel=AUDIO)
]
Track = Annotated[
    str | None,
    typer.Option(
        "--track",
        help="Which audio track, by number or language.",
        metavar="N|LANG",
        rich_help_panel=AUDIO,
        show_default=False,
    ),
]
Channel = Annotated[
    str, typer.Option(help="Which channel: mix, left, right or its number.", metavar="NAME", rich_help_panel=AUDIO)
]
EachChannel = Annotated[
    bool,
    typer.Option(
        "--each-channel",
        help="Transcribe each channel separately (call recordings).",
        metavar=FLAG,
        rich_help_panel=AUDIO,
    ),
]
Gain = Annotated[
    float,
    typer.Option(
        help="Gain in decibels: louder if positive, softer if negative.",
        min=-60,
        max=60,
        callback=bounded_number,
        metavar="DB",
        rich_help_panel=AUDIO,
    ),
]
Denoise = Annotated[
    bool,
    typer.Option("--denoise", help="Suppress noise before sending (Linux).", metavar=FLAG, rich_help_panel=AUDIO),
]
Agc = Annotated[
    bool,
    typer.Option(
        "--agc",
        help="Automatic gain control: make quiet speech louder before sending (Linux).",
        metavar=FLAG,
        rich_help_panel=AUDIO,
    ),
]
Pace = Annotated[
    str | None,
    typer.Option(
        help="N times real time, or max. Default: 1; max with --local.",
        metavar="N|max",
        rich_help_panel=AUDIO,
        show_default=False,
    ),
]
Fast = Annotated[
    bool,
    typer.Option(
        "--fast",
        help="Cut the recording at silences, and transcribe the parts in parallel.",
        metavar=FLAG,
        rich_help_panel=AUDIO,
    ),
]
Raw = Annotated[
    bool,
    typer.Option("--raw", help="The input is raw PCM, without a header.", metavar=FLAG, rich_help_panel=AUDIO),
]
Encoding = Annotated[
    EncodingName | None,
    typer.Option(
        help="Encoding of raw PCM: s16le, s16be, s24le, s32le, u8, f32le, f64le, alaw, mulaw. Default: s16le.",
        metavar="NAME",
        rich_help_panel=AUDIO,
        show_default=False,
    ),
]
Rate = Annotated[
    int | None,
    typer.Option(
        help="Sample rate of raw PCM. Default: 16000.",
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
        help="Channels of raw PCM. Default: 1.",
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
        help="Send the file without decoding it; the service decodes it.",
        metavar=FLAG,
        rich_help_panel=AUDIO,
    ),
]
Backend = Annotated[
    BackendName | None,
    typer.Option(
        help="Recorder for microphones: pyaudio, miniaudio, parec, pw-record, arecord. Default: the first installed.",
        metavar="NAME",
        rich_help_panel=AUDIO,
        show_default=False,
    ),
]
