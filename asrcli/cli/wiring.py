"""From options to objects: sources, outputs, whom to ask. What every transcribing command shares."""

import logging
import os
import sys
import time
import uuid
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from asrcli.audio import Format
from asrcli.cli.options import OutputFormat
from asrcli.config import DEFAULT_URL, Connection, Recognition, Secret
from asrcli.errors import MissingKey, OutputError, UsageError
from asrcli.events import Notice
from asrcli.models import INFERENCE, REALTIME, Model

if TYPE_CHECKING:
    from asrcli.outputs.lines import Lines
    from asrcli.seams import ClientCodec, Output, Source

KEY_VARIABLE = "DASHSCOPE_API_KEY"
LOG_BYTES, LOG_FILES = 1_000_000, 3
EMBEDDED = "embedded recognizer: US English only, modest accuracy, offline"


@dataclass(frozen=True)
class Showing:
    """How the transcript is to be shown; `level` is how much status (None: nothing at all), `pace` as in the plan."""

    format: OutputFormat
    path: str | None
    partials: bool
    timestamps: bool
    level: int | None
    pace: float | None


def log_to(path: Path | None, *, on_screen: bool = False) -> None:
    """Send our own log to a rotating file. Only ours: a library's debug log of a handshake would show the key.

    `on_screen` puts its information on standard error as well.
    """
    logger = logging.getLogger("asrcli")
    logger.propagate = False
    logger.addHandler(logging.NullHandler())
    if on_screen:
        screen = logging.StreamHandler()
        screen.setFormatter(logging.Formatter("asr: %(asctime)s %(message)s"))
        screen.setLevel(logging.INFO)
        logger.addHandler(screen)
        logger.setLevel(logging.INFO)
    if path is None:
        return
    from logging.handlers import RotatingFileHandler

    try:
        handler = RotatingFileHandler(path, maxBytes=LOG_BYTES, backupCount=LOG_FILES, encoding="utf-8")
    except OSError as exc:
        raise OutputError(str(path), exc.strerror or str(exc)) from exc
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    logger.setLevel(logging.DEBUG)
    logger.addHandler(handler)


def file_sources(paths: Sequence[str], asked: Recognition) -> "list[Source]":
    """A source for each path, cut into utterances where the server does not do it.

    Raises:
        SourceError: a path that is not audio.
    """
    from asrcli.sources.file import FileSource
    from asrcli.sources.utterances import Utterances

    sources: list[Source] = []
    for path in paths:
        source = FileSource(path, Format(asked.rate))
        sources.append(source if asked.vad else Utterances(source, asked.silence_ms))
    return sources


def outputs(showing: Showing, stack: ExitStack) -> "list[Output]":
    """The outputs, each closed when the stack is.

    A terminal gets the live line, beside a file if one is written; anything else gets lines.
    """
    from asrcli.outputs.lines import Lines
    from asrcli.outputs.log import Log
    from asrcli.outputs.plain import Status

    made: list[Output] = [Log(logging.getLogger("asrcli"))]
    on_screen = showing.level is not None and _can_redraw(sys.stdout)
    if showing.path is not None or showing.format is not OutputFormat.TEXT or not on_screen:
        made.append(_written(showing, Lines(showing.path)))
    if on_screen and (showing.path is not None or showing.format is OutputFormat.TEXT):
        from asrcli.outputs.terminal import Terminal

        level, paced = showing.level or 0, showing.pace is not None
        made.append(Terminal(sys.stdout, time.monotonic, timestamps=showing.timestamps, level=level, paced=paced))
    elif showing.level is not None:
        made.append(Status(lambda line: typer.echo(line, err=True), level=showing.level))
    for output in made:
        stack.callback(output.close)
    return made


def connection(stack: ExitStack, *, local: bool, url: str | None, key_file: Path | None) -> Connection:
    """Whom to ask: the embedded recognizer behind its own server, or a service with its key.

    Raises:
        UsageError: options that contradict each other; MissingKey when the service would refuse anyway.
    """
    if local:
        if url is not None:
            raise UsageError("--local with --url: the one is here, the other is elsewhere")
        from asrcli.server.app import in_background
        from asrcli.server.recognizers.pool import Pocketsphinx

        return Connection(stack.enter_context(in_background(Pocketsphinx())))
    key = read_key(key_file)
    if key is None and url is None:
        raise MissingKey
    return Connection(url or DEFAULT_URL, key)


def read_key(key_file: Path | None) -> Secret | None:
    """The API key from the file, else from the environment, else none.

    Raises:
        UsageError: a file that cannot be read or holds no key.
    """
    if key_file is None:
        text = os.environ.get(KEY_VARIABLE, "")
        where = KEY_VARIABLE
    else:
        where = f"--api-key-file {key_file}"
        try:
            text = key_file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as exc:
            raise UsageError(f"{where}: {getattr(exc, 'strerror', None) or 'not a text file'}") from exc
        if not text.strip():
            raise UsageError(f"{where}: holds no key")
    text = text.strip()
    if not text.isascii() or not text.isprintable() or " " in text:
        raise UsageError(f"{where}: does not hold a key on one line")
    return Secret(text) if text else None


def run(
    model: Model,
    asked: Recognition,
    sources: "Sequence[Source]",
    outputs: "Sequence[Output]",
    connection: Connection,
    pace: float | None,
    *,
    local: bool,
) -> None:
    """Transcribe the sources into the outputs."""
    from asrcli.run import Plan, Run
    from asrcli.transport.websocket import dial

    notices = [Notice("warning", EMBEDDED)] if local else []
    if local and asked.rate < 16000:
        notices.append(Notice("warning", f"at {asked.rate} Hz it makes about twice the errors of 16000 Hz"))
    if not model.known:
        wire = f"sent as it is, on the {model.wire} wire"
        notices.append(Notice("warning", f"{model.name} is not in the catalogue: {wire}"))
    plan = Plan(asked.model, lambda: _codec(model, asked), dial, connection, pace)
    Run(plan, outputs).transcribe(sources, notices)


def _codec(model: Model, asked: Recognition) -> "ClientCodec":
    from asrcli.protocol import inference, realtime

    clients: dict[str, Callable[[Recognition, Callable[[], str]], ClientCodec]] = {
        INFERENCE: inference.Client,
        REALTIME: realtime.Client,
    }
    return clients[model.wire](asked, lambda: uuid.uuid4().hex)


def _can_redraw(file: object) -> bool:
    return bool(getattr(file, "isatty", bool)()) and os.environ.get("TERM", "") not in {"dumb", "unknown"}


def _written(showing: Showing, lines: "Lines") -> "Output":
    from asrcli.outputs.jsonl import JsonLines
    from asrcli.outputs.plain import Plain

    if showing.format is OutputFormat.JSONL:
        return JsonLines(lines, partials=showing.partials, debug=(showing.level or 0) > 1)
    return Plain(lines, timestamps=showing.timestamps, partials=showing.partials)
