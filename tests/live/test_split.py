"""Long recordings in parts, against the real server: `asr batch --split` and `asr file --fast`."""

import json
import signal
import time
from pathlib import Path

from asrcli.terminal.interrupts import TWICE_S
from tests.live.batch_runs import LONG, SILENT, server
from tests.support.command import PATIENCE_S, asr, lines, serving, started
from tests.support.counted import RATE, counted, covered
from tests.support.tone import wav

PAUSES = {index for index in range(1500) if index % 12 > 7}
__all__ = ["server"]  # a fixture


def test_parts_of_a_long_recording_join_without_a_lost_or_doubled_word(server: str, tmp_path: Path) -> None:
    """Word for word as if it had not been cut, in every format, also after a kill -9 in the middle of its parts."""
    audio = wav(tmp_path / "long.wav", counted(LONG, silent=SILENT), RATE)
    whole, out = tmp_path / "whole", tmp_path / "out"
    formats = ("--url", server, "-f", "jsonl", "-f", "text", "-f", "srt")
    assert asr("batch", audio, "--out", whole, *formats, "--pace", "max").returncode == 0
    command = ("batch", audio, "--out", out, *formats, "--split", "6s", "--jobs", 3)
    with started(*command, "--pace", 4) as process:
        while sum(path.read_bytes().count(b"final") for path in out.glob(".asr-batch/*/*/parts/*.jsonl")) < 9:
            assert process.poll() is None
            time.sleep(0.02)
        process.send_signal(signal.SIGKILL)
        process.wait()
    stored = len(list(out.glob(".asr-batch/*/*/parts/*.jsonl")))
    assert stored >= 2  # at the same time
    done = asr(*command, "--pace", "max")
    assert done.returncode == 0, done.stderr
    for suffix in ("txt", "srt"):
        assert (out / f"long.{suffix}").read_text("utf-8") == (whole / f"long.{suffix}").read_text("utf-8")
    events = lines((out / "long.jsonl").read_text("utf-8"))
    assert covered(events, LONG, silent=SILENT) == []
    assert [event["type"] for event in events if event["type"] in {"begin", "end"}] == ["begin", "end"]
    numbers = [event["sentence"] for event in events if event["type"] == "final"]
    assert numbers == list(range(1, len(numbers) + 1))


def test_a_fast_run_over_one_file_is_the_same(server: str, tmp_path: Path) -> None:
    """`asr file --fast`: three parts of a minute at once, and what has no parts is refused."""
    audio = wav(tmp_path / "long.wav", counted(1500, silent=PAUSES), RATE)
    out = tmp_path / "long.jsonl"
    done = asr("file", audio, "--url", server, "--pace", 60, "--fast", "-v", "-o", out)
    assert done.returncode == 0, done.stderr
    events = lines(out.read_text("utf-8"))
    assert covered(events, 1500, silent=PAUSES) == []
    assert events[-1]["audio_ms"] == 150_000
    assert done.stderr.count("the service is ready") == 3
    for arguments, problem in (
        (("file", audio, audio, "--fast"), "several files"),
        (("file", "-", "--fast"), "the length of standard input is not known"),
        (("file", audio, "--fast", "--no-vad", "--model", "qwen3-asr-flash-realtime"), "--fast with --no-vad"),
        (("batch", audio, "--out", tmp_path, "--split", "1m", "--each-channel"), "--split with --each-channel"),
        (("file", audio, "--fast", "--passthrough"), "--fast with --passthrough"),
        (("file", audio, "--fast", "--fallback", "local"), "--fast with --fallback"),
    ):
        refused = asr(*arguments, "--url", server, stdin=audio.read_bytes())
        assert (refused.returncode, problem in refused.stderr) == (2, True), refused.stderr


def test_ctrl_c_and_a_budget_end_the_parts_and_the_next_run_goes_on(server: str, tmp_path: Path) -> None:
    """What they have said is kept; the money of all parts together is bounded, and a higher budget goes on."""
    audio = wav(tmp_path / "long.wav", counted(LONG, silent=SILENT), RATE)
    out = tmp_path / "out"
    command = ("batch", audio, "--out", out, "--url", server, "-f", "jsonl", "--split", "6s", "--jobs", 3)
    with started(*command, "--pace", 4) as process:
        while sum(path.read_bytes().count(b"final") for path in out.glob(".asr-batch/*/*/parts/*.jsonl")) < 6:
            assert process.poll() is None
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE_S) == 130
    assert list(out.glob("*.jsonl")) == []
    money = ("--region", "cn-beijing", "--pace", "max")
    poor = asr(*command, *money, "--budget", 0.002)
    assert poor.returncode == 7, poor.stderr
    assert "to go on, run the same command again" in poor.stderr
    assert 0 < json.loads(asr("batch", "status", out, "--json").stdout)["cost"] <= 0.002
    assert asr(*command, *money, "--budget", 0.0001).returncode == 7  # spent before
    done = asr(*command, *money, "--budget", 1)
    assert done.returncode == 0, done.stderr
    assert covered(lines((out / "long.jsonl").read_text("utf-8")), LONG, silent=SILENT) == []


def test_a_fast_run_that_is_ended_is_gone_on_with(server: str, tmp_path: Path) -> None:
    """Its text up to the first part that is not finished is kept, and `asr resume` needs the rest."""
    audio = wav(tmp_path / "long.wav", counted(1500, silent=PAUSES), RATE)
    out, journal = tmp_path / "long.jsonl", tmp_path / "kept"
    with started("file", audio, "--url", server, "--pace", 30, "--fast", "-o", out, "--journal", journal) as process:
        while not any(path.read_bytes().count(b"final") > 3 for path in journal.glob("*/events.jsonl")):
            assert process.poll() is None
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE_S) == 130
    done = asr("resume", "--last", "--yes", "--journal", journal, "--url", server)
    assert done.returncode == 0, done.stderr
    assert covered(lines(out.read_text("utf-8")), 1500, silent=PAUSES) == []


def test_a_second_ctrl_c_of_a_fast_run_still_gives_the_account(tmp_path: Path) -> None:
    """Each second of the transcript is final, silence or in a gap; it is said what is left out, and how to go on."""
    audio = wav(tmp_path / "long.wav", counted(1500, silent=PAUSES), RATE)
    faults, out, journal = tmp_path / "faults.jsonl", tmp_path / "long.jsonl", tmp_path / "kept"
    faults.write_text('{"at": "finish", "do": "never-finish"}\n' * 6, "utf-8")
    with (
        serving("--engine", "counting", "--faults", faults) as (deaf, _),
        started("file", audio, "--url", deaf, "--pace", 8, "--fast", "-o", out, "--journal", journal) as process,
    ):
        while not any(path.read_bytes().count(b"final") > 3 for path in journal.glob("*/events.jsonl")):
            assert process.poll() is None
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        assert "Ctrl-C again" in process.stderr.readline()
        time.sleep(2 * TWICE_S)
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE_S) == 130
        errors = process.stderr.read()
    for expected in ("asr: captured ", "of later parts ", f"the transcript so far is in {out}.part", "asr resume"):
        assert expected in errors
    events = lines(Path(f"{out}.part").read_text("utf-8"))
    spent = {kind: sum(e["end_ms"] - e["begin_ms"] for e in events if e["type"] == kind) for kind in ("final", "gap")}
    end = events[-1]
    assert (spent["final"], spent["gap"]) == (end["final_ms"], end["lost_ms"])
    assert end["final_ms"] + end["silence_ms"] + end["lost_ms"] == end["audio_ms"] < 60_000
