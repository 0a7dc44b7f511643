"""The command in a fork does what it does in an interpreter of its own."""

import re
import signal
import subprocess
from pathlib import Path

import pytest
from psutil import Process, wait_procs

from tests.support import warm_start
from tests.support.command import CLIP, WarmRunning, asr, environment, started
from tests.support.process_words import words_of


def told(done: "subprocess.CompletedProcess[str]") -> tuple[int, str, str]:
    """What came of a run, without the speed that an account tells."""
    return done.returncode, done.stdout, re.sub(r"[0-9.]+(?= s after|x real)", "", done.stderr)


@pytest.mark.parametrize(
    ("arguments", "stdin"),
    [
        (["schema"], None),
        (["models", "nothing"], None),
        (["file", "-"], b"no sound"),
        (["file", CLIP, "--estimate", "--format", "text", "--debug"], None),
        (["file", "no such file"], None),
        (["ws-raw", "--url", "ws://127.0.0.1:9", "-"], b"{}"),
        (["serve", "--port", "1", "--host", "256.0.0.1"], None),
    ],
)
def test_a_warm_run_is_a_cold_run(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, arguments: list[object], stdin: bytes | None
) -> None:
    """Exit code, both outputs, standard input, environment and folder."""
    monkeypatch.chdir(tmp_path)
    env = {"XDG_STATE_HOME": str(tmp_path / "state"), "DASHSCOPE_API_KEY": "sk-0123456789abcdef", "COLUMNS": "60"}
    assert warm_start.can_fork(environment(**env))
    warm = told(asr(*arguments, stdin=stdin, **env))
    monkeypatch.setenv("ASR_TESTS_COLD", "1")
    assert not warm_start.can_fork(environment(**env))
    assert told(asr(*arguments, stdin=stdin, **env)) == warm


def test_what_an_interpreter_takes_from_its_environment_gets_one() -> None:
    """And so does whatever is not known to be read late."""
    for name in ("PYTHONPATH", "PYTHONIOENCODING", "LC_ALL", "LANG", "TZ", "NO_COLOR", "FORCE_COLOR"):
        assert not warm_start.can_fork(environment(**{name: "x"})), name
    assert not warm_start.can_fork({key: value for key, value in environment().items() if key != "PATH"})
    for name in ("HTTPS_PROXY", "ASR_MODEL", "DASHSCOPE_REGION", "HOME", "PULSE_SERVER", "ALSA_CONFIG_PATH"):
        assert warm_start.can_fork(environment(**{name: "x"})), name


def test_a_run_that_does_not_end_is_killed() -> None:
    """A test fails soon, and leaves nothing behind."""
    before = forks()
    with pytest.raises(subprocess.TimeoutExpired):
        warm_start.run(["serve", "--port", "0"], environment(), None, 1.0)
    _, alive = wait_procs(forks() - before, 10)
    assert alive == []


def forks() -> set[Process]:
    """The programs that run now in forks of the warm interpreters of this process."""
    templates = [child for child in Process().children() if warm_start.__name__ in words_of(child)]
    return {fork for template in templates for fork in template.children()}


def test_a_process_that_goes_on_is_a_child_that_signals_reach() -> None:
    """As one with an interpreter of its own: its parent, its streams, its exit codes; later nothing is adopted."""
    with started("serve", "--port", 0, "--engine", "scripted") as process:
        assert isinstance(process, WarmRunning)
        assert " at ws://127.0.0.1:" in process.stderr.readline()
        assert Process(process.pid).ppid() == Process().pid
        assert Process(process.pid).children() == []
        process.send_signal(signal.SIGTERM)
        assert (process.wait(60), process.stdout.read()) == (0, "")
    with started("serve", "--port", 0, "--engine", "scripted") as process:
        process.stderr.readline()
        process.kill()
        assert process.wait(60) == -signal.SIGKILL
    with started("serve", "--port", "many") as process:
        assert process.wait(60) == 2
        assert "many" in process.stderr.read()
    left = subprocess.run(["sh", "-c", "sleep 60 >/dev/null & echo $!"], stdout=subprocess.PIPE, text=True, check=True)
    try:
        assert Process(int(left.stdout)).ppid() != Process().pid
    finally:
        Process(int(left.stdout)).kill()
