"""`asr ws-raw`: the wire with nothing in between, for people who debug an integration."""

import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from asrcli.cli.build.text_files import MOST_BYTES
from asrcli.cli.options import shared as o
from asrcli.cli.options import values
from asrcli.cli.options.connection import ConnectionOptions
from asrcli.cli.options.groups import expand_option_groups
from asrcli.core.errors import UsageError
from asrcli.core.settings import DEFAULT_MANUAL_MODEL, DEFAULT_MODEL, RecognitionSettings
from asrcli.dashscope.model_selection import AUTO, find_model
from asrcli.protocol import registry

if TYPE_CHECKING:
    from asrcli.protocol.registry import Wire
    from asrcli.runs.raw_run import RawPiece
    from asrcli.sources.input_reader import SampleFormat

EXAMPLES = """Examples:

asr ws-raw talk.wav --show-sent --stamp

asr ws-raw --wire none --url ws://127.0.0.1:9000 --text < lines.txt"""
WIRE, MESSAGES = "Wire", "Messages"


class WireChoice(StrEnum):
    """Whose messages are spoken."""

    INFERENCE = registry.INFERENCE
    REALTIME = registry.REALTIME
    NONE = "none"


Audio = Annotated[
    str | None, typer.Argument(help="Audio to send; - is standard input. Without it: messages only.", metavar="FILE")
]
WireName = Annotated[
    WireChoice,
    typer.Option("--wire", help="Whose messages to speak; none for any WebSocket server.", rich_help_panel=WIRE),
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
        metavar=o.FLAG,
        rich_help_panel=o.MODEL,
    ),
]
First = Annotated[
    str | None,
    typer.Option(
        help="Say this first, in place of our own run-task or session.update; @FILE reads it.",
        metavar="JSON",
        rich_help_panel=MESSAGES,
    ),
]
Last = Annotated[
    str | None,
    typer.Option(
        help="Say this last, in place of our own finish-task or session.finish; @FILE reads it.",
        metavar="JSON",
        rich_help_panel=MESSAGES,
    ),
]
TextLines = Annotated[
    bool,
    typer.Option(
        "--text",
        help="Send the lines of standard input as text messages (--wire none).",
        metavar=o.FLAG,
        rich_help_panel=MESSAGES,
    ),
]
ShowSent = Annotated[
    bool, typer.Option("--show-sent", help="Show what is sent too.", metavar=o.FLAG, rich_help_panel=o.OUTPUT)
]
StampLines = Annotated[
    bool, typer.Option("--stamp", help="Add time and direction.", metavar=o.FLAG, rich_help_panel=o.OUTPUT)
]
AudioFormat = Annotated[
    str,
    typer.Option(
        help="pcm decodes the file; another name announces it and sends the file's own bytes.",
        metavar="NAME",
        rich_help_panel=o.AUDIO,
    ),
]
ChunkMs = Annotated[
    int,
    typer.Option(
        help="Length of a piece of audio, in milliseconds.", min=10, max=2000, metavar="MS", rich_help_panel=o.AUDIO
    ),
]
Wait = Annotated[
    float | None,
    typer.Option(
        help="How many seconds to wait for the next answer at the end. Default: 30; 3 with --wire none.",
        min=0.1,
        callback=o.finite,
        metavar="S",
        rich_help_panel=WIRE,
        show_default=False,
    ),
]
ModelName = Annotated[
    str, o.asked_model(f" by name. Default: {DEFAULT_MODEL}; {DEFAULT_MANUAL_MODEL} with --wire {registry.REALTIME}.")
]
Printed = Annotated[
    str | None,
    typer.Option("--output", "-o", help="Write the messages to this file.", metavar="PATH", rich_help_panel=o.OUTPUT),
]
Replaced = Annotated[
    bool,
    typer.Option(
        "--overwrite",
        help="Write over a file that holds something else.",
        metavar=o.FLAG,
        rich_help_panel=o.OUTPUT,
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
    pace: o.Pace = None,
    chunk_ms: ChunkMs = 100,
    audio_format: AudioFormat = "pcm",
    raw: o.Raw = False,
    encoding: o.Encoding = None,
    rate: o.Rate = None,
    channels: o.Channels = None,
    show_sent: ShowSent = False,
    stamp: StampLines = False,
    output: Printed = None,
    overwrite: Replaced = False,
    debug: o.Debug = False,
    log_file: o.LogFile = None,
) -> None:
    """Talk to a service message by message and print each of its messages as it came, one to a line.

    Audio is paced and waits until the service listens; the end waits for its last answer.
    """
    del debug  # read by the error boundary
    from asrcli.cli.build import run
    from asrcli.cli.build import sources as reads
    from asrcli.cli.build.open_outputs import open_outputs
    from asrcli.outputs.line_writer import LineWriter
    from asrcli.outputs.overwrite_check import check_overwrite
    from asrcli.outputs.raw_messages import RawMessages
    from asrcli.protocol.json_messages import endpoint
    from asrcli.protocol.raw_exchange import exchange_without_wire
    from asrcli.runs.raw_run import RawRun
    from asrcli.transport.identifiers import new_id
    from asrcli.transport.temporary_key import temporary_key_connection
    from asrcli.transport.websocket import dial, verbatim_refusal

    wire = registry.WIRES.get(wire_name)  # none has no row: any WebSocket server
    if model and wire is None:
        raise UsageError("--model with --wire none: such a server is asked for no model")
    if model == AUTO:
        raise UsageError("--model auto: here a model is asked for by its name", "leave it out, or see asr models")
    _check(wire, connection_options, text=text, path=path, vad=vad)
    if raw and (path is None or audio_format != "pcm"):
        raise UsageError("--raw describes a file of bare samples, which goes out as pcm")
    if output is not None and not overwrite and (problem := check_overwrite(Path(output), "", {})):
        raise UsageError(f"{output} {problem}", "--overwrite writes over it")
    run.log_to(log_file)
    found = find_model(model or (wire.default_model if wire else DEFAULT_MODEL))
    recognition = RecognitionSettings(found.name, found.rate, vad=vad, audio_format=audio_format)
    samples = reads.bare_samples(raw=raw, encoding=encoding, rate=rate, channels=channels)
    own = _given("--first", first), _given("--last", last)
    exchange = wire.make_raw_exchange(recognition, new_id, *own) if wire else exchange_without_wire(*own)
    pieces = _lines() if text else _pieces(path, recognition, samples, chunk_ms)
    speed = values.parse_pace(pace) if pace is not None else (None if connection_options.local else 1.0)
    with ExitStack() as stack:
        lines = LineWriter(output)
        stack.enter_context(open_outputs([lines], [lines]))
        shown = RawMessages(
            lines, time.monotonic, stamp=stamp, sent=show_sent, to_screen=output is None and _on_screen()
        )
        # A stranger's server does not get the key that the environment holds for the service.
        if wire is None:
            connection = connection_options.is_other_service()
        else:
            connection = connection_options.at(stack, recognition)
        connection = temporary_key_connection(connection) if connection_options.temporary_key else connection
        where = wire.url(connection.url, recognition.model) if wire else endpoint(connection.url, "/")
        transport = dial(where, connection, _headers(header or []), verbatim_refusal)
        patience_s = wait or (3.0 if wire is None else connection.idle_timeout_s)
        RawRun(transport, exchange, pieces, speed, patience_s, shown.show).hold()


def _check(
    wire: "Wire | None", connection_options: ConnectionOptions, *, text: bool, path: str | None, vad: bool
) -> None:
    name = WireChoice.NONE if wire is None else wire.name
    if not vad and (wire is None or not wire.manual_mode):
        raise UsageError(f"--no-vad with --wire {name}: it belongs to the realtime wire")
    if wire is None and connection_options.local:
        raise UsageError("--wire none with --local: the embedded recognizer speaks its two wires only")
    if wire is None and connection_options.temporary_key:
        raise UsageError("--wire none with --temporary-key: such a server makes none")
    if wire is None and connection_options.url is None:
        raise UsageError("--wire none needs --url", "it speaks to any WebSocket server")
    if text and wire is not None:
        raise UsageError(f"--text with --wire {name}: that wire carries audio")
    if text and path is not None:
        raise UsageError("--text with a file: the one sends lines, the other audio")


def _given(option: str, text: str | None) -> str | None:
    return None if text is None else values.given_text(option, text)


def _headers(given: Sequence[str]) -> list[tuple[str, str]]:
    headers = []
    for header in given:
        name, colon, value = header.partition(":")
        if not colon or not name.strip() or not header.isprintable():
            raise UsageError("--header: not NAME:VALUE")  # what was written may be a secret
        headers.append((name.strip(), value.strip()))
    return headers


def _lines() -> "Iterator[RawPiece]":
    from asrcli.runs.raw_run import RawPiece

    if sys.stdin is None:
        return
    while data := sys.stdin.buffer.readline(MOST_BYTES + 1):
        if len(data) > MOST_BYTES:
            raise UsageError(f"standard input: a line longer than {MOST_BYTES >> 20} MB")
        yield RawPiece(data.decode("utf-8", "replace").rstrip("\r\n"))


def _pieces(
    path: str | None, recognition: RecognitionSettings, samples: "SampleFormat | None", chunk_ms: int
) -> "Iterator[RawPiece]":
    """The audio in pieces, each due when its last sample would have been spoken."""
    from asrcli.core.audio import Chunk, Format
    from asrcli.runs.raw_run import RawPiece
    from asrcli.sources.file import FileSource
    from asrcli.sources.passthrough import passthrough_source

    if path is None:
        return iter(())
    if recognition.audio_format != "pcm":
        return (RawPiece(data, due_ms) for data, due_ms in passthrough_source(path, chunk_ms))
    form = Format(recognition.rate)
    source = FileSource(path, form, samples=samples, chunk_ms=chunk_ms)
    chunks = (chunk for chunk in source.chunks(0) if isinstance(chunk, Chunk))
    return (RawPiece(chunk.pcm, form.ms(chunk.end)) for chunk in chunks)


def _on_screen() -> bool:
    return sys.stdout is not None and sys.stdout.isatty()
