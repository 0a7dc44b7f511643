"""`--exec`: each sentence gets its command, whatever happened to the commands before it."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from asrcli.core.events import Final
from asrcli.core.transcript import Transcript, fold
from asrcli.outputs.exec_command import ExecCommand


def run(command: str, *texts: str, translation: str = "") -> list[str]:
    """What is reported while the command runs for these sentences."""
    told: list[str] = []
    output, transcript = ExecCommand(command, told.append), Transcript()
    for number, text in enumerate(texts):
        event = Final(str(number), 0, 1, text, translation=translation if number == 0 else "")
        transcript = fold(transcript, event)
        output.handle(event, transcript)
    output.close()
    return told


@pytest.mark.parametrize("error", [OSError(11, "Resource temporarily unavailable"), ValueError("embedded null byte")])
def test_a_command_that_cannot_be_started_costs_no_later_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    """It is reported once, counted, and the next sentence has its command."""
    whole, failures = subprocess.run, [error, error]

    def fails(*args: Any, **more: Any) -> Any:
        if failures:
            raise failures.pop()
        return whole(*args, **more)

    monkeypatch.setattr(subprocess, "run", fails)
    told = run(f"cat >> {tmp_path / 'a'}", "one", "two", "three", "four")
    assert (tmp_path / "a").read_text() == "three\nfour\n"
    assert len(told) == 2
    assert "could not be" in told[0]
    assert told[1] == "the command failed 2 times"


@pytest.mark.skipif(sys.platform != "linux", reason="the limit of Linux")
def test_a_translation_that_no_environment_can_hold_costs_no_later_one(tmp_path: Path) -> None:
    """The system refuses to start such a command."""
    told = run(f"cat >> {tmp_path / 'a'}", "one", "two", translation="x" * 200_000)
    assert (tmp_path / "a").read_text() == "two\n"
    assert told == ["the command could not be started: argument list too long"]


def test_a_closed_standard_error_costs_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the command prints has nowhere to go then."""
    with (tmp_path / "closed").open("w") as file:
        pass
    monkeypatch.setattr(sys, "stderr", file)
    assert run(f"cat >> {tmp_path / 'a'}; echo hello", "one", "two") == []
    assert (tmp_path / "a").read_text() == "one\ntwo\n"
