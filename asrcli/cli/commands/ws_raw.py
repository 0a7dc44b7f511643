"""`asr ws-raw`: the messages of a wire as they are, for people who debug an integration."""

from contextlib import ExitStack
from enum import StrEnum
from typing import Annotated

import typer

from asrcli.cli.builders.log_file import log_to
from asrcli.cli.options import values
from asrcli.cli.options.audio import Channels, Encoding, Pace, Rate, Raw
from asrcli.cli.options.connection import ConnectionOptions
from asrcli.cli.options.groups import expand_option_groups
from asrcli.cli.options.logging import Debug, LogFile
from asrcli.cli.options.model import model_option
from asrcli.cli.options.panels import AUDIO, FLAG, OUTPUT
from asrcli.cli.options.record import RecordOptions
from asrcli.cli.options.values import bounded_number
from asrcli.core.errors import UsageError
from asrcli.core.settings import DEFAULT_MANUAL_MODEL, DEFAULT_MODEL, RecognitionSettings
from asrcli.dashscope.model_selection import AUTO, find_model
from asrcli.dashscope.parameters import MODEL
from asrcli.protocol import registry

# The options of the short help.
COMMON = """--wire --wait --url --region --api-key-file --local --model --vad --first --last --text --pace
--audio-format --show-sent --stamp --output"""

EXAMPLES = """Examples:

asr ws-raw talk.wav --show-sent --stamp

asr ws-raw --wire none --url ws://127.0.0.1:9000 --text < lines.txt"""
WIRE, MESSAGES = "Wire", "Messages"


class WireChoice(StrEnum):
    """The wire whose messages are sent."""

    INFERENCE = registry.INFERENCE
    REALTIME = registry.REALTIME
    NONE = "none"


Audio = Annotated[
    str | None, typer.Argument(help="Audio to send; - is standard input. Without it: messages only.", metavar="FILE")
]
WireName = Annotated[
    WireChoice,
    typer.Option("--wire", help="Which messages to send; none for any WebSocket server.", rich_help_panel=WIRE),
]
Headers = Annotated[
    list[str] | None,
    typer.Option(
        "--header", help="A header for the handshake; may be repeated.", metavar="NAME:VALUE", rich_help_panel=WIRE
    ),
]
Vad = Annotated[
    bool,
    typer.Option(
        "--vad/--no-vad",
        help="Realtime wire: the server cuts sentences; --no-vad commits all the audio as one.",
        metavar=FLAG,
        rich_help_panel=MODEL,
    ),
]
First = Annotated[
    str | None,
    typer.Option(
        help="Send this first, in place of our own run-task or session.update; @FILE reads it.",
        metavar="JSON",
        rich_help_panel=MESSAGES,
    ),
]
Last = Annotated[
    str | None,
    typer.Option(
        help="Send this last, in place of our own finish-task or session.finish; @FILE reads it.",
        metavar="JSON",
        rich_help_panel=MESSAGES,
    ),
]
TextLines = Annotated[
    bool,
    typer.Option(
        "--text",
        help="Send the lines of standard input as text messages (--wire none).",
        metavar=FLAG,
        rich_help_panel=MESSAGES,
    ),
]
ShowSent = Annotated[
    bool, typer.Option("--show-sent", help="Show what is sent too.", metavar=FLAG, rich_help_panel=OUTPUT)
]
StampLines = Annotated[
    bool, typer.Option("--stamp", help="Add time and direction.", metavar=FLAG, rich_help_panel=OUTPUT)
]
AudioFormat = Annotated[
    str,
    typer.Option(
        help="pcm decodes the file; another name announces it and sends the file's own bytes.",
        metavar="NAME",
        rich_help_panel=AUDIO,
    ),
]
ChunkMs = Annotated[
    int,
    typer.Option(help="Length of a piece of audio.", min=10, max=2000, metavar="MS", rich_help_panel=AUDIO),
]
Wait = Annotated[
    float | None,
    typer.Option(
        help="How long to wait for the next answer at the end. Default: 30; 3 with --wire none.",
        min=0.1,
        callback=bounded_number,
        metavar="SECONDS",
        rich_help_panel=WIRE,
        show_default=False,
    ),
]
ModelName = Annotated[
    str, model_option(f" by name. Default: {DEFAULT_MODEL}; {DEFAULT_MANUAL_MODEL} with --wire {registry.REALTIME}.")
]
Printed = Annotated[
    str | None,
    typer.Option("--output", "-o", help="Write the messages to this file.", metavar="PATH", rich_help_panel=OUTPUT),
]
Replaced = Annotated[
    bool,
    typer.Option(
        "--overwrite",
        help="Write over a file that holds something else.",
        metavar=FLAG,
        rich_help_panel=OUTPUT,
    ),
]


@expand_option_groups
def ws_raw(
    path: Audio = None,
    *,
    wire_name: WireName = WireChoice.INFERENCE,
    connection_options: ConnectionOptions,
    header: Headers = None,
    wait: Wait = None,
    model: ModelName = "",
    vad: Vad = True,
    first: First = None,
    last: Last = None,
    text: TextLines = False,
    pace: Pace = None,
    chunk_ms: ChunkMs = 100,
    audio_format: AudioFormat = "pcm",
    raw: Raw = False,
    encoding: Encoding = None,
    rate: Rate = None,
    channels: Channels = None,
    show_sent: ShowSent = False,
    stamp: StampLines = False,
    output: Printed = None,
    overwrite: Replaced = False,
    record_options: RecordOptions,
    debug: Debug = False,
    log_file: LogFile = None,
) -> None:
    """Exchange messages with a service, and print each of its messages as it came, one per line.

    Audio is paced and is sent only when the service is ready; the end waits for its last answer.
    """
    del debug  # read by the error boundary
    from asrcli.cli.builders import raw_session, sources
    from asrcli.runs.raw_run import RawRun

    connection_options.check_engine()
    wire = registry.WIRES.get(wire_name)  # none has no row: any WebSocket server
    if model and wire is None:
        raise UsageError("--model with --wire none: such a server is asked for no model")
    if model == AUTO:
        raise UsageError("--model auto: here a model is asked for by its name", "leave it out, or see asr models")
    _check(wire, connection_options, text=text, path=path, vad=vad)
    if raw and (path is None or audio_format != "pcm"):
        raise UsageError("--raw describes a file of bare samples, which goes out as pcm")
    raw_session.check_output(output, overwrite=overwrite)
    log_to(log_file)
    if wire is not None:
        model = model or wire.default_model
    found_model = find_model(model or DEFAULT_MODEL)
    recognition = RecognitionSettings(found_model.name, found_model.rate, vad=vad, audio_format=audio_format)
    samples = sources.bare_samples(raw=raw, encoding=encoding, rate=rate, channels=channels)
    exchange = raw_session.exchange(wire, recognition, _given("--first", first), _given("--last", last))
    pieces = raw_session.text_pieces() if text else raw_session.audio_pieces(path, recognition, samples, chunk_ms)
    speed = values.parse_pace(pace) if pace is not None else connection_options.default_pace
    with ExitStack() as stack:
        printer = raw_session.open_printer(stack, output, stamp=stamp, show_sent=show_sent)
        recorder = record_options.recorder(stack, wire_name.value, recognition)
        if wire is None:
            # A server that is not the service's does not get the key that the environment holds for the service.
            connection = connection_options.is_other_service()
            wait_s = wait or 3.0
        else:
            connection = connection_options.at(stack, recognition)
            wait_s = wait or connection.idle_timeout_s
        transport = raw_session.dial_wire(
            wire, connection, recognition.model, header or [], temporary_key=connection_options.temporary_key
        )
        if recorder is not None:
            url = wire.url(connection.url, recognition.model) if wire else connection.url
            transport = recorder.wrapped(transport, url, recognition)
        RawRun(transport, exchange, pieces, speed, wait_s, printer.show).run()


def _given(option: str, text: str | None) -> str | None:
    if text is None:
        return None
    return values.given_text(option, text)


def _check(
    wire: registry.Wire | None, connection_options: ConnectionOptions, *, text: bool, path: str | None, vad: bool
) -> None:
    name = WireChoice.NONE if wire is None else wire.name
    if not vad and (wire is None or not wire.manual_mode):
        raise UsageError(f"--no-vad with --wire {name}: it belongs to the realtime wire")
    if wire is None and connection_options.local:
        raise UsageError("--wire none with --local: the embedded recognizer has its two wires only")
    if wire is None and connection_options.temporary_key:
        raise UsageError("--wire none with --temporary-key: such a server makes none")
    if wire is None and connection_options.url is None:
        raise UsageError("--wire none needs --url", "it can be any WebSocket server")
    if text and wire is not None:
        raise UsageError(f"--text with --wire {name}: that wire carries audio")
    if text and path is not None:
        raise UsageError("--text with a file: the one sends lines, the other audio")
