"""What has no end, no bottom or another's key in it: files that options name, JSON, and a service that echoes."""

import json
import os
from pathlib import Path

import pytest

from asrcli.cli.builders.text_files import MOST_BYTES
from tests.support.command import asr, serving
from tests.support.tone import tone, wav

KEY = "own.key~0815"
DEEP = "[" * 900 + "]" * 900


@pytest.mark.parametrize(
    "arguments",
    [
        ["vocab", "create", "FILE"], ["file", "SOUND", "--context", "@FILE"], ["ws-raw", "SOUND", "--first", "@FILE"],
        ["file", "SOUND", "--hotwords", "@FILE", "--model", "qwen-audio-3.1-asr-flash-streaming"],
        ["serve", "--faults", "FILE"], ["serve", "--answers", "FILE"], ["file", "SOUND", "--api-key-file", "FILE"],
    ],
)  # fmt: skip
def test_a_file_without_end_is_refused_and_not_read(tmp_path: Path, arguments: list[str]) -> None:
    """A device that never ends, and a file larger than the memory: one line, at once."""
    (tmp_path / "huge").touch()
    os.truncate(tmp_path / "huge", 1 << 40)
    sound = str(wav(tmp_path / "a.wav", tone(100)))
    where = ["--port", "0"] if arguments[0] == "serve" else ["--url", "ws://127.0.0.1:1"]
    for name in (str(tmp_path / "huge"), "/dev/zero"):
        if not Path(name).exists():
            continue
        done = asr(*(each.replace("FILE", name).replace("SOUND", sound) for each in arguments), *where)
        assert (done.returncode, len(done.stderr.splitlines())) == (2, 1)
        assert name in done.stderr


def test_a_file_of_any_sensible_length_is_read(tmp_path: Path) -> None:
    """The bound is far above what anybody writes."""
    words = tmp_path / "words.txt"
    words.write_text("# a comment\n" * (MOST_BYTES // 12 - 99) + "Kubernetes:5\n")
    with serving("--engine", "scripted") as (address, _):
        assert asr("vocab", "create", words, "--url", address).returncode == 0


@pytest.mark.parametrize("value", [DEEP, "[" * 100_000, '{"a":' * 900 + "1" + "}" * 900])
def test_json_without_a_bottom_is_refused(tmp_path: Path, scripted: str, value: str) -> None:
    """On the command line, in a file and in a list of hot words."""
    sound, path = wav(tmp_path / "a.wav", tone(100)), tmp_path / "a.json"
    path.write_text(value)
    done = asr("file", sound, "--url", scripted, "--param", f"x={value}")
    assert (done.returncode, len(done.stderr) < 200) == (2, True)
    for command in (["vocab", "create", path], ["ws-raw", sound, "--first", f"@{path}", "--wait", 1]):
        assert asr(*command, "--url", scripted).returncode in {2, 4, 5}


@pytest.mark.parametrize("digits", ["9" * 30, "9" * 5000, "²", "-1", "1_0"])
@pytest.mark.parametrize("option", ["--track", "--channel", "--pace", "--start", "--rate", "--seed", "--retries"])
def test_numbers_of_any_length_are_refused_in_one_line(tmp_path: Path, option: str, digits: str) -> None:
    """Also those that Python itself refuses to read."""
    done = asr("file", wav(tmp_path / "a.wav", tone(100)), "--url", "ws://127.0.0.1:1", option, digits, "--raw")
    assert (done.returncode in {2, 3, 4}, len(done.stderr.splitlines())) == (True, 1), done.stderr[:300]


def test_a_pace_that_never_sends_is_refused(tmp_path: Path) -> None:
    """A sample in a thousand years is no pace."""
    for pace in ("1e-300", "1e-9", "0.001"):
        assert asr("file", wav(tmp_path / "a.wav", tone(100)), "--local", "--pace", pace).returncode == 2


def test_a_service_that_says_the_key_back_does_not_get_it_shown(tmp_path: Path) -> None:
    """In an error, with a traceback, in the log, in JSON Lines and in the journal."""
    faults, key, log, out = (tmp_path / name for name in ("faults", "key", "log", "out.jsonl"))
    key.write_text(KEY)
    key.chmod(0o600)
    said = {"at": "run-task", "do": "fail", "code": "InvalidApiKey", "message": f"no such key: {KEY} of Bearer {KEY}"}
    faults.write_text(json.dumps(said) + "\n")
    sound, kept = wav(tmp_path / "a.wav", tone(900)), tmp_path / "kept"
    with serving("--engine", "scripted", "--faults", faults) as (address, _):
        arguments = ["file", sound, "--url", address, "--api-key-file", key, "--retries", 0, "--journal", kept, "-vv"]
        for more in (["-f", "jsonl"], ["-f", "jsonl", "-o", out, "--debug", "--log-file", log], ["-f", "srt"]):
            done = asr(*arguments, *more)
            assert done.returncode == 5
            assert "no such key" in done.stderr
            files = [path for path in tmp_path.rglob("*") if path.is_file() and path not in {key, faults, sound}]
            shown = [done.stdout, done.stderr, *(path.read_text(errors="replace") for path in files)]
            assert not [text for text in shown if KEY in text]
