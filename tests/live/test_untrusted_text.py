"""Text and numbers from outside, through the real commands: nothing that a terminal obeys, no secret, no exit 70."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.command import ASR, asr, environment, serving
from tests.support.control_characters import EVIL, is_harmless
from tests.support.journals import began, final, gap, session, spoken
from tests.support.tone import tone, wav

LONG = "9" * 400
SECRET = "tOkEn123"


@pytest.mark.parametrize("form", ["text", "jsonl", "srt", "vtt", "ass", "lrc", "tsv", "template"])
def test_what_a_service_says_reaches_no_terminal(tmp_path: Path, form: str) -> None:
    """Texts, translations and errors of a hostile service, in each output, on the screen and in the log."""
    evil = EVIL.replace("\ud83d", "")  # our server cannot send half a character
    script = tmp_path / "script.jsonl"
    script.write_text(json.dumps({"begin_ms": 0, "end_ms": 900, "text": evil, "partials": [evil]}) + "\n")
    faults = tmp_path / "faults.jsonl"
    faults.write_text(json.dumps({"at": "finish", "do": "fail", "code": evil, "message": evil}) + "\n")
    sound, out, log = wav(tmp_path / "a.wav", tone(1500)), tmp_path / "out", tmp_path / "log"
    options = ["--template", "{text}{emotion}{translated_into}"] if form == "template" else ["-f", form]
    with serving("--engine", "scripted", "--script", script, "--faults", faults) as (address, _):
        arguments = ["file", sound, "--url", address, "--pace", "max", "--retries", "0", "-vv", "--log-file", log]
        done = asr(*arguments, *options)
        asr(*arguments, *options, "-o", out)
    assert done.returncode == 5
    written = [path.read_bytes().decode() for path in tmp_path.glob("out*")]
    assert written
    for text in (done.stdout, done.stderr, log.read_text(), *written):
        assert is_harmless(text.replace("\t", " ") if form == "tsv" else text)


@pytest.mark.skipif(os.name != "posix", reason="such names are not allowed elsewhere")
def test_names_from_outside_reach_no_terminal(tmp_path: Path) -> None:
    """Of files, sessions, models and keys, on the screen and in the log, with a traceback too."""
    log = tmp_path / "log"
    bad = f"{tmp_path}/x\x1b]0;t\x07\nasr: forged\u2028\x85"
    commands: list[list[object]] = [
        ["file", bad, "--local"], ["file", bad, "--local", "-o", bad], ["models", bad], ["resume", bad],
        ["sessions", "show", bad], ["verify", bad], ["vocab", "create", bad, "--url", "ws://127.0.0.1:1"],
        ["file", bad, "--url", bad], ["file", bad, "--language", bad], ["ws-raw", bad, "--url", "ws://127.0.0.1:1"],
        ["ws-raw", "--wire", "none", "--url", bad], ["sessions", "--journal", bad], [bad], ["file", "--x", bad],
        ["token", "--region", bad], ["serve", "--api-key-file", bad],
    ]  # fmt: skip
    for command in commands:
        for debug in ([], ["--debug"]) if command[0] not in {bad} and "--x" not in command else ([],):
            logged = [] if command[0] in {"models", bad} or "--x" in command else ["--log-file", log]
            done = asr(*command, *debug, *logged)
            assert done.returncode in {0, 2, 3, 4}, (command, done.stderr)
            assert is_harmless(done.stdout), command
            assert is_harmless(done.stderr), command
            if not debug:
                assert "\nasr: forged" not in f"\n{done.stderr}", command
    assert is_harmless(log.read_text())
    assert "\nasr: forged" not in log.read_text()


def test_an_address_shows_no_secret(tmp_path: Path) -> None:
    """Neither user, password nor token: not in begin, not in the log, not in a traceback, not in an error."""
    log = tmp_path / "log"
    for host in ("127.0.0.1:1/a.mp3", "[::1/a.mp3", "127.0.0.1:1/p@th/a.mp3"):
        source = f"http://me:{SECRET}/x@{host}?token={SECRET}#{SECRET}"
        done = asr("file", source, "--local", "--debug", "-vv", "-f", "jsonl", "--log-file", log)
        assert done.returncode == 3
        assert SECRET not in done.stdout + done.stderr + log.read_text()
        assert "a.mp3" in done.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ["--start", "1e300"], ["--end", LONG], ["--end", f"{LONG}:0"], ["--url", "[::1"], ["--url", "ws://a..b"],
        ["--url", f"ws://{'a' * 70}.b"],  ["--gain", "nan"], ["--stall-timeout", "inf"],
        ["--connect-timeout", "1e300"], ["--keepalive", "nan"], ["--retry-wait", "nan"], ["--catch-up", "nan"],
        ["--pace", "nan"], ["--budget", "nan"], ["--template", "{text:>999999999}"],
    ],
)  # fmt: skip
def test_invalid_numbers_and_addresses_are_refused(tmp_path: Path, arguments: list[str]) -> None:
    """Exit 2 and one line, before anything else."""
    where = [] if "--url" in arguments else ["--url", "ws://127.0.0.1:1"]
    done = asr("file", wav(tmp_path / "a.wav", tone(100)), *arguments, *where)
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1), done.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full to be a full disk")
def test_a_table_on_a_full_disk_is_an_error_of_the_output(tmp_path: Path) -> None:
    """The library that draws it writes nothing by itself."""
    session(tmp_path, spoken(0, 1000), [began(), final(0, 900)])
    full = [sys.executable, "-m", "asrcli", "sessions", "--journal", str(tmp_path)]
    with open("/dev/full", "w") as disk:  # noqa: PTH123
        done = subprocess.run(full, stdout=disk, stderr=-1, env=environment(), check=False, text=True)
    assert (done.returncode, done.stderr) == (2, "asr: cannot write standard output: No space left on device\n")
    assert "20261124-230501-a1b2" in asr("sessions", "--journal", tmp_path).stdout


@pytest.mark.parametrize("command", [["--help"], ["file", "--help-all"], ["help"], ["models"], ["models", "--json"],
    ["schema"], ["sessions"], ["sessions", "--json"], ["--version"]])  # fmt: skip
def test_what_commands_print_goes_through_one_writer(command: list[str]) -> None:
    """A full disk is exit 2 and one line, a closed pipe 0 and none, and any code page takes it."""
    if Path("/dev/full").exists() and command != ["sessions"]:
        with open("/dev/full", "w") as full:  # noqa: PTH123
            done = subprocess.run([*ASR, *command], stdout=full, stderr=-1, env=environment(), check=False, text=True)
        assert (done.returncode, done.stderr.count("\n")) == (2, 1), done.stderr
        assert "cannot write standard output" in done.stderr
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w") as closed:
        done = subprocess.run([*ASR, *command], stdout=closed, stderr=-1, env=environment(), check=False, text=True)
    assert done.returncode == 0, done.stderr
    assert "asr: no session" in done.stderr or not done.stderr
    western = asr(*command, PYTHONIOENCODING="cp1252" if "help" in command[-1] else "ascii")
    assert western.returncode == 0


def test_what_a_client_says_reaches_neither_the_screen_nor_the_log_of_a_server(tmp_path: Path) -> None:
    """Its model and its task id are printed, harmless and on one line."""
    log, sound = tmp_path / "log", wav(tmp_path / "a.wav", tone(300))
    evil = EVIL.replace("\ud83d", "")
    header = {"action": "run-task", "task_id": evil, "streaming": "duplex"}
    asked = {"task_group": "audio", "task": "asr", "function": "recognition", "model": evil, "input": {}}
    asked["parameters"] = {"format": "pcm", "sample_rate": 16000}
    first = tmp_path / "first.json"
    first.write_text(json.dumps({"header": header, "payload": asked}))
    with serving("--engine", "scripted", "--log-file", log) as (address, server):
        done = asr("ws-raw", sound, "--url", address, "--first", f"@{first}", "--pace", "max", "--wait", "1")
        server.terminate()
        said = server.stderr.read()
    assert is_harmless(done.stdout)
    assert "]0;t" in said + log.read_text()  # it was there to be printed
    assert is_harmless(said)
    assert is_harmless(log.read_text())


def test_what_stands_in_a_session_reaches_no_terminal(tmp_path: Path) -> None:
    """Names of sources, speakers, models, texts, reasons, files: in each command that shows sessions, also as JSON."""
    evil = EVIL.replace("\ud83d", "")
    path = session(tmp_path, spoken(0, 1000), [began(), final(0, 500), gap(500, 900)])
    events = (path / "events.jsonl").read_text()
    for said in ("given", "fun-asr-realtime", "well", "gone", "task"):
        assert f'"{said}"' in events
        events = events.replace(f'"{said}"', json.dumps(evil))
    events = events.replace('"speaker": ""', f'"speaker": {json.dumps(evil)}')
    events = events.replace('"showing": {}', f'"showing": {json.dumps({"paths": [evil], "format": evil})}')
    (path / "events.jsonl").write_text(events)
    shown = ""
    for command in (["sessions"], ["sessions", "show", path.name], ["verify", path.name], ["resume", path.name],
                    ["sessions", "--json"], ["sessions", "show", path.name, "--json"], ["verify", path.name, "--json"],
                    ["sessions", "delete", path.name]):  # fmt: skip
        for debug in ([], ["--debug", "--log-file", tmp_path / "log"]):
            done = asr(*command, "--journal", tmp_path, *debug)
            assert done.returncode != 70, done.stderr
            assert is_harmless(done.stdout), command
            assert is_harmless(done.stderr), command
            shown += done.stdout
    assert is_harmless((tmp_path / "log").read_text())
    assert "a]0;t" in shown
    assert r"a\u001b]0;t" in shown
