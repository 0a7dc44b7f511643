"""From options to objects: the log, the key, whom to ask, and the run itself. What transcribing commands share."""

import logging
import os
import uuid
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from asrcli.config import DEFAULT_URL, Connection, Recognition, Retries, Secret
from asrcli.errors import AsrError, MissingKey, NobodyReads, OutputError, Several, UsageError
from asrcli.events import Notice
from asrcli.models import INFERENCE, REALTIME, Model

if TYPE_CHECKING:
    from asrcli.run import Together
    from asrcli.seams import ClientCodec, Output, Source

KEY_VARIABLE = "DASHSCOPE_API_KEY"
LOG_BYTES, LOG_FILES = 1_000_000, 3
EMBEDDED = "embedded recognizer: US English only, modest accuracy, offline"


def log_to(path: Path | None, *, on_screen: bool = False) -> None:
    """Send our own log to a rotating file. Only ours: a library's debug log of a handshake would show the key.

    `on_screen` puts its information on standard error as well.
    """
    logging.raiseExceptions = False  # a full disk under the log must not tear the screen
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


def connection(
    stack: ExitStack, asked: Recognition, *, local: bool, url: str | None, key_file: Path | None
) -> Connection:
    """Whom to ask: the embedded recognizer behind its own server, or a service with its key.

    Raises:
        UsageError: options that contradict each other; MissingKey when the service would refuse anyway.
    """
    if local:
        if url is not None:
            raise UsageError("--local with --url: the one is here, the other is elsewhere")
        if key_file is not None:
            raise UsageError("--local with --api-key-file: the embedded recognizer asks for no key")
        from asrcli.server.app import in_background
        from asrcli.server.recognizers.pool import Pocketsphinx

        if foreign := set(asked.languages) - (Pocketsphinx.languages or set()):
            raise UsageError(
                f"--language {min(foreign)} with --local: the embedded recognizer knows US English (en) only"
            )
        return Connection(stack.enter_context(in_background(Pocketsphinx())))
    key = read_key(key_file)
    if key is None and url is None:
        raise MissingKey
    return Connection(DEFAULT_URL if url is None else url, key)


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
    runs: "Sequence[tuple[Sequence[Source | Together], Sequence[Output]]]",
    failures: Sequence[AsrError],
    connection: Connection,
    pace: float | None,
    retries: Retries,
    *,
    local: bool,
) -> None:
    """Transcribe sources into outputs, run after run; one that fails does not stop the others.

    Raises:
        AsrError: what failed, before or now; Several, if it was more than one.
    """
    from asrcli.engine.calls import IdleCalls
    from asrcli.run import HOPELESS, Plan, Run, flat
    from asrcli.transport.websocket import dial

    notices = [Notice("warning", str(failure)) for failure in failures]
    notices += [Notice("warning", EMBEDDED)] if local else []
    if local and any(source.format.rate < 16000 for sources, _ in runs for source in flat(sources)):
        notices.append(Notice("warning", "at 8000 Hz it makes about twice the errors of 16000 Hz"))
    if not model.known:
        wire = f"sent as it is, on the {model.wire} wire"
        notices.append(Notice("warning", f"{model.name} is not in the catalogue: {wire}"))
    plan = Plan(
        asked.model, lambda source: _codec(model, _for(source, asked)), dial, connection, pace, retries, free=local
    )
    failed = list(failures)
    with closing(IdleCalls()) as idle:
        for sources, outputs in runs:
            try:
                Run(plan, outputs, idle).transcribe(sources, notices)
            except AsrError as exc:
                failed += exc.errors if isinstance(exc, Several) else [exc]
                if isinstance(exc, (*HOPELESS, NobodyReads, OutputError)):
                    break
            notices = []
    if failed:
        raise failed[0] if len(failed) == 1 else Several(failed)


def _for(source: "Source", asked: Recognition) -> Recognition:
    """What is asked of the service for this source: its rate, and what its bytes are."""
    return replace(asked, rate=source.format.rate, audio_format=source.audio_format)


def _codec(model: Model, asked: Recognition) -> "ClientCodec":
    from asrcli.protocol import inference, realtime

    clients: dict[str, Callable[[Recognition, Callable[[], str]], ClientCodec]] = {
        INFERENCE: inference.Client,
        REALTIME: realtime.Client,
    }
    return clients[model.wire](asked, lambda: uuid.uuid4().hex)
