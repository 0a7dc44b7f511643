"""The command of `asr serve COMMAND`: what it finds in its environment, and how it and the server end together."""

import asyncio
import os
import shlex
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from asrcli.cli.builders.serving.served_program import port
from asrcli.core.errors import UsageError
from asrcli.core.settings import KEY_VARIABLE
from asrcli.server import process_tree, served_command
from asrcli.server.process_tree import ListedProcess, ProcessTree, listed_processes
from asrcli.server.served_command import NO_KEY, command_environment, program, run_command
from tests.support.command import ASR, CLIP, Running, asr, environment
from tests.support.terminal import CTRL_C, Terminal

ADDRESS = "ws://127.0.0.1:8090"
SERVE = ("serve", "--engine", "scripted")


def test_the_official_sdk_finds_the_server_and_no_key_of_the_user() -> None:
    """Its variables have the forms that it reads; with keys the command gets the file, or brings its own."""
    user = {"PATH": "/bin", KEY_VARIABLE: "sk-of-the-user"}
    found = command_environment(user, ADDRESS, None, has_keys=False)
    assert found["DASHSCOPE_WEBSOCKET_BASE_URL"] == f"{ADDRESS}/api-ws/v1/inference"
    assert found["DASHSCOPE_HTTP_BASE_URL"] == "http://127.0.0.1:8090/api/v1"
    assert (found["ASR_SERVE_URL"], found[KEY_VARIABLE], found["PATH"]) == (ADDRESS, NO_KEY, "/bin")
    tls = command_environment(user, "wss://localhost:1", Path("/k"), has_keys=False)
    assert tls["DASHSCOPE_HTTP_BASE_URL"] == "https://localhost:1/api/v1"
    assert (tls["DASHSCOPE_API_KEY_FILE_PATH"], KEY_VARIABLE in tls) == ("/k", False)
    assert KEY_VARIABLE not in command_environment(user, ADDRESS, None, has_keys=True)


def test_a_script_of_windows_is_started_by_its_whole_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Windows itself finds only names that end in .exe, and `npm` is npm.cmd. Other systems find what is meant."""
    script = tmp_path / "npm"
    script.write_text("")
    script.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert program("npm", "win32") == str(script)
    assert program("npm", "linux") == "npm"
    assert program("missing", "win32") == "missing"


def test_a_client_of_the_service_runs_against_the_server() -> None:
    """Without an option; what stands after the name of the program belongs to it, and a free port is taken."""
    done = asr(*SERVE, "--quiet", *ASR, "file", CLIP, "--pace", "max", "--quiet", "--end", "1")
    assert (done.returncode, done.stdout) == (0, "sentence 1\n")
    assert ":8090" not in done.stderr


@pytest.mark.parametrize(
    ("ending", "code"),
    [
        *((f"sys.exit({code})", code) for code in (1, 2, 7, 255)),
        ("raise KeyError", 1),
        ("os.kill(os.getpid(), 9)", 137),
    ],
)
def test_the_exit_code_is_that_of_the_command(ending: str, code: int) -> None:
    """A job of CI fails where its tests fail."""
    assert asr(*SERVE, "--", sys.executable, "-c", f"import os, sys; {ending}").returncode == code


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_command_and_the_server(number: signal.Signals) -> None:
    """The command gets SIGTERM, because only Ctrl-C in a terminal reaches both; CI sends SIGINT without one."""
    waits = "import signal; print('ready', flush=True); signal.pause()"
    command = [*ASR, *SERVE, "--quiet", "--", sys.executable, "-c", waits]
    pipe = subprocess.PIPE
    with Running(command, stdout=pipe, stderr=pipe, text=True, env=environment(), start_new_session=True) as running:
        running.read_until("ready")
        running.send_signal(number)
        assert running.wait() == 128 + signal.SIGTERM


# Each of these leaves its children when it gets a signal itself.
NESTS = {
    "shell": "{program} & {program} & {program}; true",
    "trap": "trap : TERM; {program} & {program} & {program}; true",
    "sessions": "setsid -w {program} & setsid -w {program} & {program}; true",
    "timeout": "timeout 600 {program} & timeout --foreground 600 {program} & env timeout 600 {program}; true",
}


@pytest.mark.skipif(sys.platform == "win32", reason="there is no tree of processes")
@pytest.mark.parametrize("nest", NESTS)
@pytest.mark.parametrize("deaf", [False, True])
def test_what_the_command_has_started_ends_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, nest: str, deaf: bool
) -> None:
    """Whatever runs it, and also what ignores the signal; no process of it is there when the server has ended."""
    told = tmp_path / "told"
    os.mkfifo(told)
    ignores = "signal.signal(signal.SIGTERM, signal.SIG_IGN);" * deaf
    waits = f"import os, signal; {ignores} open({str(told)!r}, 'w').write(f'{{os.getpid()}}\\n'); signal.pause()"
    program = shlex.join([sys.executable, "-c", waits])
    monkeypatch.setattr(served_command, "KILL_AFTER_S", 0.5 if deaf else 60.0)

    def process_ids() -> list[int]:
        with os.fdopen(os.open(told, os.O_RDWR), "rb") as pipe:  # with two ends, so it does not end between two of them
            return [int(pipe.readline()) for _ in range(3)]

    async def run() -> list[int]:
        stopped = asyncio.Event()
        shell = ["sh", "-c", NESTS[nest].format(program=program)]
        running = asyncio.ensure_future(run_command(shell, os.environ, stopped))
        found = await asyncio.to_thread(process_ids)
        stopped.set()
        await running
        return found

    for process in asyncio.run(run()):
        assert process not in listed_processes()


@pytest.mark.skipif(shutil.which("ps") is None, reason="ps is not installed")
def test_processes_are_found_without_a_file_system_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there is no /proc, ps lists them; without both there is no tree, and nothing is sent to others."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        known = listed_processes()
        monkeypatch.setattr(process_tree, "_PROCESSES", Path("/nowhere"))
        listed = listed_processes()
        assert listed[process.pid].parent == known[process.pid].parent == os.getpid()
        tree = ProcessTree(os.getpid())
        assert {os.getpid(), process.pid} <= tree.alive()
        monkeypatch.setattr(process_tree, "_LISTED", ("/nowhere/ps",))
        tree = ProcessTree(os.getpid())
        assert tree.alive() == set()
        assert not tree.signal(signal.SIGKILL)
        process.communicate(b"\n")


def test_a_number_that_another_process_has_got_is_not_of_the_tree(monkeypatch: pytest.MonkeyPatch) -> None:
    """The system gives numbers again: a signal after ten seconds must not reach a stranger, nor what it has started."""
    running = {5: ListedProcess(1, "a"), 6: ListedProcess(5, "b"), 7: ListedProcess(6, "c")}
    monkeypatch.setattr(process_tree, "listed_processes", lambda: running)
    tree = ProcessTree(5)
    assert tree.alive() == {5, 6, 7}
    del running[5]
    running[6] = ListedProcess(1, "b")  # the system has adopted it
    running[8] = ListedProcess(6, "d")
    assert tree.alive() == {6, 7, 8}
    running |= {7: ListedProcess(1, "later"), 9: ListedProcess(7, "later"), 5: ListedProcess(1, "later")}
    assert tree.alive() == {6, 8}
    running.clear()
    assert tree.alive() == set()


def test_ctrl_c_in_a_terminal_is_left_to_the_command() -> None:
    """It reaches both; a command that ends its work in order, as tests do, gets no second signal."""
    works = """
import signal
try:
    print("ready", flush=True)
    signal.pause()
except KeyboardInterrupt:
    raise SystemExit(5)
"""
    with Terminal([*ASR, *SERVE, "--quiet", "--", sys.executable, "-c", works]) as terminal:
        terminal.wait_for("ready")
        terminal.send(CTRL_C)
        assert terminal.finish() == 5


def test_a_command_that_is_left_is_killed(tmp_path: Path) -> None:
    """A second Ctrl-C waits for nothing."""
    told = tmp_path / "told"
    os.mkfifo(told)

    def process_id() -> int:
        with told.open() as pipe:
            return int(pipe.readline())

    async def leave() -> int:
        waits = f"import os, signal; print(os.getpid(), file=open({str(told)!r}, 'w'), flush=True); signal.pause()"
        running = asyncio.ensure_future(run_command([sys.executable, "-c", waits], os.environ, asyncio.Event()))
        found = await asyncio.to_thread(process_id)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        return found

    found = asyncio.run(leave())
    with pytest.raises(ProcessLookupError):
        os.kill(found, 0)


@pytest.mark.parametrize(
    ("name", "hint"), [("talk.wav", "asr file transcribes recordings"), ("pytst", "name a program")]
)
def test_a_program_that_is_not_there_is_reported_before_the_server_starts(name: str, hint: str) -> None:
    """One line, and what was meant."""
    done = asr(*SERVE, name, "--quiet")
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert f"there is no program {name}; {hint}" in done.stderr


def test_a_program_that_cannot_be_started_is_an_error_of_the_command_line(tmp_path: Path) -> None:
    """It may be a text without a first line that says what runs it."""
    (tmp_path / "broken").write_text("#!/nowhere/python\n")
    (tmp_path / "broken").chmod(0o755)
    with pytest.raises(UsageError, match="broken cannot be started: no such file"):
        asyncio.run(run_command([str(tmp_path / "broken")], os.environ, asyncio.Event()))


def test_without_a_command_the_server_is_where_it_was() -> None:
    """Clients have its port in their settings; tests run side by side, unless they name one."""
    assert (port(None, None), port(None, ["pytest"]), port(9000, ["pytest"])) == (8090, 0, 9000)
