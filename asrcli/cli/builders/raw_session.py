"""From the options of `asr ws-raw` to one session on a wire: what is sent, how it is connected, and what is printed."""

import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from asrcli.cli.builders.open_outputs import open_outputs
from asrcli.cli.builders.text_files import MOST_BYTES
from asrcli.cli.console import print_message
from asrcli.core.audio import SAMPLE_BYTES, Chunk, Format
from asrcli.core.errors import AsrError, UsageError, shorten
from asrcli.core.message import Closed, Message
from asrcli.core.settings import ConnectionSettings, RecognitionSettings
from asrcli.dashscope.catalogue import MODELS
from asrcli.outputs.line_writer import LineWriter
from asrcli.outputs.overwrite_check import check_overwrite
from asrcli.outputs.raw_messages import RawMessages
from asrcli.protocol.addresses import exact_endpoint
from asrcli.protocol.raw_exchange import RawExchange, exchange_without_wire
from asrcli.protocol.registry import INFERENCE, REALTIME, REALTIME_PATH, Wire
from asrcli.runs.raw_run import RawPiece
from asrcli.runs.raw_summary import RawSummary, is_audio
from asrcli.sources.file import FileSource
from asrcli.sources.passthrough import passthrough_pieces
from asrcli.sources.sample_format import SampleFormat
from asrcli.terminal.interrupts import stop_requested
from asrcli.transport.handshake import answer_lines
from asrcli.transport.identifiers import new_id
from asrcli.transport.temporary_key import temporary_key_connection
from asrcli.transport.websocket import dial, verbatim_refusal

if TYPE_CHECKING:
    from websockets.http11 import Response

    from asrcli.transport.websocket_connection import WebSocket

BODY_SHOWN = 4000  # characters of the answer to a handshake


def check_output(output: str | None, *, overwrite: bool) -> None:
    """Refuse to write over a file that does not hold messages.

    Raises:
        UsageError: the file holds something else.
    """
    if output is not None and not overwrite and (problem := check_overwrite(Path(output), "", {})):
        raise UsageError(f"{output} {problem}", "--overwrite replaces it")


def wire_of(model: str) -> str:
    """The name of the wire whose messages the service takes at the address of a model; unknown ones are of tasks."""
    known = MODELS.get(model)
    if known is not None and known.traits.path == REALTIME_PATH:
        return REALTIME
    return INFERENCE


def exchange(wire: Wire | None, recognition: RecognitionSettings, first: str | None, last: str | None) -> RawExchange:
    """The messages that open and close the session, and how audio is put into messages. Without a wire: as they are.

    Raises:
        UsageError: --first or --last is no message of this wire.
    """
    if wire is None:
        return exchange_without_wire(first, last)
    return wire.make_raw_exchange(recognition, new_id, first, last)


def dial_wire(
    wire: Wire | None,
    connection: ConnectionSettings,
    model: str,
    headers: Sequence[str],
    *,
    temporary_key: bool,
    verbose: bool,
) -> "WebSocket":
    """Connect to the service; with `verbose`, the handshake is shown on standard error, without secrets.

    Raises:
        UsageError: a header is not NAME:VALUE.
        ConnectFailed: there is no connection.
    """
    if temporary_key:
        connection = temporary_key_connection(connection)
    url = exact_endpoint(connection.url)
    if wire is not None:
        url = wire.url(connection.url, model)
    given = _parse_headers(headers)

    def refusal(url: str, response: "Response") -> AsrError:
        if verbose:
            _show(answer_lines(response.status_code, response.reason_phrase, tuple(response.headers.raw_items())))
        return _refusal(url, response, keyless=connection.key is None, interpreted=wire is not None)

    transport = dial(url, connection, given, refusal)
    if verbose:
        _show(transport.handshake.lines())
    return transport


def _refusal(url: str, response: "Response", *, keyless: bool, interpreted: bool) -> AsrError:
    """The error for a refused handshake. Where its line does not have the body, that is shown before it."""
    error = verbatim_refusal(url, response, keyless=keyless, interpreted=interpreted)
    body = shorten((response.body or b"").decode("utf-8", "replace"), BODY_SHOWN)
    if body.rstrip(".") not in str(error):
        _show([f"< {body}"])
    return error


def _show(lines: Iterable[str]) -> None:
    for line in lines:
        print_message(line)


class RawWatch:
    """Shows the messages of an exchange, and with `verbose` a summary of them at its end on standard error."""

    def __init__(self, printer: RawMessages, summary: RawSummary, *, verbose: bool) -> None:
        self._printer = printer
        self._summary = summary
        self._verbose = verbose

    def show(self, message: Message, sent: bool) -> None:
        """Take a message."""
        if self._verbose:
            self._summary.add(message, time.monotonic(), sent=sent)
        self._printer.show(message, sent)

    def end(self, closed: Closed | None, round_trips_s: Iterable[float]) -> None:
        """Show the summary."""
        if self._verbose:
            _show(f"asr: {line}" for line in self._summary.lines(closed, tuple(round_trips_s)))


def open_watch(
    stack: ExitStack,
    output: str | None,
    recognition: RecognitionSettings,
    *,
    stamp: bool,
    show_sent: bool,
    no_audio: bool,
    verbose: bool,
) -> RawWatch:
    """What shows each message; the stack closes its file.

    Raises:
        OutputError: the file cannot be written.
    """
    lines = LineWriter(output, stopped=partial(stop_requested, 0))
    stack.enter_context(open_outputs([lines], [lines]))
    to_screen = output is None and sys.stdout is not None and sys.stdout.isatty()
    hidden = _nothing
    if no_audio:
        hidden = is_audio
    printer = RawMessages(lines, time.monotonic, stamp=stamp, sent=show_sent, to_screen=to_screen, hidden=hidden)
    bytes_per_s = None
    if recognition.audio_format == "pcm":
        bytes_per_s = recognition.rate * SAMPLE_BYTES
    return RawWatch(printer, RawSummary(bytes_per_s), verbose=verbose)


def _nothing(message: Message) -> bool:
    del message
    return False


def text_pieces() -> Iterator[RawPiece]:
    """The lines of standard input, each a text message.

    Raises:
        UsageError: a line is too long.
    """
    if sys.stdin is None:
        return
    while data := sys.stdin.buffer.readline(MOST_BYTES + 1):
        if len(data) > MOST_BYTES:
            raise UsageError(f"standard input: a line longer than {MOST_BYTES >> 20} MB")
        yield RawPiece(data.decode("utf-8", "replace").rstrip("\r\n"))


def audio_pieces(
    path: str | None, recognition: RecognitionSettings, raw_format: SampleFormat | None, chunk_ms: int
) -> Iterator[RawPiece]:
    """The audio in pieces, each due at the time when its last sample would have been spoken. Without a path: none."""
    if path is None:
        return iter(())
    if recognition.audio_format != "pcm":
        return (RawPiece(data, due_ms) for data, due_ms in passthrough_pieces(path, chunk_ms))
    audio_format = Format(recognition.rate)
    source = FileSource(path, audio_format, raw_format=raw_format, chunk_ms=chunk_ms)
    chunks = (chunk for chunk in source.chunks(0) if isinstance(chunk, Chunk))
    return (RawPiece(chunk.pcm, audio_format.ms(chunk.end)) for chunk in chunks)


def _parse_headers(given: Sequence[str]) -> list[tuple[str, str]]:
    headers = []
    for header in given:
        name, colon, value = header.partition(":")
        if not colon or not name.strip() or not header.isprintable():
            raise UsageError("--header: not NAME:VALUE")  # the header itself is not printed: it may hold a secret
        headers.append((name.strip(), value.strip()))
    return headers
