"""`asr serve`: a local server with the wires of the service, for its other clients and for trials without a key."""

import random
from pathlib import Path
from typing import TYPE_CHECKING

from asrcli.cli.builders.log_file import log_to
from asrcli.cli.builders.text_files import read_text_file
from asrcli.cli.console import print_message
from asrcli.cli.options.logging import Debug, LogFile, Quiet
from asrcli.cli.options.serving import (
    AnswerFile,
    Certificate,
    CertificateKey,
    ChaosSeed,
    DrainSeconds,
    Engine,
    FaultScript,
    Host,
    KeyFile,
    KeysFile,
    Lenient,
    LogFormat,
    LogFormatOption,
    MaxConnections,
    Origins,
    Passes,
    Port,
    Replayed,
    Script,
    SecondPass,
    StrictLanguage,
    Waiting,
    Workers,
)
from asrcli.core.errors import UsageError
from asrcli.core.settings import MAX_CONNECTIONS
from asrcli.recognizers import registry

if TYPE_CHECKING:
    from asrcli.recognizers.interface import Recognizer
    from asrcli.recognizers.scripted_answers import ScriptedAnswers
    from asrcli.server.faults.script import FaultPlan
    from asrcli.server.recorded_conversation import RecordedServer

# The options of the short help.
COMMON = "--host --port --api-key-file --engine --script --faults --chaos"

EXAMPLES = "Examples:\n\nasr serve --port 8090\n\nasr serve --engine scripted --script talk.jsonl"


def serve(
    host: Host = "127.0.0.1",
    port: Port = 8090,
    api_key_file: KeyFile = None,
    keys: KeysFile = None,
    cert: Certificate = None,
    key: CertificateKey = None,
    allow_origin: Origins = None,
    max_connections: MaxConnections = MAX_CONNECTIONS,
    drain: DrainSeconds = 20,
    engine: Engine = None,
    script: Script = None,
    two_pass: Passes = SecondPass.AUTO,
    workers: Workers = None,
    strict_language: StrictLanguage = False,
    lenient: Lenient = False,
    answers: AnswerFile = None,
    replay: Replayed = None,
    faults: FaultScript = None,
    chaos: ChaosSeed = None,
    chaos_waits: Waiting = False,
    quiet: Quiet = False,
    debug: Debug = False,
    log_file: LogFile = None,
    log_format: LogFormatOption = LogFormat.TEXT,
) -> None:
    """Serve both realtime wires of DashScope on this machine, without network or key.

    The embedded engines are offline and know English only; asr engines lists them, and adds models that you bring.

    Any DashScope client can be pointed here: the paths are /api-ws/v1/inference and /api-ws/v1/realtime.

    Hot-word lists and temporary keys work as with the service (asr vocab, asr token); they exist until the server ends.
    After SIGTERM or Ctrl-C running tasks may end first. /healthz, /readyz and /metrics answer for operators.
    """
    del debug  # read by the error boundary
    from asrcli.cli.builders.server_access import ServerKeys, server_certificate
    from asrcli.server.limits import ServerLimits
    from asrcli.server.local_server import LocalServer, serve_forever
    from asrcli.server.open_files import make_room
    from asrcli.server.page_origins import origin

    make_room(max_connections)
    log_to(log_file, on_screen=not quiet, as_json=log_format is LogFormat.JSON)
    given: dict[str, object] = {"--engine": engine, "--script": script, "--answers": answers}
    recorded = _recorded(replay, [name for name, value in given.items() if value is not None])
    recognizer = _recognizer(engine if recorded is None else "scripted", script, two_pass, workers)
    warnings: list[str] = []  # printed after the address, because programs wait for that line
    access = ServerKeys(api_key_file, keys, warnings.append)
    tls = server_certificate(cert, key)
    planned = _faults(faults, chaos, waiting=chaos_waits)
    origins = [origin(text) for text in allow_origin or ()]
    limits = ServerLimits(connections=max_connections, drain_s=drain, strict_language=strict_language, lenient=lenient)
    server = LocalServer(
        recognizer,
        host,
        port,
        access.keys,
        limits,
        planned,
        _answers(answers),
        origins=origins,
        tls=tls,
        recorded=recorded,
    )

    at_fault = ""
    if planned is not None:
        at_fault = f"--chaos {chaos}" if faults is None else str(faults)

    def announce(address: str) -> None:
        print_message(f"asr: serving at {address} ({'no key' if access.keys is None else 'key asked for'})")
        if recorded is not None:
            print_message(f"asr: every client gets the messages of {replay}")
        else:
            _introduce(recognizer.info, at_fault, preferred=engine is None)
        for warning in warnings:
            print_message(warning)

    serve_forever(server, announce, access.reload)


def _recorded(replay: Path | None, others: list[str]) -> "RecordedServer | None":
    if replay is None:
        return None
    if others:
        raise UsageError(f"--replay with {' and '.join(others)}: the record holds every answer")
    from asrcli.cli.builders.wire_records import open_record
    from asrcli.server.recorded_conversation import RecordedServer

    return RecordedServer(str(replay), open_record(replay))


def _introduce(info: registry.RecognizerInfo, at_fault: str, *, preferred: bool) -> None:
    """Print what the recognizer is; where nobody chose it, how to get a better one; and which faults are injected."""
    for line in filter(None, [info.summary, registry.better(info) if preferred else ""]):
        print_message(f"asr: {line}")
    if at_fault:
        print_message(f"asr: this server is at fault on purpose: {at_fault}")


def _recognizer(
    engine: str | None, script: Path | None, second_pass: SecondPass, workers: int | None = None
) -> "Recognizer":
    info = registry.find(engine)
    if "second_pass" not in info.options and second_pass is not SecondPass.AUTO:
        names = " or ".join(registry.taking("second_pass"))
        problem = f"--engine {info.name} with --local-two-pass: only {names} decodes twice"
        raise UsageError(problem, f"add --engine {names}" if engine is None else "")
    if workers is not None and info.runs_in is not registry.RunsIn.WORKERS:
        raise UsageError(f"--workers with --engine {info.name}: that engine runs without worker processes")
    if script is None:
        return registry.make(info, registry.RecognizerOptions(second_pass.value), workers)
    if "script" not in info.options:
        names = " or ".join(registry.taking("script"))
        raise UsageError(f"--script without --engine {names}: only that engine replays one")
    lines = tuple(_lines("--script", script))
    return registry.make(info, registry.RecognizerOptions(second_pass.value, lines, f"--script {script}"), workers)


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
