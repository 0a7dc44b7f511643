"""`asr serve`: a local server with the wires of the service, for its other clients and for trials without a key."""

import random
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from asrcli.cli.builders.api_key import read_key
from asrcli.cli.builders.log_file import log_to
from asrcli.cli.builders.text_files import read_text_file
from asrcli.cli.console import print_message
from asrcli.cli.options.engine import engine_option
from asrcli.cli.options.logging import Debug, LogFile, Quiet
from asrcli.cli.options.panels import CONNECTION
from asrcli.core.errors import UsageError
from asrcli.recognizers import registry

if TYPE_CHECKING:
    from asrcli.recognizers.interface import Recognizer
    from asrcli.recognizers.scripted_answers import ScriptedAnswers
    from asrcli.server.faults.script import FaultPlan

# The options of the short help.
COMMON = "--host --port --api-key-file --engine --script --faults --chaos"

EXAMPLES = "Examples:\n\nasr serve --port 8090\n\nasr serve --engine scripted --script talk.jsonl"
FAULTS = "Faults"


class SecondPass(StrEnum):
    """When a recognizer decodes a sentence a second time."""

    AUTO = "auto"
    ALWAYS = "always"
    NEVER = "never"


Host = Annotated[str, typer.Option(help="Address to listen at.", metavar="ADDRESS", rich_help_panel=CONNECTION)]
Port = Annotated[
    int,
    typer.Option(
        help="Port to listen at; 0 takes a free one.", min=0, max=65535, metavar="PORT", rich_help_panel=CONNECTION
    ),
]
KeyFile = Annotated[
    Path | None,
    typer.Option(
        "--api-key-file", help="Ask clients for the key in this file.", metavar="PATH", rich_help_panel=CONNECTION
    ),
]
Origins = Annotated[
    list[str] | None,
    typer.Option(
        "--allow-origin",
        help="Let web pages of this origin in, as https://HOST, and requests that name its host; * lets in all. "
        "Without a key, those of other origins get 403. Repeat for more.",
        metavar="ORIGIN",
        rich_help_panel=CONNECTION,
    ),
]


Engine = Annotated[
    str | None,
    engine_option(
        " ".join(f"{info.name}: {info.description}." for info in registry.RECOGNIZERS.values())
        + " Default: the best one here.",
        "Recognizer",
    ),
]
Script = Annotated[
    Path | None,
    typer.Option(
        help='Results to replay, one JSON object per line: {"begin_ms": 0, "end_ms": 900, "text": "hello", '
        '"partials": ["hel"], "translation": {"fr": "bonjour"}}. Without it: a sentence every second.',
        metavar="PATH",
        rich_help_panel="Recognizer",
    ),
]
AnswerFile = Annotated[
    Path | None,
    typer.Option(
        "--answers",
        help="Translations, and answers to prompts: this server recognizes only, and makes up neither. One "
        'JSON object per line: {"text": "hello", "translation": {"fr": "bonjour"}, "answer": "a greeting"}. Without '
        "it a translation is [fr] and the text, an answer the text alone.",
        metavar="PATH",
        rich_help_panel="Recognizer",
    ),
]
FaultScript = Annotated[
    Path | None,
    typer.Option(
        "--faults",
        help='Faults to inject, one JSON object per line: {"connection": 2, "after_bytes": 32000, "do": "cut"}. '
        "connection: its number; left out, each one. When: after_bytes of audio, after_events, after_tasks of this "
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
        help="Inject random faults, the same ones for the same seed. A client that tries again gets through.",
        metavar="SEED",
        rich_help_panel=FAULTS,
    ),
]
Waiting = Annotated[
    bool,
    typer.Option(
        "--chaos-waits",
        help="With --chaos: choose from the faults that a client has to wait for (stall, quiet, half-open, "
        "stop-reading, never-finish) instead of those that it notices at once.",
        rich_help_panel=FAULTS,
    ),
]
Passes = Annotated[
    SecondPass,
    typer.Option(
        "--local-two-pass", help="Decode each sentence twice: more accurate, slower.", rich_help_panel="Recognizer"
    ),
]


def serve(
    host: Host = "127.0.0.1",
    port: Port = 8090,
    api_key_file: KeyFile = None,
    allow_origin: Origins = None,
    engine: Engine = None,
    script: Script = None,
    two_pass: Passes = SecondPass.AUTO,
    answers: AnswerFile = None,
    faults: FaultScript = None,
    chaos: ChaosSeed = None,
    chaos_waits: Waiting = False,
    quiet: Quiet = False,
    debug: Debug = False,
    log_file: LogFile = None,
) -> None:
    """Serve both realtime wires of DashScope on this machine, without network or key.

    The embedded engines are offline and know English only; asr engines lists them, and adds models that you bring.

    Any DashScope client can be pointed here: the paths are /api-ws/v1/inference and /api-ws/v1/realtime.

    Hot-word lists and temporary keys work as with the service (asr vocab, asr token); they exist until the server ends.
    After SIGTERM or Ctrl-C running tasks may end first.
    """
    del debug  # read by the error boundary
    from asrcli.server.local_server import LocalServer, serve_forever
    from asrcli.server.page_origins import origin

    log_to(log_file, on_screen=not quiet)
    recognizer = _recognizer(engine, script, two_pass)
    warnings: list[str] = []  # printed after the address, because programs wait for that line
    key = None
    if api_key_file is not None:
        key = read_key(api_key_file, warnings.append)
    planned = _faults(faults, chaos, waiting=chaos_waits)
    origins = [origin(text) for text in allow_origin or ()]
    server = LocalServer(recognizer, host, port, key, faults=planned, answers=_answers(answers), origins=origins)

    def announce(address: str) -> None:
        print_message(f"asr: serving at {address} ({'key asked for' if key else 'no key'})")
        _introduce(recognizer.info, preferred=engine is None)
        if planned is not None:
            cause = f"--chaos {chaos}" if faults is None else str(faults)
            print_message(f"asr: this server is at fault on purpose: {cause}")
        for warning in warnings:
            print_message(warning)

    serve_forever(server, announce)


def _introduce(info: registry.RecognizerInfo, *, preferred: bool) -> None:
    """Print what the recognizer is, and where nobody chose it, how to get a better one."""
    for line in filter(None, [info.summary, registry.better(info) if preferred else ""]):
        print_message(f"asr: {line}")


def _recognizer(engine: str | None, script: Path | None, second_pass: SecondPass) -> "Recognizer":
    info = registry.find(engine)
    if "second_pass" not in info.options and second_pass is not SecondPass.AUTO:
        names = " or ".join(registry.taking("second_pass"))
        problem = f"--engine {info.name} with --local-two-pass: only {names} decodes twice"
        raise UsageError(problem, f"add --engine {names}" if engine is None else "")
    if script is None:
        return registry.make(info, registry.RecognizerOptions(second_pass.value))
    if "script" not in info.options:
        names = " or ".join(registry.taking("script"))
        raise UsageError(f"--script without --engine {names}: only that engine replays one")
    lines = tuple(_lines("--script", script))
    return registry.make(info, registry.RecognizerOptions(second_pass.value, lines, f"--script {script}"))


def _faults(script: Path | None, seed: int | None, *, waiting: bool) -> "FaultPlan | None":
    if waiting and seed is None:
        raise UsageError("--chaos-waits without --chaos: it says which random faults are chosen")
    if script is None:
        if seed is None:
            return None
        from asrcli.server.faults.random_faults import RandomFaults

        return RandomFaults(random.Random(seed), waiting=waiting)  # noqa: S311  the same seed, the same faults
    if seed is not None:
        raise UsageError("--faults with --chaos: faults come from a file or are random")
    from asrcli.server.faults.script import parse_script

    return parse_script(_lines("--faults", script), f"--faults {script}")


def _answers(path: Path | None) -> "ScriptedAnswers | None":
    from asrcli.recognizers.scripted_answers import parse_answers

    if path is None:
        return None
    return parse_answers(_lines("--answers", path), f"--answers {path}")


def _lines(option: str, path: Path) -> list[str]:
    return read_text_file(path, f"{option} {path}").split(
        "\n"
    )  # splitlines() would also split at characters that a JSON string may hold
