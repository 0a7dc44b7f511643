"""The options of `asr serve`."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from asrcli.cli.options.engine import engine_option
from asrcli.cli.options.panels import CONNECTION, DIAGNOSIS
from asrcli.cli.options.values import bounded_number
from asrcli.recognizers import registry

FAULTS = "Faults"
RECOGNIZER = "Recognizer"


class SecondPass(StrEnum):
    """When a recognizer decodes a sentence a second time."""

    AUTO = "auto"
    ALWAYS = "always"
    NEVER = "never"


Host = Annotated[str, typer.Option(help="Address to listen on.", metavar="ADDRESS", rich_help_panel=CONNECTION)]
Command = Annotated[
    list[str] | None,
    typer.Argument(
        help="Run this program; end with it, and with its exit code.",
        metavar="[COMMAND]...",
        show_default=False,
    ),
]
Port = Annotated[
    int | None,
    typer.Option(
        help="Port to listen on; 0 uses a free port. Default: 8090; 0 with COMMAND.",
        min=0,
        max=65535,
        metavar="PORT",
        rich_help_panel=CONNECTION,
    ),
]
KeyFile = Annotated[
    Path | None,
    typer.Option(
        "--api-key-file",
        help="Require clients to send the key in this file.",
        metavar="PATH",
        rich_help_panel=CONNECTION,
    ),
]
KeysFile = Annotated[
    Path | None,
    typer.Option(
        "--keys",
        help="Accept the keys in this file, one per line: NAME KEY connections=4 reserved=2 tasks_per_minute=60. The "
        "limits are optional. SIGHUP reads the file again.",
        metavar="PATH",
        rich_help_panel=CONNECTION,
    ),
]
Replayed = Annotated[
    Path | None,
    typer.Option(
        "--replay",
        help="Send every client the messages of this record (see --record), instead of using a recognizer.",
        metavar="PATH",
        rich_help_panel=RECOGNIZER,
    ),
]
Certificate = Annotated[
    Path | None,
    typer.Option(
        "--cert", help="Serve wss:// with this certificate, in PEM format.", metavar="PATH", rich_help_panel=CONNECTION
    ),
]
CertificateKey = Annotated[
    Path | None,
    typer.Option(
        "--key",
        help="The private key of --cert; not needed if --cert contains it.",
        metavar="PATH",
        rich_help_panel=CONNECTION,
    ),
]
DrainSeconds = Annotated[
    float,
    typer.Option(
        "--drain",
        help="How long running tasks may continue after SIGTERM or Ctrl-C.",
        min=0,
        max=86_400,
        callback=bounded_number,
        metavar="SECONDS",
        rich_help_panel=CONNECTION,
    ),
]
Origins = Annotated[
    list[str] | None,
    typer.Option(
        "--allow-origin",
        help="Accept web pages from this origin (https://HOST), and requests that name its host; * accepts all. "
        "Without a key, pages from other origins get 403. May be repeated.",
        metavar="ORIGIN",
        rich_help_panel=CONNECTION,
    ),
]
StrictLanguage = Annotated[
    bool,
    typer.Option(
        "--strict-language",
        help="Refuse a task in a language that the engine does not support. Without it, a supported one is used.",
        rich_help_panel=RECOGNIZER,
    ),
]
Lenient = Annotated[
    bool,
    typer.Option(
        "--lenient",
        help="Accept requests that the service refuses: unknown models, hot-word lists for them, parameters that do "
        "not fit the model, two updates of a list within five minutes, and tasks without audio.",
        rich_help_panel=RECOGNIZER,
    ),
]
Workers = Annotated[
    int | None,
    typer.Option(
        "--workers",
        help="Maximum number of worker processes of the engine, one per task. More tasks are refused with Throttling. "
        "Default: what the cores can handle (see asr engines).",
        min=1,
        max=1000,
        metavar="N",
        rich_help_panel=RECOGNIZER,
    ),
]
MaxConnections = Annotated[
    int,
    typer.Option(
        "--max-connections",
        help="Maximum number of WebSocket connections; further clients are told to try again later. "
        "--workers limits the number of tasks.",
        min=1,
        max=65_000,
        metavar="N",
        rich_help_panel=CONNECTION,
    ),
]
Engine = Annotated[
    str | None,
    engine_option(
        " ".join(f"{info.name}: {info.description}." for info in registry.RECOGNIZERS.values())
        + " Default: the best one here.",
        RECOGNIZER,
    ),
]
Script = Annotated[
    Path | None,
    typer.Option(
        help='Results to replay, one JSON object per line: {"begin_ms": 0, "end_ms": 900, "text": "hello", '
        '"partials": ["hel"], "translation": {"fr": "bonjour"}}. Without it: a sentence every second.',
        metavar="PATH",
        rich_help_panel=RECOGNIZER,
    ),
]
AnswerFile = Annotated[
    Path | None,
    typer.Option(
        "--answers",
        help="Translations, and answers to prompts: this server can only recognize speech. One "
        'JSON object per line: {"text": "hello", "translation": {"fr": "bonjour"}, "answer": "a greeting"}. Without '
        "it a translation is [fr] and the text, an answer the text alone.",
        metavar="PATH",
        rich_help_panel=RECOGNIZER,
    ),
]
FaultScript = Annotated[
    Path | None,
    typer.Option(
        "--faults",
        help='Faults to inject, one JSON object per line: {"connection": 2, "after_bytes": 32000, "do": "cut"}. '
        "connection: its number; without it, every one. When: after_bytes of audio, after_events, after_tasks of this "
        "server, or at handshake, run-task or finish. do: cut, close (code), torn-frame, accept-and-drop, drop-after "
        "(seconds), half-close (seconds), half-open (seconds), stop-reading (seconds), slow-reader (speed), stall "
        "(seconds), quiet (seconds), slow (seconds), never-finish, refuse (status, retry_after), fail (code, message, "
        "close), empty-audio (message, close), garbage (what: not-json, binary, unknown), duplicate, late.",
        metavar="PATH",
        rich_help_panel=FAULTS,
    ),
]
ChaosSeed = Annotated[
    int | None,
    typer.Option(
        help="Inject random faults, the same for the same seed. A client that retries succeeds.",
        metavar="SEED",
        rich_help_panel=FAULTS,
    ),
]
Waiting = Annotated[
    bool,
    typer.Option(
        "--chaos-waits",
        help="With --chaos: inject faults that a client notices only by a timeout (stall, quiet, half-open, "
        "stop-reading, never-finish) instead of faults that it notices at once.",
        rich_help_panel=FAULTS,
    ),
]
Passes = Annotated[
    SecondPass,
    typer.Option(
        "--local-two-pass", help="Decode each sentence twice: more accurate, slower.", rich_help_panel=RECOGNIZER
    ),
]


class LogFormat(StrEnum):
    """How the log is written."""

    TEXT = "text"
    JSON = "json"


LogFormatOption = Annotated[
    LogFormat,
    typer.Option(
        "--log-format", help="Format of the log: text, or JSON with one object per line.", rich_help_panel=DIAGNOSIS
    ),
]
