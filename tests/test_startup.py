"""What a command loads before it has something to do."""

import subprocess
import sys

import pytest

from tests.support.command import environment

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


def test_ctrl_c_finds_nothing_being_loaded_before_somebody_catches_it() -> None:
    """The way in loads the package alone; all else is loaded inside the block that makes Ctrl-C quiet."""
    code = "import sys; before = set(sys.modules); import asrcli.__main__; print(*sorted(set(sys.modules) - before))"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, env=environment())
    assert done.stdout.split() == ["asrcli", "asrcli.__main__"]
