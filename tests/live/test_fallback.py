"""--fallback local against a service that goes away: provisional text, then the service's, or a gap with local text."""

import json
import signal
import time
from itertools import pairwise
from pathlib import Path

import pytest

from tests.support.command import CLIP, asr, lines, script, serving, started
from tests.support.requirements import needs_pocketsphinx
from tests.support.wire import wait_until

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


def test_ctrl_c_in_an_outage_ends_with_the_words_that_are_there(script_file: Path) -> None:
    """Within about two seconds, though the service could come back for half a minute; the gap has the local text."""
    with serving("--engine", "scripted", "--script", script_file) as (address, server):
        client = started("file", CLIP, "--url", address, "-f", "jsonl", "--pace", 4, *FALLBACK)
        with client:
            heard = client.read_until('"final"')
            server.kill()
            heard += client.read_until(TWENTY_MINUTES)
            asked_at = time.monotonic()
            client.send_signal(signal.SIGINT)
            rest, status = client.communicate(timeout=60)
            took_s = time.monotonic() - asked_at
    assert client.returncode == 130, status
    gaps = [event for event in lines(heard + rest) if event["type"] == "gap"]
    assert TWENTY_MINUTES in " ".join(gap.get("local_text", "") for gap in gaps)
    assert took_s < 15


@needs_pocketsphinx
def test_an_interrupted_run_goes_on_with_a_fallback(tmp_path: Path, script_file: Path) -> None:
    """`asr resume --fallback local`, with the engine that is named; the language is that of the session."""
    kept, out = tmp_path / "kept", tmp_path / "talk.jsonl"
    options = ("--end", 9, "--journal", kept, "-f", "jsonl", "-o", out)
    part = out.with_name("talk.jsonl.part")
    with (
        serving("--engine", "scripted", "--script", script_file) as (address, _),
        started("file", CLIP, "--url", address, "--pace", 4, "--language", "en", *options) as client,
    ):
        wait_until(lambda: part.exists() and '"final"' in part.read_text())
        client.kill()
        client.wait()
    faults = tmp_path / "faults.jsonl"
    refusals = [{"connection": number, "do": "refuse", "status": 503} for number in range(2, 50)]
    schedule = [{"connection": 1, "after_bytes": 9600, "do": "cut"}, *refusals]
    faults.write_text("".join(f"{json.dumps(fault)}\n" for fault in schedule))
    resume = ("resume", "--last", "--yes", "--journal", kept)
    with serving("--engine", "scripted", "--faults", faults) as (address, _):
        asked = ("--url", address, "--retry-for", "0.5", "--retry-wait", "0.2")
        done = asr(*resume, *asked, "--fallback", "local", "--engine", "pocketsphinx")
    assert done.returncode == 6, done.stderr
    assert "pocketsphinx en-us on this machine gives provisional text" in done.stderr
    gaps = [event for event in lines(out.read_text()) if event["type"] == "gap"]
    assert TWENTY_MINUTES in " ".join(gap.get("local_text", "") for gap in gaps)
