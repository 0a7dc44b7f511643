"""`asr ws-raw`: the wire with nothing in between, for people who debug an integration."""

import sys
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from asrcli.cli import options as o
from asrcli.cli import values
from asrcli.cli.given import MOST_BYTES
from asrcli.cli.grouping import grouped
from asrcli.cli.service import Service
from asrcli.config import Recognition
from asrcli.errors import UsageError
from asrcli.models import AUTO, find

if TYPE_CHECKING:
    from asrcli.protocol.raw import Exchange
    from asrcli.raw import Piece
    from asrcli.sources.opened import Samples

EXAMPLES = """Examples:

asr ws-raw talk.wav --show-sent --stamp

asr ws-raw --wire none --url ws://127.0.0.1:9000 --text < lines.txt"""
WIRE, MESSAGES = "Wire", "Messages"


class Wire(StrEnum):
    """Whose messages are spoken."""

    INFERENCE = "inference"
    REALTIME = "realtime"
    NONE = "none"


Audio = Annotated[
    str | None, typer.Argument(help="Audio to send; - is standard input. Without it: messages only.", metavar="FILE")
]
WireName = Annotated[
    Wire,
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
    str, o.asked_model(" by name. Default: fun-asr-realtime; qwen3-asr-flash-realtime with --wire realtime.")
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


@grouped
def ws_raw(
    path: Audio = None,
    *,
    wire: WireName = Wire.INFERENCE,
    service: Service,
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
    from asrcli.cli import reading as reads
    from asrcli.cli import wiring
    from asrcli.cli.held import held
    from asrcli.outputs.existing import strange
    from asrcli.outputs.lines import Lines
    from asrcli.outputs.verbatim import Verbatim
    from asrcli.protocol.raw import address
    from asrcli.raw import RawRun
    from asrcli.transport.minting import minted
    from asrcli.transport.websocket import as_it_came, dial

    if model and wire is Wire.NONE:
        raise UsageError("--model with --wire none: such a server is asked for no model")
    if model == AUTO:
        raise UsageError("--model auto: here a model is asked for by its name", "leave it out, or see asr models")
    _check(wire, service, text=text, path=path, vad=vad)
    if raw and (path is None or audio_format != "pcm"):
        raise UsageError("--raw describes a file of bare samples, which goes out as pcm")
    if output is not None and not overwrite and (problem := strange(Path(output), "", {})):
        raise UsageError(f"{output} {problem}", "--overwrite writes over it")
    wiring.log_to(log_file)
    found = find(model or _usual(wire))
    asked = Recognition(found.name, found.rate, vad=vad, audio_format=audio_format)
    samples = reads.bare_samples(raw=raw, encoding=encoding, rate=rate, channels=channels)
    exchange = _exchange(wire, asked, _given("--first", first), _given("--last", last))
    pieces = _lines() if text else _pieces(path, asked, samples, chunk_ms)
    speed = values.parse_pace(pace) if pace is not None else (None if service.local else 1.0)
    with ExitStack() as stack:
        lines = Lines(output)
        stack.enter_context(held([lines], [lines]))
        shown = Verbatim(lines, time.monotonic, stamp=stamp, sent=show_sent, to_screen=output is None and _on_screen())
        # A stranger's server does not get the key that the environment holds for the service.
        connection = service.strange() if wire is Wire.NONE else service.at(stack, asked)
        connection = minted(connection) if service.temporary_key else connection
        where = address(wire.value, connection.url, asked.model)
        transport = dial(where, connection, _headers(header or []), as_it_came)
        patience_s = wait or (3.0 if wire is Wire.NONE else connection.idle_timeout_s)
        RawRun(transport, exchange, pieces, speed, patience_s, shown.show).hold()


def _check(wire: Wire, service: Service, *, text: bool, path: str | None, vad: bool) -> None:
    if not vad and wire is not Wire.REALTIME:
        raise UsageError(f"--no-vad with --wire {wire}: it belongs to the realtime wire")
    if wire is Wire.NONE and service.local:
        raise UsageError("--wire none with --local: the embedded recognizer speaks its two wires only")
    if wire is Wire.NONE and service.temporary_key:
        raise UsageError("--wire none with --temporary-key: such a server makes none")
    if wire is Wire.NONE and service.url is None:
        raise UsageError("--wire none needs --url", "it speaks to any WebSocket server")
    if text and wire is not Wire.NONE:
        raise UsageError(f"--text with --wire {wire}: that wire carries audio")
    if text and path is not None:
        raise UsageError("--text with a file: the one sends lines, the other audio")


def _usual(wire: Wire) -> str:
    return "qwen3-asr-flash-realtime" if wire is Wire.REALTIME else "fun-asr-realtime"


def _exchange(wire: Wire, asked: Recognition, first: str | None, last: str | None) -> "Exchange":
    from asrcli.protocol import raw

    if wire is Wire.NONE:
        return raw.on_none(first, last)
    made = raw.on_inference if wire is Wire.INFERENCE else raw.on_realtime
    return made(asked, lambda: uuid.uuid4().hex, first, last)


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


def _lines() -> "Iterator[Piece]":
    from asrcli.raw import Piece

    if sys.stdin is None:
        return
    while data := sys.stdin.buffer.readline(MOST_BYTES + 1):
        if len(data) > MOST_BYTES:
            raise UsageError(f"standard input: a line longer than {MOST_BYTES >> 20} MB")
        yield Piece(data.decode("utf-8", "replace").rstrip("\r\n"))


def _pieces(path: str | None, asked: Recognition, samples: "Samples | None", chunk_ms: int) -> "Iterator[Piece]":
    """The audio in pieces, each due when its last sample would have been spoken."""
    from asrcli.audio import Chunk, Format
    from asrcli.raw import Piece
    from asrcli.sources.file import FileSource
    from asrcli.sources.own import own_bytes

    if path is None:
        return iter(())
    if asked.audio_format != "pcm":
        return (Piece(data, due_ms) for data, due_ms in own_bytes(path, chunk_ms))
    form = Format(asked.rate)
    source = FileSource(path, form, samples=samples, chunk_ms=chunk_ms)
    chunks = (chunk for chunk in source.chunks(0) if isinstance(chunk, Chunk))
    return (Piece(chunk.pcm, form.ms(chunk.end)) for chunk in chunks)


def _on_screen() -> bool:
    return sys.stdout is not None and sys.stdout.isatty()
