"""Records of the wire: kept, played, served, cut by kill -9, and without the key."""

import json
import os
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from tests.support.command import asr, lines, serving, started
from tests.support.records import read_whole
from tests.support.tone import tone, wav

KEY = "sk-0123456789abcdef0123"


def finals(text: str) -> list[Any]:
    """The finals of JSON Lines."""
    return [event for event in lines(text) if event["type"] == "final"]


@pytest.mark.parametrize("model", ["fun-asr-realtime", "qwen3-asr-flash-realtime"])
def test_a_record_plays_and_serves_the_same_transcript(scripted: str, tmp_path: Path, model: str) -> None:
    """On both wires: the same finals from the record alone, and from a server that gives its messages to a client."""
    file, record = wav(tmp_path / "a.wav", tone(3500)), tmp_path / "a.asrz"
    run = ["file", file, "--pace", "max", "-f", "jsonl", "--model", model, "--no-journal"]
    first = asr(*run, "--url", scripted, "--record", record, DASHSCOPE_API_KEY=KEY)
    assert (first.returncode, len(finals(first.stdout))) == (0, 4)
    played = asr("replay", record, "--speed", "max", "-f", "jsonl")
    assert (played.returncode, finals(played.stdout)) == (0, finals(first.stdout))
    assert lines(played.stdout)[-1] == lines(first.stdout)[-1]  # the account
    # The service answers at once, so that its text may be recorded before the source: documents begin with the latter.
    assert next(event["type"] for event in lines(played.stdout) if event["type"] != "notice") == "begin"
    document = json.loads(asr("replay", record, "--speed", "max", "-f", "json").stdout)
    assert [event["text"] for event in document["entries"]] == [event["text"] for event in finals(first.stdout)]
    assert "1\n00:00:00,000 -->" in asr("replay", record, "--speed", "max", "-f", "srt").stdout
    read = read_whole("r", record.read_bytes())
    assert KEY not in json.dumps(read.lines)
    assert "Authorization" not in json.dumps(read.lines)
    assert sum(line.get("audio_bytes", 0) for line in read.lines) == 3500 * 32
    assert not any("audio" in line for line in read.lines)
    with serving("--replay", str(record)) as (address, _):
        again = asr(*run, "--url", address)
    assert (again.returncode, finals(again.stdout)) == (0, finals(first.stdout))


def test_a_loss_is_played_as_it_was(tmp_path: Path) -> None:
    """Two connections, audio that was sent twice, and each sentence once."""
    file, record = wav(tmp_path / "a.wav", tone(6500)), tmp_path / "a.asrz"
    faults = tmp_path / "faults.jsonl"
    faults.write_text('{"connection": 1, "after_bytes": 120000, "do": "cut"}\n')
    with serving("--engine", "scripted", "--faults", str(faults)) as (address, _):
        run = asr(
            "file", file, "--url", address, "--pace", "8", "-f", "jsonl", "--record", record, "--record-audio",
            "--retry-wait", "0.1",
        )  # fmt: skip
    assert {line["connection"] for line in read_whole("r", record.read_bytes()).lines if "connection" in line} == {
        1,
        2,
    }
    played = asr("replay", record, "--speed", "max", "-f", "jsonl")
    assert finals(played.stdout) == finals(run.stdout)
    assert [event["type"] for event in lines(played.stdout)].count("reconnect") == 1
    assert any("audio" in line for line in read_whole("r", record.read_bytes()).lines)


def test_kill_9_leaves_a_record_that_plays(scripted: str, tmp_path: Path) -> None:
    """All but the last five seconds, of a short run less; one line says that the run had not ended.

    Nobody else may write the record meanwhile.
    """
    file, record = wav(tmp_path / "a.wav", tone(20_000)), tmp_path / "a.asrz"
    with started("file", file, "--url", scripted, "--record", record, "--no-journal") as run:
        run.read_until("sentence 1")
        deadline = time.monotonic() + 30
        again = asr("file", file, "--url", scripted, "--record", record, "--no-journal")
        while '"Final"' not in (read := json.dumps(_lines(record))) and time.monotonic() < deadline:
            time.sleep(0.05)
        run.send_signal(signal.SIGKILL)
    assert '"Final"' in read
    refusal = f"asr: --record {record} is written by another run now; choose another name\n"
    assert (again.returncode, again.stdout, again.stderr) == (2, "", refusal)
    played = asr("replay", record, "--speed", "max")
    assert played.stdout.startswith("sentence 1"), played.stderr
    assert "without the end of the run" in played.stderr


def _lines(record: Path) -> Any:
    data = record.read_bytes() if record.exists() else b""
    return read_whole("r", data).lines if data else ()


def test_ws_raw_keeps_a_record_too(scripted: str, tmp_path: Path) -> None:
    """It plays by the codec of its wire."""
    file, record = wav(tmp_path / "a.wav", tone(1500)), tmp_path / "a.asrz"
    asr("ws-raw", file, "--url", scripted, "--pace", "max", "--record", record)
    played = asr("replay", record, "--speed", "max")
    assert played.stdout.splitlines() == ["sentence 1", "sentence 2"], played.stderr


@pytest.mark.parametrize(("name", "kind"), [("pipe", "a pipe"), ("link", "a symbolic link"), ("-", "standard output")])
def test_what_is_no_file_is_no_place_for_a_record(tmp_path: Path, name: str, kind: str) -> None:
    """Said at once, and not as an error of the system."""
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to("nowhere")
    sound = wav(tmp_path / "a.wav", tone(100))
    place = {"-": "-"}.get(name, str(tmp_path / name))
    done = asr("file", sound, "--url", "ws://127.0.0.1:1", "--record", place)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert f"--record {place} is {kind}, and a record is a file; choose another name" in done.stderr


def test_bad_records_are_one_line(scripted: str, tmp_path: Path) -> None:
    """No record, one of a newer version, a damaged and a cut one, and a file that must not be written over."""
    file, record = wav(tmp_path / "a.wav", tone(1500)), tmp_path / "a.asrz"
    run = ["file", file, "--url", scripted, "--pace", "max", "--no-journal"]
    for wrong, code in [(["replay", file], 3), (["replay", tmp_path / "no"], 3), ([*run, "--record", file], 2),
                        ([*run, "--record-audio"], 2), ([*run, "--record", record, "--fast"], 2),
                        ([*run, "--record", tmp_path / "no" / "x"], 2), ([*run, "--record", "/dev/full"], 2),
                        (["serve", "--replay", file], 3),
                        (["serve", "--replay", file, "--engine", "scripted"], 2)]:  # fmt: skip
        done = asr(*wrong)
        assert (done.returncode, done.stderr.count("\n")) == (code, 1), done.stderr
    asr(*run, "--record", record)
    whole = bytearray(record.read_bytes())
    whole[-2] ^= 1  # a byte of the length that the last member says of itself
    record.write_bytes(whole)
    assert "1 damaged part left out; the rest is used" in asr("replay", record, "--speed", "max").stderr
    record.write_bytes(record.read_bytes()[:-20])
    cut = asr("replay", record, "--speed", "max")
    assert cut.returncode == 0
    assert "its end is cut off; the rest is used" in cut.stderr
