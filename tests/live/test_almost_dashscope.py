"""Servers that are almost DashScope: every word arrives, the run ends, and what is missing is marked, not invented."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from websockets.sync.server import ServerConnection

from tests.support.almost_dashscope import inference, realtime
from tests.support.command import asr, lines, started
from tests.support.other_servers import LOUD, Received, serving, spoken
from tests.support.tone import wav

REALTIME, INFERENCE = "qwen3-asr-flash-realtime", "fun-asr-realtime"
MANUAL = ["--no-vad"]
CASES = {
    "realtime": (realtime, REALTIME, [], True, None),
    "realtime, manual": (realtime, REALTIME, MANUAL, False, None),
    "realtime, manual, cut": (realtime, REALTIME, MANUAL, False, 4.5),
    "inference": (inference, INFERENCE, [], True, None),
}


@pytest.mark.parametrize(("server", "model"), [(realtime, REALTIME), (inference, INFERENCE)])
def test_a_run_that_was_killed_goes_on_without_a_sentence_that_it_has(
    tmp_path: Path, server: Callable[[ServerConnection, Received], None], model: str
) -> None:
    """Nobody knows where that sentence ended, so all of its audio is sent again, and the service says it again."""
    talk, received = wav(tmp_path / "talk.wav", spoken(0, 1, 2, 0, 3, 0, times=LOUD)), Received(None)
    with serving(server, received) as address:
        run = ["--url", address, "--model", model, "--pace", "1", "-f", "jsonl", "-o", tmp_path / "talk.jsonl"]
        with started("file", talk, *run, "--journal", tmp_path / "kept") as process:
            part = tmp_path / "talk.jsonl.part"
            while not part.exists() or "two" not in part.read_text().rpartition('"final"')[2]:
                assert process.poll() is None
                time.sleep(0.02)
            process.kill()
            process.wait()
        done = asr("resume", "--last", "--yes", "--journal", tmp_path / "kept", "--url", address)
    assert done.returncode == 0, done.stderr
    finals = [event for event in lines((tmp_path / "talk.jsonl").read_text()) if event["type"] == "final"]
    assert " ".join(event["text"] for event in finals).split() == ["one", "two", "three"]
    numbers = [event["sentence"] for event in finals]
    assert numbers == sorted(set(numbers))


@pytest.mark.parametrize(("server", "model", "options", "estimated", "cut_after_s"), CASES.values(), ids=CASES)
def test_every_word_arrives_and_missing_times_are_marked(
    tmp_path: Path,
    server: Callable[[ServerConnection, Received], None],
    model: str,
    options: list[str],
    estimated: bool,
    cut_after_s: float | None,
) -> None:
    """With silence at the beginning; commits have times of their own, so a lost connection costs nothing there."""
    talk, received = wav(tmp_path / "talk.wav", spoken(0, 1, 2, 0, 3, 0, times=LOUD)), Received(cut_after_s)
    with serving(server, received) as address:
        done = asr("file", talk, "--url", address, "--model", model, "--pace", "max", "-f", "jsonl", *options)
    assert done.returncode == 0, done.stderr
    events = lines(done.stdout)
    finals = [event for event in events if event["type"] == "final"]
    assert " ".join(event["text"] for event in finals).split() == ["one", "two", "three"]
    assert (events[-1]["type"], events[-1]["lost_ms"], received.connections) == ("end", 0, 1 + bool(cut_after_s))
    assert {event.get("estimated", False) for event in finals} == {estimated}
    assert ("left out when a sentence was spoken" in done.stderr) is estimated
    assert all(0 <= event["begin_ms"] <= event["end_ms"] <= 6000 for event in finals)
