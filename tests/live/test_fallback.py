"""--fallback local against a service that goes away: provisional text, then the service's, or a gap with local text."""

import json
from itertools import pairwise
from pathlib import Path

import pytest

from tests.support.command import CLIP, asr, lines, script, serving, started

TWENTY_MINUTES = "waiting here for more than twenty minutes"
FALLBACK = ("--fallback", "local", "--language", "en", "--retry-wait", "0.2", "--end", 9)


@pytest.fixture
def script_file(tmp_path: Path) -> Path:
    """A sentence for each of the first two in the clip; the texts are the service's own."""
    return script(tmp_path / "script.jsonl", (300, 3600, "cloud 0"), (4900, 8300, "cloud 1"))


def test_finals_of_the_service_replace_the_provisional_text(script_file: Path) -> None:
    """Every sentence is the service's and comes once; what this machine heard is marked, and is withdrawn."""
    options = ("--engine", "scripted", "--script", script_file)
    with serving(*options) as (address, server):
        client = started("file", CLIP, "--url", address, "-f", "jsonl", "--pace", 4, *FALLBACK)
        with client:
            heard = client.read_until('"final"')
            server.kill()
            heard += client.read_until(TWENTY_MINUTES)
            with started("serve", *options, "--port", address.rpartition(":")[2]):
                rest, status = client.communicate(timeout=60)
    assert client.returncode == 0, status
    events = lines(heard + rest)
    finals = [event for event in events if event["type"] == "final"]
    assert all(event["text"].startswith("cloud") for event in finals)
    assert all(before["end_ms"] <= after["begin_ms"] for before, after in pairwise(finals))
    assert finals[-1]["end_ms"] > 8000
    local = [event for event in events if event["type"] == "provisional"]
    assert all(event["provisional"] is True for event in local)
    assert local[-1]["text"] == ""
    assert (events[-1]["lost_ms"], events[-1]["local_ms"]) == (0, 0)


def test_a_service_that_never_comes_back_leaves_local_text_in_the_gap(tmp_path: Path, script_file: Path) -> None:
    """Exit 6: the file was heard to its end. No output takes the local text for a sentence."""
    faults = tmp_path / "faults.jsonl"
    refusals = [{"connection": number, "do": "refuse", "status": 503} for number in range(2, 50)]
    schedule = [{"connection": 1, "after_bytes": 140000, "do": "cut"}, *refusals]
    faults.write_text("".join(f"{json.dumps(fault)}\n" for fault in schedule))
    outputs = ("-f", "jsonl", "-f", "text", "-f", "srt", "-o", tmp_path / "talk")
    with serving("--engine", "scripted", "--script", script_file, "--faults", faults) as (address, _):
        done = asr("file", CLIP, "--url", address, "--pace", 8, "--retry-for", "0.5", *outputs, *FALLBACK)
    events = lines((tmp_path / "talk.jsonl").read_text())
    assert done.returncode == 6, done.stderr
    assert [event["text"] for event in events if event["type"] == "final"] == ["cloud 0"]
    (gap,) = [event for event in events if event["type"] == "gap"]
    assert TWENTY_MINUTES in gap["local_text"]
    end = events[-1]
    assert 0 < end["local_ms"] <= end["lost_ms"] == gap["end_ms"] - gap["begin_ms"]
    text = (tmp_path / "talk.txt").read_text().splitlines()
    assert text[0] == "cloud 0"
    assert text[1].startswith("[gap ")
    assert f"heard on this machine only: {gap['local_text']}]" in text[1]
    assert "[gap: heard on this machine only:" in " ".join((tmp_path / "talk.srt").read_text().split())
    assert "heard here" in done.stderr
