"""From options to objects: sources, outputs, whom to ask. What every transcribing command shares."""

import logging
import os
import uuid
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from asrcli.audio import Format
from asrcli.cli import values
from asrcli.config import DEFAULT_URL, Connection, Recognition, Secret
from asrcli.errors import AsrError, MissingKey, NobodyReads, OutputError, Several, SourceError, UsageError
from asrcli.events import Notice
from asrcli.models import AUTO, INFERENCE, REALTIME, Model, find, pick, wire_rate

if TYPE_CHECKING:
    from asrcli.run import Together
    from asrcli.seams import ClientCodec, Output, Source
    from asrcli.sources.file import Samples
    from asrcli.sources.take import Take

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


def taken(start: str | None, end: str | None, channel: str, gain_db: float) -> "Take":
    """What is taken of each source.

    Raises:
        UsageError: times or a channel that are none, or an end before the beginning.
    """
    from asrcli.sources.take import Take

    begin_ms, end_ms = values.parse_time("--start", start) or 0, values.parse_time("--end", end)
    if end_ms is not None and end_ms <= begin_ms:
        raise UsageError(f"--end {end} is not behind --start {start or 0}")
    return Take(begin_ms, end_ms, values.parse_channel(channel), gain_db)


def bare_samples(*, raw: bool, encoding: str | None, rate: int | None, channels: int | None) -> "Samples | None":
    """How bare samples are to be read, None for containers.

    Raises:
        UsageError: a description of bare samples for something that is none.
    """
    from asrcli.sources.file import Samples

    if raw:
        return Samples(str(encoding or "s16le"), rate or 16000, channels or 1)
    given = {"--encoding": encoding, "--rate": rate, "--channels": channels}
    if named := [name for name, value in given.items() if value is not None]:
        raise UsageError(f"{' and '.join(named)} without --raw: only bare samples need to be described")
    return None


def model_for(name: str, paths: Sequence[str], languages: Sequence[str], samples: "Samples | None") -> Model:
    """The model of that name; `auto` looks at the audio and the language."""
    if name != AUTO:
        return find(name)
    from asrcli.sources.file import native

    return find(pick([about and about[0] for about in (native(path, samples) for path in paths)], languages))


def file_sources(
    paths: Sequence[str],
    model: Model,
    asked: Recognition,
    take: "Take",
    samples: "Samples | None",
    *,
    each_channel: bool,
) -> "tuple[list[Source | Together], list[AsrError]]":
    """What each path holds, and what is wrong with the paths that hold nothing.

    Raises:
        UsageError: telephone audio for a model that does not take it, channels of what can be read only once.
        SourceError: none of the paths is audio and there is only one.
        Several: none of the paths is audio.
    """
    from asrcli.sources.file import native

    if paths.count("-") > 1:
        raise UsageError("standard input (-) is named more than once")
    if each_channel and take.channel is not None:
        raise UsageError("--each-channel with --channel: all of them or one")
    sources: list[Source | Together] = []
    failures: list[AsrError] = []
    for path in paths:
        about = native(path, samples)
        try:
            if not each_channel:
                sources.append(_source(path, model, asked, take, samples, about))
            else:
                sources.append(_channels(path, model, asked, take, samples, about))
        except SourceError as exc:
            failures.append(exc)
    if not sources:
        raise failures[0] if len(failures) == 1 else Several(failures)
    return sources, failures


def _source(
    path: str,
    model: Model,
    asked: Recognition,
    take: "Take",
    samples: "Samples | None",
    about: tuple[int, int] | None,
    speaker: str = "",
) -> "Source":
    """A source, cut into utterances where the server does not do it."""
    from asrcli.sources.file import FileSource
    from asrcli.sources.utterances import Utterances

    audio_format = Format(wire_rate(model, about[0] if about else None))
    source = FileSource(path, audio_format, take, samples, speaker=speaker)
    return source if asked.vad else Utterances(source, asked.silence_ms)


def _channels(
    path: str,
    model: Model,
    asked: Recognition,
    take: "Take",
    samples: "Samples | None",
    about: tuple[int, int] | None,
) -> "Source | Together":
    """The channels of a file as sources of their own, named left and right where there are two."""
    from asrcli.run import Together

    if about is None:
        _source(path, model, asked, take, samples, about)  # what is wrong with it comes first
        raise UsageError(f"--each-channel: {path} can be read only once", "put it into a file")
    count = about[1]
    names = ["left", "right"] if count == 2 else [str(number + 1) for number in range(count)]
    sources = [
        _source(path, model, asked, replace(take, channel=channel), samples, about, name if count > 1 else "")
        for channel, name in enumerate(names)
    ]
    return Together(tuple(sources)) if count > 1 else sources[0]


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
    *,
    local: bool,
) -> None:
    """Transcribe sources into outputs, run after run; one that fails does not stop the others.

    Raises:
        AsrError: what failed, before or now; Several, if it was more than one.
    """
    from asrcli.run import HOPELESS, Plan, Run, flat
    from asrcli.transport.websocket import dial

    notices = [Notice("warning", str(failure)) for failure in failures]
    notices += [Notice("warning", EMBEDDED)] if local else []
    if local and any(source.format.rate < 16000 for sources, _ in runs for source in flat(sources)):
        notices.append(Notice("warning", "at 8000 Hz it makes about twice the errors of 16000 Hz"))
    if not model.known:
        wire = f"sent as it is, on the {model.wire} wire"
        notices.append(Notice("warning", f"{model.name} is not in the catalogue: {wire}"))
    plan = Plan(asked.model, lambda rate: _codec(model, replace(asked, rate=rate)), dial, connection, pace, free=local)
    failed = list(failures)
    for sources, outputs in runs:
        try:
            Run(plan, outputs).transcribe(sources, notices)
        except AsrError as exc:
            failed += exc.errors if isinstance(exc, Several) else [exc]
            if isinstance(exc, (*HOPELESS, NobodyReads, OutputError)):
                break
        notices = []
    if failed:
        raise failed[0] if len(failed) == 1 else Several(failed)


def _codec(model: Model, asked: Recognition) -> "ClientCodec":
    from asrcli.protocol import inference, realtime

    clients: dict[str, Callable[[Recognition, Callable[[], str]], ClientCodec]] = {
        INFERENCE: inference.Client,
        REALTIME: realtime.Client,
    }
    return clients[model.wire](asked, lambda: uuid.uuid4().hex)
