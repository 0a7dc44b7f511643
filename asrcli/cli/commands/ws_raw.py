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
from asrcli.core.errors import UsageError
from asrcli.core.interfaces import Transport
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
QUIET_S = 3.0  # after which silence is an end, where no answer says so
WIRE, MESSAGES = "Wire", "Messages"


class WireChoice(StrEnum):
    """The wire whose messages are sent."""

    INFERENCE = registry.INFERENCE
    REALTIME = registry.REALTIME
    OPENAI = registry.OPENAI
    VLLM = registry.VLLM
    FUNASR = registry.FUNASR
    FUNASR_REALTIME = registry.FUNASR_REALTIME
    NONE = "none"


Audio = Annotated[
    str | None, typer.Argument(help="Audio to send; - is standard input. Without it: messages only.", metavar="FILE")
]
WireName = Annotated[
    WireChoice | None,
    typer.Option(
        "--wire",
        help=f"Protocol of the messages: {', '.join(WireChoice)} (any WebSocket server). Default: that of --model.",
        metavar="NAME",
        rich_help_panel=WIRE,
    ),
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
        help="Realtime: the server finds the end of each sentence; --no-vad commits all audio at once.",
        metavar=FLAG,
        rich_help_panel=MODEL,
    ),
]
First = Annotated[
    str | None,
    typer.Option(
        help="Send this first, instead of the usual run-task or session.update; @FILE reads it.",
        metavar="JSON",
        rich_help_panel=MESSAGES,
    ),
]
Last = Annotated[
    str | None,
    typer.Option(
        help="Send this last, instead of the usual finish-task or session.finish; @FILE reads it.",
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
    bool, typer.Option("--show-sent", help="Show sent messages too.", metavar=FLAG, rich_help_panel=OUTPUT)
]
NoAudio = Annotated[
    bool,
    typer.Option("--no-audio", help="Leave audio out of --show-sent.", metavar=FLAG, rich_help_panel=OUTPUT),
]
Verbose = Annotated[
    int,  # a count, as of the other commands: a setting for all of them holds here too
    typer.Option(
        "--verbose",
        "-v",
        count=True,
        help="Show the handshake, and a summary with ping times at the end, on standard error.",
        metavar=FLAG,
        rich_help_panel=OUTPUT,
    ),
]
StampLines = Annotated[
    bool,
    typer.Option("--stamp", help="Add time and direction.", metavar=FLAG, rich_help_panel=OUTPUT),
]
AudioFormat = Annotated[
    str,
    typer.Option(
        help="pcm decodes the file; any other format is announced to the server, and the file is sent unchanged.",
        metavar="NAME",
        rich_help_panel=AUDIO,
    ),
]
ChunkMs = Annotated[
    int, typer.Option(help="Length of an audio chunk.", min=10, max=2000, metavar="MS", rich_help_panel=AUDIO)
]
Wait = Annotated[
    float | None,
    typer.Option(
        help="How long to wait at the end for the next answer. Default: 30; 3 without an end message.",
        min=0.1,
        callback=values.bounded_number,
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
        "--overwrite", help="Overwrite a file that holds something else.", metavar=FLAG, rich_help_panel=OUTPUT
    ),
]


@expand_option_groups
def ws_raw(
    path: Audio = None,
    *,
    wire_name: WireName = None,
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
    no_audio: NoAudio = False,
    verbose: Verbose = 0,
    stamp: StampLines = False,
    output: Printed = None,
    overwrite: Replaced = False,
    record_options: RecordOptions,
    debug: Debug = False,
    log_file: LogFile = None,
) -> None:
    """Exchange messages with a service, and print each message unchanged, one per line.

    Audio is sent at the chosen pace, once the service is ready. At the end, asr waits for the last answer.
    """
    del debug  # read by the error boundary
    from asrcli.cli.builders import raw_session, sources
    from asrcli.runs.raw_run import RawRun

    connection_options.check_engine()
    wire_name = wire_name or WireChoice(raw_session.wire_of(model))
    wire = registry.WIRES.get(wire_name)  # none has no row: any WebSocket server
    _check_model(wire, model)
    if no_audio and not show_sent:
        raise UsageError("--no-audio without --show-sent: no audio is shown")
    _check(wire, connection_options, text=text, path=path, vad=vad, audio_format=audio_format)
    if raw and (path is None or audio_format != "pcm"):
        raise UsageError("--raw describes a file of raw PCM, which is sent as pcm")
    raw_session.check_output(output, overwrite=overwrite)
    log_to(log_file)
    recognition = _recognition(wire, model, audio_format, vad=vad)
    raw_format = sources.raw_pcm_format(raw=raw, encoding=encoding, rate=rate, channels=channels)
    exchange = raw_session.exchange(wire, recognition, _given("--first", first), _given("--last", last))
    pieces = raw_session.text_pieces() if text else raw_session.audio_pieces(path, recognition, raw_format, chunk_ms)
    speed = connection_options.pace_of(pace)
    with ExitStack() as stack:
        watch = raw_session.open_watch(
            stack, output, recognition, stamp=stamp, show_sent=show_sent, no_audio=no_audio, verbose=bool(verbose)
        )
        recorder = record_options.recorder(stack, wire_name.value, recognition)
        if wire is None:
            # A server that is not the service's does not get the key that the environment holds for the service.
            connection = connection_options.settings_for_other_server()
            wait_s = wait or QUIET_S
        else:
            connection = connection_options.service_connection(stack, recognition)
            wait_s = wait or {True: QUIET_S, False: connection.idle_timeout_s}[exchange.silence_ends]
        opened = raw_session.dial_wire(
            wire, connection, recognition.model, header or [],
            temporary_key=connection_options.temporary_key, verbose=bool(verbose),
        )  # fmt: skip
        transport: Transport = opened
        if recorder is not None:
            url = wire.url(connection.url, recognition.model) if wire else connection.url
            transport = recorder.wrapped(opened, url, recognition)
        run = RawRun(transport, exchange, pieces, speed, wait_s, watch.show)
        try:
            run.run()
        finally:
            watch.end(run.closed, opened.round_trips_s)


def _check_model(wire: registry.Wire | None, model: str) -> None:
    if model and wire is None:
        raise UsageError("--model with --wire none: such a server has no models to choose from")
    if model == AUTO:
        raise UsageError(
            "--model auto: no audio is looked at here, so the model must be named", "leave it out, or see asr models"
        )


def _given(option: str, text: str | None) -> str | None:
    if text is None:
        return None
    return values.given_text(option, text)


def _recognition(wire: registry.Wire | None, model: str, audio_format: str, *, vad: bool) -> RecognitionSettings:
    if wire is None:
        found = find_model(DEFAULT_MODEL)
        return RecognitionSettings(found.name, found.rate, audio_format=audio_format)
    named = ""
    if wire.elsewhere:
        named = wire.name
    found = find_model(model or wire.default_model, named)
    vad = vad and not wire.manual_only
    return RecognitionSettings(found.name, found.rate, vad=vad, audio_format=audio_format, wire=named)


def _check(
    wire: registry.Wire | None,
    connection_options: ConnectionOptions,
    *,
    text: bool,
    path: str | None,
    vad: bool,
    audio_format: str,
) -> None:
    name = WireChoice.NONE if wire is None else wire.name
    if not vad and (wire is None or not wire.manual_mode):
        raise UsageError(f"--no-vad with --wire {name}: it belongs to the realtime wire")
    if wire is None and connection_options.local:
        raise UsageError("--wire none with --local: the embedded recognizer answers on its own wires only")
    if wire is None and connection_options.temporary_key:
        raise UsageError("--wire none with --temporary-key: such a server makes no temporary keys")
    if wire is not None and wire.elsewhere and not connection_options.names_server:
        raise UsageError(f"--wire {name} needs --url", "DashScope does not speak it")
    if wire is not None and wire.elsewhere and audio_format != "pcm":
        raise UsageError(f"--audio-format with --wire {name}: it takes pcm only")
    if wire is not None and not wire.served and connection_options.local:
        raise UsageError(f"--wire {name} with --local: the embedded recognizer does not speak it")
    if wire is None and connection_options.url is None:
        raise UsageError("--wire none needs --url", "it can be any WebSocket server")
    if text and wire is not None:
        raise UsageError(f"--text with --wire {name}: that wire carries audio")
    if text and path is not None:
        raise UsageError("--text with a file: --text sends lines, a file sends audio")
