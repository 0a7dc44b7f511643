"""`asr serve`: a local server with the wires of the service, for its other clients and for trials without a key."""

import sys
from contextlib import ExitStack

from asrcli.cli.console import print_message
from asrcli.cli.options.logging import Debug, LogFile, Quiet
from asrcli.cli.options.serving import (
    AnswerFile,
    Certificate,
    CertificateKey,
    ChaosSeed,
    Command,
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
from asrcli.core.garbage_collection import SERVER_THRESHOLDS, collect_less_often
from asrcli.core.settings import MAX_CONNECTIONS
from asrcli.terminal.interrupts import hold_hangup

# The options of the short help.
COMMON = "--host --port --api-key-file --engine --script --faults --chaos"

EXAMPLES = "Examples:\n\nasr serve --port 8090\n\nasr serve --engine scripted --script talk.jsonl\n\n\
asr serve --faults faults.jsonl pytest tests/"


def serve(
    command: Command = None,
    host: Host = "127.0.0.1",
    port: Port = None,
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
    """Serve both realtime protocols of DashScope on this machine, without network or key.

    The embedded engines recognize only English; asr engines adds other models.

    Any DashScope client can use this server: the paths are /api-ws/v1/inference and /api-ws/v1/realtime. The official
    SDK in COMMAND uses it by itself, through DASHSCOPE_WEBSOCKET_BASE_URL; ASR_SERVE_URL is the address for others.
    Hot-word lists and temporary keys work as with the service (asr vocab, asr token), until the server ends. After
    SIGTERM or Ctrl-C the server waits for running tasks. /healthz, /readyz and /metrics are for monitoring.
    """
    del debug  # read by the error boundary
    hold_hangup(wanted=keys is not None)  # before the rest is loaded: a supervisor may already want them read again
    from asrcli.cli.builders.serving import served_program, server_access, server_log, server_parts
    from asrcli.server import limits, local_server, open_files, page_origins, serving_forever

    program = served_program.served_program(command, api_key_file, has_keys=keys is not None)
    open_files.make_room(max_connections, spare_files=max_connections + open_files.PENDING_FILES)
    server_log.log_in_background(log_file, on_screen=not quiet, as_json=log_format is LogFormat.JSON)
    given: dict[str, object] = {"--engine": engine, "--script": script, "--answers": answers, "--workers": workers}
    with ExitStack() as stack:
        recorded = server_parts.recorded(stack, replay, [name for name, value in given.items() if value is not None])
        chosen = server_parts.chosen_recognizer(engine if recorded is None else "scripted", script, two_pass, workers)
        warnings: list[str] = []  # printed after the address, because programs wait for that line
        access = server_access.ServerKeys(api_key_file, keys, warnings.append)
        tls = server_access.server_certificate(cert, key)
        planned = server_parts.faults(faults, chaos, waiting=chaos_waits)
        server_limits = limits.ServerLimits(
            connections=max_connections, drain_s=drain, strict_language=strict_language, lenient=lenient
        )
        scripted_answers = server_parts.answers(answers)
        in_one_process = {"--cert": cert, "--faults": faults, "--chaos": chaos, "--replay": replay}
        server = local_server.LocalServer(
            chosen.make(),
            host,
            served_program.port(port, command),
            keys=access.keys,
            limits=server_limits,
            faults=planned,
            answers=scripted_answers,
            origins=[page_origins.origin(text) for text in allow_origin or ()],
            tls=tls,
            recorded=recorded,
            key_processes=server_parts.key_processes(
                chosen, access.keys, server_limits, scripted_answers, in_one_process, warnings.append
            ),
        )

        def announce(address: str) -> None:
            print_message(f"asr: serving at {address} ({'no key' if access.keys is None else 'key required'})")
            if recorded is not None:
                print_message(f"asr: every client gets the messages of {replay}")
            else:
                server_parts.introduce(chosen.info, preferred=engine is None)
            if planned is not None:
                print_message(f"asr: this server injects faults: {faults or f'--chaos {chaos}'}")
            server_access.print_warnings(warnings, cert, quiet=quiet)

        collect_less_often(SERVER_THRESHOLDS)
        sys.exit(serving_forever.serve_forever(server, announce, access.reload, program))
