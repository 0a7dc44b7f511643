"""Servers that are almost DashScope: every word arrives, the run ends, and what is missing is marked, not invented."""

from collections.abc import Callable
from pathlib import Path

import pytest
from websockets.sync.server import ServerConnection

from tests.support.almost_dashscope import inference, realtime
from tests.support.command import asr, lines
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
