"""What a command loads before it has something to do."""

import gc
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import pytest
from websockets.sync.server import ServerConnection, serve

from asrcli.cli.app import guarded
from asrcli.transport.proxy import SYSTEM_SETTINGS
from tests.support.command import CLIP, environment

HEAVY = (
    "av",
    "pydub",
    "pyaudio",
    "miniaudio",
    "pocketsphinx",
    "sherpa_onnx",
    "moonshine_voice",
    "websockets",
    "asyncio",
    "platformdirs",
    "filelock",
    "rich.live",
    "asrcli.engine",
    "asrcli.server",
    "asrcli.recognizers.interface",
)


def loaded(*arguments: str) -> set[str]:
    """The modules in memory after the command, as `-X importtime` lists them."""
    command = [sys.executable, "-X", "importtime", "-m", "asrcli", *arguments]
    done = subprocess.run(command, check=True, capture_output=True, env=environment(), timeout=60)
    return {line.rsplit("|", 1)[1].strip() for line in done.stderr.decode().splitlines() if "|" in line}


@contextmanager
def listening_server() -> Iterator[int]:
    """A WebSocket server that says nothing, on this port."""

    def listen(connection: ServerConnection) -> None:
        for _ in connection:
            pass

    with serve(listen, "127.0.0.1", 0) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.socket.getsockname()[1]
        server.shutdown()


COMMANDS = [
    "--help",
    "--version",
    "mic --help",
    "devices --help",
    "resume --help",
    "sessions --help",
    "verify --help",
    "file --help",
    "batch --help",
    "file --help-all",
    "help recovery",
    "ws-raw --help",
    "models",
    "engines",
    "vocab --help",
    "config --help",
    "token --help",
    "login --help",
    "logout --help",
    "whoami --help",
    "doctor --help",
    "serve --help",
    "schema",
]


@pytest.mark.parametrize("command", COMMANDS)
def test_help_loads_nothing_heavy(command: str) -> None:
    """No audio, no websockets, no live display: help is there at once, and where a library is broken too."""
    modules = loaded(*command.split())
    assert "typer" in modules
    # Where the settings of the user are, and the models that the user has added.
    needed = {"platformdirs"} if command in {"engines", "models"} else set()
    assert [name for name in HEAVY if name in modules and name not in needed] == []
    if "help" in command:
        assert "rich.console" not in modules


# What `asr file` may load until it dials, of ours. Fewer is better: each module takes a quarter of a millisecond.
MOST_MODULES = 151
# What the thread that dials loads, while the first audio is read.
NETWORK = ("asyncio", "ssl", "http.client", "email.message", "websockets", "asrcli.transport.websocket")
# What a session loads when its clock runs, while the first audio is spoken.
SESSION = (
    "asrcli.engine.loop",
    "asrcli.engine.driver",
    "asrcli.engine.accounting",
    "asrcli.engine.task_connection",
    "asrcli.recovery.backoff",
)
# What the thread that reads loads.
READING = ("asrcli.sources.input_reader", "asrcli.sources.pipe", "asrcli.sources.ogg", "asrcli.sources.joined_files")
# What a run to standard output without a terminal does not need, and the decoder, which WAV does not need.
UNUSED = (
    "csv",
    "rich",
    "av",
    "asrcli.sources.decoder",
    "asrcli.sources.encoder",
    "asrcli.outputs.markdown",
    "asrcli.outputs.jsonl",
    "asrcli.outputs.subtitles",
    "asrcli.outputs.caption_page",
    "asrcli.outputs.exec_command",
    "asrcli.outputs.html",
    "asrcli.terminal.keyboard",
    "asrcli.journal.reading",
    "asrcli.journal.transcript_origins",
    "asrcli.journal.file_journal",
    "asrcli.journal.writing",
    "asrcli.sources.blocking_calls",
    "asrcli.sources.passthrough",
    "asrcli.sources.utterances",
    "asrcli.runs.budget",
    "asrcli.cli.builders.cost",
    "asrcli.cli.builders.fast_run",
)


def test_a_run_dials_before_it_loads_what_it_may_need_later() -> None:
    """From the start to the dial only what this run needs is loaded, and the network after the audio is opened."""
    command = [sys.executable, "-X", "importtime", "-m", "asrcli", "file", str(CLIP), "--url", "ws://127.0.0.1:9"]
    done = subprocess.run(
        [*command, "--no-journal", "--quiet"], check=False, capture_output=True, env=environment(), timeout=60
    )
    assert done.returncode == 4
    names = [line.rsplit("|", 1)[1].strip() for line in done.stderr.decode().splitlines() if "|" in line]
    before = names[: names.index("asrcli.cli.builders.library_keeping") + 1]  # the last one that a run needs to begin
    assert [name for name in (*NETWORK, *SESSION, *READING, *UNUSED) if name in before] == []
    ours = [name for name in before if name.startswith("asrcli")]
    assert len(ours) <= MOST_MODULES
    standard = re.compile(r"^from dataclasses import .*\bdataclass\b", re.MULTILINE)
    slow = []
    for name in ours:
        spec = find_spec(name)
        if spec is not None and spec.origin is not None and name != "asrcli.core.dataclass":
            slow += [name] * bool(standard.search(Path(spec.origin).read_text("utf-8")))
    assert slow == [], "take `dataclass` from asrcli.core.dataclass"


# What only a proxy, an error, a single request or a version of the library between two releases needs.
NOT_FOR_A_WEBSOCKET = (
    "http.client",
    "email",
    "urllib.request",
    "importlib.metadata",
    "websockets.asyncio.client",
    "websockets.proxy",
    "asrcli.transport.proxied",
)
DIALLING = """
import sys
from asrcli.core.settings import ConnectionSettings
from asrcli.transport.websocket import dial
opened = dial(sys.argv[1], ConnectionSettings())
print(*sorted(sys.modules))
opened.close()
"""


@pytest.mark.parametrize("host", ["127.0.0.1", "service.test"])
def test_a_dial_loads_what_a_direct_connection_needs(host: str) -> None:
    """Whether the host is this machine or another one, for which a proxy is looked for."""
    if host != "127.0.0.1" and sys.platform in SYSTEM_SETTINGS:
        pytest.skip("the settings of this system may name a proxy, and are read by urllib")
    resolving = "import socket; look_up = socket.getaddrinfo\n"
    resolving += "socket.getaddrinfo = lambda host, *more, **named: look_up('127.0.0.1', *more, **named)\n"
    without_proxy = {name: value for name, value in environment().items() if not name.lower().endswith("_proxy")}
    with listening_server() as port:
        command = [sys.executable, "-c", resolving + DIALLING, f"ws://{host}:{port}"]
        done = subprocess.run(command, check=True, capture_output=True, text=True, env=without_proxy, timeout=60)
    modules = done.stdout.split()
    assert "websockets.client" in modules
    assert [name for name in NOT_FOR_A_WEBSOCKET if name in modules] == []


def test_garbage_is_collected_again_once_a_command_runs() -> None:
    """A start collects none, because what it loads stays. From the first line of a command on it is collected."""
    seen: list[bool] = []
    usual = gc.get_threshold()
    gc.disable()
    try:
        guarded(lambda: seen.append(gc.isenabled()))()
    finally:
        gc.unfreeze()
        gc.set_threshold(*usual)
        gc.enable()
    assert seen == [True]


def test_ctrl_c_finds_nothing_being_loaded_before_somebody_catches_it() -> None:
    """The way in loads the package alone; all else is loaded inside the block that makes Ctrl-C quiet."""
    new = "set(sys.modules) - before - set(sys.builtin_module_names)"
    code = f"import sys; before = set(sys.modules); import asrcli.__main__; print(*sorted({new}))"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, env=environment())
    assert done.stdout.split() == ["asrcli", "asrcli.__main__"]
