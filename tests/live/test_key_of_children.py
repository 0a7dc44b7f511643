"""The key of the service stays with the program: no program that it starts finds it in its environment."""

import ast
import json
import sys
from pathlib import Path

import psutil
import pytest

import asrcli
from asrcli.core.settings import KEY_VARIABLE
from tests.support.command import started
from tests.support.requirements import needs_pocketsphinx
from tests.support.wire import run_task, wait_until, wire

CANARY = "sk-canary7f3e9d2c1b"
STARTS = {
    "Popen",
    "run",
    "create_subprocess_exec",
    "create_subprocess_shell",
    "call",
    "check_output",
    "system",
    "popen",
}
ROOT = Path(asrcli.__file__).parent


def starts_in(path: Path) -> list[ast.Call]:
    """Where a file starts a program."""
    calls = [node for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Call)]
    return [
        call
        for call in calls
        if isinstance(call.func, ast.Attribute)
        and call.func.attr in STARTS
        and ast.unparse(call.func.value) in {"subprocess", "asyncio", "asyncio.subprocess", "os"}
        and ast.unparse(call.func) != "asyncio.run"
    ]


def test_each_program_is_started_without_the_key() -> None:
    """Also those that run only with a microphone, a keyring or an editor."""
    found = 0
    for path in sorted(ROOT.rglob("*.py")):
        for call in starts_in(path):
            found += 1
            given = next((ast.unparse(each.value) for each in call.keywords if each.arg == "env"), "")
            assert given == "environment" or given.startswith("without_key(os.environ)"), f"{path}:{call.lineno}"
    assert found >= 9


@needs_pocketsphinx
@pytest.mark.skipif(sys.platform == "win32", reason="a connection cannot be handed over there")
def test_no_process_of_a_server_has_it(tmp_path: Path) -> None:
    """Neither those of recognizers nor those of keys, nor a command line."""
    keys = tmp_path / "keys"
    keys.write_text(f"paying {CANARY}2 reserved=1\n")
    keys.chmod(0o600)
    options = ("--port", 0, "--lenient", "--engine", "pocketsphinx", "--keys", keys)
    with started("serve", *options, **{KEY_VARIABLE: CANARY}) as process:
        address = process.stderr.readline().split(" at ")[1].split()[0]
        server = psutil.Process(process.pid)
        wait_until(lambda: len(server.children(recursive=True)) >= 3, 60)
        with wire(address, Authorization=f"Bearer {CANARY}2") as client:
            client.say(run_task())
            client.handle("task-started")
            children = server.children(recursive=True)
            kinds = {word for child in children for word in child.cmdline() if word.startswith("asrcli.")}
            assert {"asrcli.recognizers.worker", "asrcli.server.key_processes.child"} <= kinds
            for child in children:
                assert CANARY not in json.dumps([child.environ(), child.cmdline()])
