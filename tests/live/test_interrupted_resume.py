"""`asr resume` loses nothing: neither where it is itself interrupted, nor of a session that the library has in part."""

import json
import signal
import socket
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from asrcli.core.events import Final
from tests.support.command import asr, lines, started
from tests.support.journals import began, session, spoken
from tests.support.tone import tone, wav

pytestmark = pytest.mark.timeout(180)


def state(folder: Path) -> str:
    """What the list says about the only session."""
    (listed,) = json.loads(asr("sessions", "--json", "--journal", folder).stdout)
    return str(listed["state"])


def finals(path: Path) -> list[tuple[int, int]]:
    """The times of all sentences of a session, in order."""
    events = lines((path / "events.jsonl").read_text())
    return [(event["begin_ms"], event["end_ms"]) for event in events if event["type"] == "final"]


def test_ctrl_c_while_the_service_is_called_leaves_all_of_it(scripted: str, tmp_path: Path) -> None:
    """Nothing was sent, so nothing has become silence."""
    path = session(tmp_path, spoken(0, 3000))
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"ws://127.0.0.1:{silent.getsockname()[1]}"
        with started("resume", path.name, "--url", url, "--journal", tmp_path) as process:
            called, _ = silent.accept()
            process.send_signal(signal.SIGINT)
            _, status = process.communicate(timeout=60)
            called.close()
    assert process.returncode == 130
    assert f"asr: 3.0 s have no text yet and are kept: asr resume {path.name} --journal {tmp_path}" in status
    assert state(tmp_path) == "interrupted"
    assert asr("resume", path.name, "--url", scripted, "--journal", tmp_path).returncode == 0
    assert finals(path) == [(0, 1000), (1000, 2000), (2000, 3000)]
    assert state(tmp_path) == "finished"


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_what_an_interrupted_resume_has_not_sent_is_left_to_the_next(
    scripted: str, tmp_path: Path, stop: signal.Signals
) -> None:
    """All of the audio has its text once, in the end. Each of the three signals has the documented exit code."""
    path = session(tmp_path, spoken(0, 60_000))
    with started("resume", path.name, "--url", scripted, "--journal", tmp_path) as process:
        process.read_until("sentence 1")
        process.send_signal(stop)
        process.communicate(timeout=60)
    assert process.returncode == 130
    first = finals(path)
    assert 0 < len(first) < 60
    assert state(tmp_path) == "interrupted"
    assert asr("resume", path.name, "--url", scripted, "--journal", tmp_path).returncode == 0
    found = finals(path)
    assert found[: len(first)] == first
    assert (found[0][0], found[-1][1]) == (0, 60_000)
    assert all(later[0] - earlier[1] <= 0 for earlier, later in pairwise(found))
    assert state(tmp_path) == "finished"


def test_a_sentence_without_an_end_is_not_written_again(scripted: str, tmp_path: Path) -> None:
    """Nobody knows where it ended, so its audio is sent again; the killed run has written its text."""
    said = Final("1", 0, 1000, "sentence 1", sure_ms=0)
    path = session(tmp_path, spoken(0, 3000), [began(), said])
    assert asr("resume", path.name, "--url", scripted, "--journal", tmp_path).returncode == 0
    events = lines((path / "events.jsonl").read_text())
    assert [event["text"] for event in events if event["type"] == "final"] == [
        "sentence 1",
        "sentence 2",
        "sentence 3",
    ]


def test_what_a_budget_did_not_pay_for_is_left_to_a_higher_one(scripted: str, tmp_path: Path) -> None:
    """The run ends in order; the session does not."""
    path = session(tmp_path, spoken(0, 20_000))
    command = ("resume", path.name, "--url", scripted, "--region", "cn-beijing", "--journal", tmp_path, "--budget")
    poor = asr(*command, 0.002)
    assert poor.returncode == 7
    first = finals(path)
    assert 0 < len(first) < 20
    assert state(tmp_path) == "interrupted"
    assert asr(*command, 1).returncode == 0
    assert (finals(path)[: len(first)], finals(path)[-1][1]) == (first, 20_000)
    assert state(tmp_path) == "finished"


@pytest.mark.parametrize("library", [[], ["--no-library"]])
def test_a_session_that_is_kept_before_it_is_complete_loses_nothing(
    scripted: str, tmp_path: Path, library: list[str]
) -> None:
    """Its run has to end first. What asr resume transcribes later is kept too, unless it is told not to."""
    env: dict[str, Any] = {"XDG_STATE_HOME": str(tmp_path / "state"), "XDG_CONFIG_HOME": str(tmp_path / "c")}
    sound, out = wav(tmp_path / "a.wav", tone(12_000)), tmp_path / "out.jsonl"
    with started("file", sound, "--url", scripted, "--pace", "2", "-o", out, **env) as process:
        while not any('"final"' in path.read_text() for path in tmp_path.glob("state/asrcli/sessions/*/events.jsonl")):
            assert process.poll() is None
        process.send_signal(signal.SIGSTOP)  # it holds its session, and cannot end before it is looked at
        refused = asr("sessions", "keep", "last", **env)
        process.kill()
        process.wait()
    assert (refused.returncode, "is in use; wait until that run has ended" in refused.stderr) == (2, True)
    assert asr("sessions", "keep", "last", **env).returncode == 0
    (part,) = json.loads(asr("sessions", "--json", **env).stdout)
    resumed = asr("resume", "--yes", *library, **env)
    assert resumed.returncode == 0, resumed.stderr
    (whole,) = json.loads(asr("sessions", "--json", **env).stdout)
    said = [event for event in lines(out.read_text()) if event["type"] == "final"]
    wanted = len(said)
    if library:
        wanted = part["sentences"]
    assert (whole["id"], whole["kept"], whole["sentences"]) == (part["id"], True, wanted)
    assert part["sentences"] < len(said)
