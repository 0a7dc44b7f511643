"""The command as on Windows and macOS, as far as tests/support/other_system.py can imitate them on Linux."""

import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.command import CLIP, asr, lines, started
from tests.support.other_system import simulated
from tests.support.requirements import needs_pocketsphinx

if TYPE_CHECKING:
    import subprocess

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="imitates other systems on Linux"),
    pytest.mark.slow,
]
SYSTEMS = ("win32", "darwin")
COMMANDS = (
    "--help",
    "help --man",
    "file --help --all",
    "models",
    "engines",
    "schema",
    "devices",
    "sessions",
    "config show",
    "whoami",
    "search nothing",
)
BUGS = ("Traceback", "AttributeError", "ImportError", "ModuleNotFoundError", "NotImplementedError", "internal error")
INTERNAL_ERROR = 70


@pytest.fixture(params=SYSTEMS)
def system(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[dict[str, str]]:
    """The environment of a command on that system, with a home of its own."""
    with simulated(request.param) as variables:
        state = str(tmp_path / "home")
        yield variables | {"HOME": state, "XDG_STATE_HOME": f"{state}/state", "XDG_CONFIG_HOME": f"{state}/config"}


def run(system: dict[str, str], *arguments: object) -> "subprocess.CompletedProcess[str]":
    """What came of a command; nothing of it failed for what the system does not have."""
    done = asr(*arguments, stdin=None, **system)
    check(done.stderr)
    return done


def check(stderr: str) -> None:
    """Nothing failed for what the system does not have."""
    assert [bug for bug in BUGS if bug in stderr] == [], stderr


@pytest.mark.parametrize("command", COMMANDS)
def test_commands_that_transcribe_nothing_work_everywhere(system: dict[str, str], command: str) -> None:
    """What they print may differ, and what they find; they use nothing that is not there."""
    done = run(system, *command.split())
    assert done.returncode != INTERNAL_ERROR
    assert done.stdout or done.stderr


def test_a_run_is_served_killed_and_resumed_everywhere(system: dict[str, str], tmp_path: Path) -> None:
    """Server, transcript, journal, export and removal; no open file is renamed, which Windows refuses."""
    out, part = tmp_path / "talk.jsonl", tmp_path / "talk.jsonl.part"
    assert run(system, "config", "set", "library", "on").returncode == 0
    with started("serve", "--port", 0, "--lenient", "--engine", "scripted", **system) as server:
        line = server.stderr.readline()
        assert " at ws://127.0.0.1:" in line, line + server.stderr.read()
        source = ("file", CLIP, "--url", line.split(" at ")[1].split()[0])
        with started(*source, "-o", out, "--pace", 1, **system) as killed:
            until = time.monotonic() + 60
            while not (part.exists() and '"final"' in part.read_text("utf-8")):
                assert killed.poll() is None, killed.stderr.read()
                assert time.monotonic() < until
                time.sleep(0.05)
            killed.kill()
            killed.wait()
        done = run(system, "resume", "--last", "--yes")
        assert done.returncode == 0, done.stderr
        finals = [each["sentence"] for each in lines(out.read_text("utf-8")) if each["type"] == "final"]
        assert finals == list(range(1, len(finals) + 1))
        assert len(finals) >= 4
        for _ in range(2):  # the second one replaces what the first one wrote
            done = run(system, *source, "-o", tmp_path / "again.srt", "--overwrite", "--pace", "max")
            assert done.returncode == 0, done.stderr
        server.terminate()
        check(server.communicate()[1])
    listed = json.loads(run(system, "sessions", "--json").stdout)
    assert {each["state"] for each in listed} == {"finished"}
    for _ in range(2):
        done = run(system, "sessions", "export", "last", "-f", "srt", "-o", tmp_path / "exported.srt")
        assert done.returncode == 0, done.stderr
    done = run(system, "sessions", "delete", *(each["id"] for each in listed), "--yes")
    assert done.returncode == 0, done.stderr
    assert json.loads(run(system, "sessions", "--json").stdout) == []


@needs_pocketsphinx
def test_the_recognizer_of_this_machine_works_everywhere(system: dict[str, str]) -> None:
    """Its worker process, and the loop of the server that starts it."""
    done = run(system, "file", CLIP, "--local", "--engine", "pocketsphinx")
    assert (done.returncode, "meeting" in done.stdout) == (0, True), done.stderr
