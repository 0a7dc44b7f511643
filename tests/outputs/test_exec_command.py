"""`--exec`: each sentence gets its command, whatever happened to the commands before it."""

import os
import shlex
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from asrcli.core.errors import CommandNotRun
from asrcli.core.events import Final
from asrcli.core.transcript import Transcript, fold
from asrcli.outputs import exec_command
from asrcli.outputs.exec_command import ExecCommand, own_group
from tests.support.microphone import until


def run(command: str, *texts: str, translation: str = "") -> list[str]:
    """What is reported while the command runs for these sentences."""
    told: list[str] = []
    output, transcript = ExecCommand(command, told.append, "--exec"), Transcript()
    for number, text in enumerate(texts):
        event = Final(str(number), 0, 1, text, translation=translation if number == 0 else "")
        transcript = fold(transcript, event)
        output.handle(event, transcript)
    try:
        output.close()
    except CommandNotRun as exc:
        told.append(str(exc))
    return told


@pytest.mark.parametrize("error", [OSError(11, "Resource temporarily unavailable"), ValueError("embedded null byte")])
def test_a_command_that_cannot_be_started_costs_no_later_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    """It is reported once, counted, and the next sentence has its command."""
    whole, failures = subprocess.Popen, [error, error]

    def fails(*args: Any, **more: Any) -> Any:
        if failures:
            raise failures.pop()
        return whole(*args, **more)

    monkeypatch.setattr(subprocess, "Popen", fails)
    told = run(f"cat >> {tmp_path / 'a'}", "one", "two", "three", "four")
    assert (tmp_path / "a").read_text() == "three\nfour\n"
    assert "could not be" in told[0]
    assert told[1:] == ["--exec: 2 sentences did not get the command: see the warning above"]


@pytest.mark.skipif(sys.platform == "win32", reason="a shell of POSIX")
@pytest.mark.parametrize(
    ("command", "told"),
    [
        (
            "no-such-program-here",
            [
                "exit code 127: a program in it was not found",
                "2 sentences did not get the command: see the warning above",
            ],
        ),
        (
            "/",
            [
                "exit code 126: a program in it cannot be executed",
                "2 sentences did not get the command: see the warning above",
            ],
        ),
        ("exit 3", ["exit code 3", "the command failed for 2 of 2 sentences"]),
        ("kill -9 $$", ["the command was ended by signal 9", "the command failed for 2 of 2 sentences"]),
        ('[ "$ASR_SENTENCE" = 1 ]', ["exit code 1", "the command failed for 1 of 2 sentences"]),
        ("true", []),
    ],
)
def test_the_first_failure_is_told_and_what_was_not_run_is_an_error(command: str, told: list[str]) -> None:
    """A command that answers with an error has had its sentence; one that is not there has not."""
    lines = run(f"{command} 2> /dev/null", "one", "two")
    assert len(lines) == len(told)
    assert all(line.endswith(part) for part, line in zip(told, lines, strict=True))


@pytest.mark.skipif(sys.platform == "win32", reason="a shell of POSIX")
@pytest.mark.parametrize("command", ["echo one; sleep 600", "trap '' TERM; echo one; while :; do sleep 600; done"])
def test_a_command_that_never_ends_is_stopped_with_all_that_it_started(
    monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    """Who reads our standard error sees its end, and is told how many sentences had no command."""
    monkeypatch.setattr(exec_command, "CLOSE_TIMEOUT_S", 0.0)
    monkeypatch.setattr(exec_command, "STOP_TIMEOUT_S", 0.2)
    reader, writer = os.pipe()
    with os.fdopen(reader, "rb", 0) as reading, os.fdopen(writer, "wb", 0) as stderr:
        monkeypatch.setattr(sys, "stderr", stderr)
        told: list[str] = []
        output, transcript = ExecCommand(command, told.append, "--exec"), Transcript()
        for number in range(3):
            transcript = fold(transcript, event := Final(str(number), 0, 1, "text"))
            output.handle(event, transcript)
        assert reading.read(4) == b"one\n"  # the first command runs
        with pytest.raises(CommandNotRun, match="3 sentences did not get the command: see the warning above"):
            output.close()
        stderr.close()
        assert reading.read() == b""  # nothing else has the pipe open
    stopped = "stopped the command, which had not ended 0 s after the last sentence"
    assert told == [f"{stopped}; 2 later sentences did not get the command"]


@pytest.mark.skipif(sys.platform == "win32", reason="a shell of POSIX, and its timers")
def test_a_wait_that_is_interrupted_leaves_no_command(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also with versions of Python that take an interrupted thread for ended. The time that is named is true."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    earlier = signal.signal(signal.SIGALRM, interrupt)
    reader, writer = os.pipe()
    with os.fdopen(reader, "rb", 0) as reading, os.fdopen(writer, "wb", 0) as stderr:
        monkeypatch.setattr(sys, "stderr", stderr)
        told: list[str] = []
        output = ExecCommand("echo one; sleep 30", told.append, "--exec")
        event = Final("0", 0, 1, "text")
        output.handle(event, fold(Transcript(), event))
        assert reading.read(4) == b"one\n"  # the command runs
        try:
            signal.setitimer(signal.ITIMER_REAL, 0.1)
            with pytest.raises(KeyboardInterrupt):
                output.close()
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, earlier)
        stderr.close()
        assert reading.read() == b""  # nothing else has the pipe open
    assert told == ["stopped the command, which had not ended 0 s after the last sentence"]


@pytest.mark.skipif(sys.platform == "win32", reason="a shell of POSIX")
def test_a_run_in_a_hurry_waits_no_longer_than_it_may(tmp_path: Path) -> None:
    """After SIGTERM the sender of the signal may kill the program soon."""
    os.mkfifo(tmp_path / "begun")
    asked: list[float] = []
    told: list[str] = []

    def no_time(most_s: float) -> float:
        asked.append(most_s)
        return 0.0

    output = ExecCommand(f"echo > {tmp_path / 'begun'}; sleep 30", told.append, "--exec", no_time)
    event = Final("0", 0, 1, "text")
    output.handle(event, fold(Transcript(), event))
    (tmp_path / "begun").read_text()
    with pytest.raises(CommandNotRun, match="1 sentence did not get the command"):
        output.close()
    assert asked == [exec_command.CLOSE_TIMEOUT_S]
    assert told == ["stopped the command, which had not ended 0 s after the last sentence"]


@pytest.mark.parametrize("sentences", [0, 1])
def test_commands_that_have_ended_are_not_taken_for_one_that_is_stopped(tmp_path: Path, sentences: int) -> None:
    """Nothing is left to be waited for, but the thread that ran them has not yet noticed it."""
    told: list[str] = []
    output = ExecCommand(f"echo > {tmp_path / 'ended'}", told.append, "--exec", lambda _: 0.0)
    if sentences:
        event = Final("0", 0, 1, "text")
        output.handle(event, fold(Transcript(), event))
        until("the end of the command", lambda: output._process is not None and output._process.returncode is not None)
    output.close()
    assert told == []


def test_a_command_has_a_process_group_of_its_own(tmp_path: Path) -> None:
    """Ctrl-C at a terminal goes to our group, and does not cost the sentence its command."""
    told = "import os; print(os.getpgrp())"
    run(f'echo $$ $({shlex.quote(sys.executable)} -c "{told}") > {tmp_path / "a"}', "one")
    process, group = (tmp_path / "a").read_text().split()
    assert process == group


@pytest.mark.skipif(sys.platform != "linux", reason="the limit of Linux")
def test_a_translation_that_no_environment_can_hold_costs_no_later_one(tmp_path: Path) -> None:
    """The system refuses to start such a command."""
    told = run(f"cat >> {tmp_path / 'a'}", "one", "two", translation="x" * 200_000)
    assert (tmp_path / "a").read_text() == "two\n"
    assert told == [
        "the command could not be started: argument list too long",
        "--exec: 1 sentence did not get the command: see the warning above",
    ]


def test_a_closed_standard_error_costs_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the command prints has nowhere to go then."""
    with (tmp_path / "closed").open("w") as file:
        pass
    monkeypatch.setattr(sys, "stderr", file)
    assert run(f"cat >> {tmp_path / 'a'}; echo hello", "one", "two") == []
    assert (tmp_path / "a").read_text() == "one\ntwo\n"


def test_ctrl_c_ends_the_input_and_not_the_command() -> None:
    """The command of the last sentence is in a group of its own, on each system in its way."""
    assert own_group("win32") == {"creationflags": 0x200}
    assert own_group("linux") == own_group("darwin") == {"process_group": 0}
