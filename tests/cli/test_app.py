"""The table of commands: every way of writing a command reaches it, and only the module of that command is loaded."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from asrcli.cli.app import COMMANDS, INTERRUPTED, guarded
from asrcli.dashscope.catalogue import MODELS
from tests.support.command import ASR, CLIP, asr, environment

SPELLINGS = [
    ["models"],
    ["--", "models"],
    ["models", "--"],
    ["--", "models", "--"],
]


@pytest.mark.parametrize("arguments", SPELLINGS, ids=" ".join)
def test_a_command_runs_however_it_is_written(arguments: list[str]) -> None:
    """`--` ends the options of the program, or those of the command."""
    done = asr(*arguments)
    assert (done.returncode, done.stderr) == (0, "")
    assert [line.split("\t")[0] for line in done.stdout.splitlines()] == list(MODELS)


@pytest.mark.parametrize(
    "arguments", [["ws-raw", "-h"], ["--", "ws-raw", "--help"], ["ws-raw", "--help", "talk.wav"]], ids=" ".join
)
def test_the_help_of_a_command_is_its_own_however_it_is_written(arguments: list[str]) -> None:
    """It is not the help of the program, and not a summary alone."""
    done = asr(*arguments)
    assert (done.returncode, done.stderr) == (0, "")
    assert " ws-raw [OPTIONS]" in done.stdout
    assert "--show-sent" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["--"], "Missing command"),
        (["--", "fiel"], "No such command 'fiel'; did you mean asr file?"),
        (["ws_raw"], "No such command 'ws_raw'; did you mean asr ws-raw?"),
        (["MODELS"], "No such command 'MODELS'"),
        ([""], "No such command ''"),
        (["--", "models", "--nonsense"], "models --help"),
    ],
)
def test_an_unknown_command_is_refused(arguments: list[str], problem: str) -> None:
    """One line and exit code 2."""
    done = asr(*arguments)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1), done.stderr
    assert problem in done.stderr


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["models"], ["--", "models"]], ids=" ".join)
def test_only_the_module_of_the_command_that_runs_is_loaded(arguments: list[str]) -> None:
    """The list of commands loads none of them."""
    program = (
        "import atexit, sys; from asrcli.cli.app import main; "
        "atexit.register(lambda: print(*sys.modules, file=sys.stderr)); main()"
    )
    command = [sys.executable, "-c", program, *arguments]
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=environment(), timeout=60)
    modules = done.stderr.split()
    loaded = {name for name in COMMANDS if f"asrcli.cli.commands.{name.replace('-', '_')}" in modules}
    assert loaded == {word for word in arguments if word in COMMANDS}


@pytest.mark.parametrize("words", [["--version"], ["-V"]])
def test_the_version_is_one_line(words: list[str]) -> None:
    """Its short form too."""
    assert re.fullmatch(r"asr \S+\n", asr(*words).stdout)


def test_the_detailed_version_says_what_a_report_needs(tmp_path: Path) -> None:
    """In either order; no path of the user and no key is in it. Alone, --verbose says where it belongs."""
    settings: dict[str, Any] = {"DASHSCOPE_API_KEY": "sk-0123456789abcdef0123", "HOME": str(tmp_path)}
    done = asr("-V", "-v", **settings)
    for name in ("asr", "Python", "system", "FFmpeg", "libavcodec", "libraries", "websockets", "back ends", "engines"):
        assert re.search(rf"\b{name} \S", done.stdout), name
    assert (done.returncode, "sk-" in done.stdout, str(tmp_path) in done.stdout) == (0, False, False)
    assert asr("--verbose", "--version", **settings).stdout == done.stdout
    misplaced = asr("-v", "devices")
    assert (misplaced.returncode, "write it after the command" in misplaced.stderr) == (2, True)


def test_one_letter_stands_for_the_model_and_the_language() -> None:
    """Both reach the check of the model."""
    done = asr("file", "none.wav", "-m", "gummy-realtime-v1", "-l", "tlh", "--url", "ws://127.0.0.1:1")
    assert done.returncode == 2
    assert "gummy-realtime-v1" in done.stderr
    assert "tlh" in done.stderr


@pytest.mark.parametrize("unwritable", ["closed pipe", "full disk"])
@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["file", "not-there.wav"], 3),
        (["file", "not-there.wav", "--debug"], 3),
        (["fiel"], 2),
        (["file", str(CLIP), "--local", "--engine", "counting", "--end", "1"], 0),
    ],
    ids=["missing file", "missing file, debug", "no command", "done"],
)
def test_the_exit_code_is_the_same_where_nobody_reads_the_messages(
    arguments: list[str], code: int, unwritable: str
) -> None:
    """Python 3.14 ends with 120 where it cannot write at exit what standard error did not take."""
    if unwritable == "full disk":
        stderr = os.open("/dev/full", os.O_WRONLY)
    else:
        reader, stderr = os.pipe()
        os.close(reader)
    done = subprocess.run(
        [*ASR, *arguments], stdout=subprocess.DEVNULL, stderr=stderr, env=environment(), check=False, timeout=150
    )
    os.close(stderr)
    assert done.returncode == code


class Interrupting:
    """An attribute in whose class Ctrl-C comes, while that is made."""

    def __set_name__(self, owner: type, name: str) -> None:
        """The signal."""
        raise KeyboardInterrupt


def test_ctrl_c_while_a_class_is_made_is_no_error(capsys: pytest.CaptureFixture[str]) -> None:
    """Python 3.11 makes a RuntimeError of it, which was reported as a fault of the program."""

    def command() -> None:
        type("Made", (), {"attribute": Interrupting()})

    with pytest.raises(SystemExit) as ended:
        guarded(command)()
    assert (ended.value.code, capsys.readouterr().err) == (INTERRUPTED, "")
