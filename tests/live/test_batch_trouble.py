"""What can go wrong around a batch: a service without room or none at all, a full disk, a kill at a bad moment."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from asrcli.runs.batch.batch_ledger import opened_ledger, read_ledger
from asrcli.runs.batch.decisions import BatchState
from asrcli.runs.batch.staging import Staging
from tests.live.batch_runs import CHUNKS, recordings, report, server
from tests.support.command import ASR, PATIENCE_S, asr, environment, serving, started
from tests.support.counted import RATE, counted, covered
from tests.support.limited_disk import LIMITED
from tests.support.tone import wav
from tests.support.wire import wait_until

__all__ = ["recordings", "server"]  # fixtures


def test_too_many_requests_slow_the_batch_down_and_lose_nothing(recordings: Path) -> None:
    """Refused handshakes and tasks are tried again, by fewer at once; free connections are used again."""
    for name in "defghij":
        wav(recordings / f"{name}.wav", counted(CHUNKS), RATE)
    faults = recordings.parent / "faults.jsonl"
    busy = {"at": "run-task", "do": "fail", "code": "Throttling.RateQuota", "message": "slow down"}
    refused = {"at": "handshake", "do": "refuse", "status": 403}
    script = [{"connection": 1, **busy}, *({"connection": number, **refused} for number in range(5, 14))]
    faults.write_text("".join(json.dumps(line) + "\n" for line in script))
    out = recordings.parent / "out"
    with serving("--engine", "counting", "--faults", faults) as (url, process):
        del process
        done = asr("batch", recordings, "--out", out, "--url", url, "--pace", "max", "--jobs", 2, "--retry-wait", 0.1)
    assert done.returncode == 0, done.stderr
    assert "too many requests: at most 1 at once from now on" in done.stderr
    assert len(list(out.glob("*.txt"))) == 10


def test_a_gap_that_the_next_run_fills_is_in_no_transcript(server: str, recordings: Path) -> None:
    """The run that met the loss says so; what is complete now must not say that audio is missing."""
    sound = wav(recordings.parent / "long.wav", counted(40), RATE)
    faults, out = recordings.parent / "faults.jsonl", recordings.parent / "out"
    faults.write_text('{"after_bytes": 64000, "do": "cut"}\n')
    command = ("batch", sound, "--out", out, "--pace", "4", "-f", "text", "-f", "jsonl", "-f", "srt")
    with serving("--engine", "counting", "--faults", faults) as (url, _):
        done = asr(*command, "--url", url, "--no-reconnect")
    assert done.returncode == 4, done.stderr
    assert asr(*command, "--url", server).returncode == 0
    lines = [json.loads(line) for line in (out / "long.jsonl").read_text().splitlines()]
    assert covered(lines, 40) == []
    said = [line["text"] for line in lines if line["type"] == "final"]
    assert (out / "long.txt").read_text().splitlines() == said
    assert "gap" not in (out / "long.srt").read_text()


def test_a_recording_that_is_cut_short_is_named(server: str, recordings: Path) -> None:
    """At once, and in the report; with --quiet in the report alone. What is there has text, so it is no failure."""
    whole = wav(recordings.parent / "whole.wav", counted(40), RATE)
    cut, out = recordings.parent / "cut.wav", recordings.parent / "out"
    cut.write_bytes(whole.read_bytes()[: 44 + RATE * 2])
    said = f"{cut}: ends 3.0 s before the end that its header names: was it cut short?"
    for options in ([], ["--quiet", "--force"]):
        done = asr("batch", cut, recordings, "--out", out, "--url", server, "--pace", "max", *options)
        assert done.returncode == 0, done.stderr
        assert done.stderr.splitlines().count(f"asr: {said}") == (not options), done.stderr
        reasons = {name: row["reason"] for name, row in report(out).items()}
        assert reasons == {"a.wav": "", "b.wav": "", "c.wav": "", "cut.wav": said}


@pytest.mark.skipif(os.name == "nt", reason="needs a limit for the size of files")
def test_a_full_disk_ends_the_batch_with_its_reason(server: str, recordings: Path) -> None:
    """No half file gets a name, three inputs that cannot be written are enough to know, and the rest is left to do."""
    for name in "defg":
        wav(recordings / f"{name}.wav", counted(CHUNKS), RATE)
    out = recordings.parent / "out"
    arguments = ["batch", recordings, "--out", out, "--url", server, "--pace", "max", "--template", "{text} " * 10_000]
    command = [sys.executable, "-c", LIMITED.format(150_000), *ASR, *map(str, arguments), "--jobs", "1"]
    done = subprocess.run(command, capture_output=True, env=environment(), timeout=PATIENCE_S, check=False, text=True)
    assert done.returncode == 2, done.stderr
    assert done.stderr.count("cannot write") == 3
    assert "0 finished, 3 failed, 4 left" in done.stderr
    assert [path.name for path in out.iterdir()] == [".asr-batch"]
    assert asr(*arguments).returncode == 0
    assert len(list(out.glob("*.txt"))) == 7


def test_a_run_that_was_killed_while_it_named_its_transcripts_is_completed(server: str, recordings: Path) -> None:
    """Nothing is sent again for that: the service need not even be there."""
    out = recordings.parent / "out"
    command = ("batch", recordings / "a.wav", "--out", out, "--pace", "max", "-f", "text", "-f", "srt")
    assert asr(*command, "--url", server).returncode == 0
    staging = Staging(out)
    (row,) = read_ledger(out).values()
    (first, _) = staging.files(row)
    first.parent.mkdir(parents=True)
    (out / "a.txt").rename(first)
    with opened_ledger(out) as ledger:
        ledger.save([replace(row, state=BatchState.PUBLISHING)])
    done = asr(*command, "--url", "ws://127.0.0.1:9")
    assert (done.returncode, "1 finished before" in done.stderr) == (0, True)
    assert (out / "a.txt").read_text() == "0 1 2 3 4\n5 6 7 8 9\n"

    (out / "a.txt").unlink()
    (out / "a.txt").mkdir()
    first.parent.mkdir(parents=True)
    first.write_text("in the way")
    with opened_ledger(out) as ledger:
        ledger.save([replace(row, state=BatchState.PUBLISHING)])
    assert asr(*command, "--url", server).returncode == 2
    assert report(out)["a.wav"]["state"] == "failed"


def test_a_batch_without_inputs_or_without_a_service_says_so(recordings: Path) -> None:
    """The first inputs fail to connect, and the others are left to do."""
    for name in "defg":
        wav(recordings / f"{name}.wav", counted(CHUNKS), RATE)
    out = recordings.parent / "out"
    done = asr("batch", recordings / "gone.wav", "--out", out, "--local")
    assert (done.returncode, "gone.wav: no such file" in done.stderr) == (3, True)
    done = asr("batch", recordings, "--out", out, "--url", "ws://127.0.0.1:9", "--jobs", 1)
    assert done.returncode == 4
    assert "0 finished, 3 failed, 4 left" in done.stderr
    assert done.stderr.count("nothing listens there") == 3


def test_a_budget_bounds_inputs_that_are_not_cut_too(server: str, tmp_path: Path) -> None:
    """Also where each channel is a stream of its own; a budget that is spent leaves the rest to a higher one."""
    (tmp_path / "in").mkdir()
    pcm = counted(CHUNKS)
    for name in ("a", "b"):
        both = b"".join(2 * pcm[at : at + 2] for at in range(0, len(pcm), 2))
        wav(tmp_path / "in" / f"{name}.wav", both, RATE, channels=2)
    out = tmp_path / "out"
    command = ("batch", tmp_path / "in", "--out", out, "--url", server, "--region", "cn-beijing", "--pace", "max")
    poor = asr(*command, "--jobs", 1, "--each-channel", "--budget", 0.0006)
    assert (poor.returncode, "left" in poor.stderr) == (7, True), poor.stderr
    assert asr(*command, "--budget", 1).returncode == 0
    assert 0 < json.loads(asr("batch", "status", out, "--json").stdout)["cost"] < 0.1


def test_a_killed_run_has_spent_what_it_can_have_sent(server: str, tmp_path: Path) -> None:
    """Before it could write what the service counted: or else a batch that is killed again and again has no limit."""
    (tmp_path / "in").mkdir()
    wav(tmp_path / "in" / "long.wav", counted(40 * CHUNKS), RATE)
    out = tmp_path / "out"
    spent = out / ".asr-batch" / "spent"
    command = ("batch", tmp_path / "in", "--out", out, "--url", server, "--region", "cn-beijing")
    with started(*command, "--pace", 2, "--budget", 1) as process:
        wait_until(spent.exists, PATIENCE_S)
        process.kill()
        process.wait()
    most = float(spent.read_text())
    assert (json.loads(asr("batch", "status", out, "--json").stdout)["cost"] or 0.0) < most
    poor = asr(*command, "--budget", most)
    assert (poor.returncode, "budget" in poor.stderr) == (7, True), poor.stderr
    assert float(spent.read_text()) == most
    assert asr(*command, "--pace", "max", "--budget", 1).returncode == 0
    assert float(spent.read_text()) > most
