"""Interruptions, broken connections and mistakes, as a person meets them: one line, one exit code, no lost word."""

import json
import os
import shlex
import signal
import subprocess
from pathlib import Path

import pytest

from asrcli.terminal.interrupts import TWICE_S
from tests.support.command import ASR, CLIP, PATIENCE_S, asr, environment, lines, serving, started, stopped
from tests.support.tone import tone, wav

KEY = "sk-0123456789abcdef"
QWEN = "qwen3-asr-flash-realtime"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_first_interrupt_ends_the_input_and_waits_for_the_finals(
    scripted: str, tmp_path: Path, number: signal.Signals
) -> None:
    """What was spoken before Ctrl-C has its text, and the account covers it all."""
    with started(
        "file", wav(tmp_path / "a.wav", tone(60_000)), "--url", scripted, "-f", "jsonl", "--pace", "2"
    ) as process:
        first = process.read_until('"final"')
        process.send_signal(number)
        rest, status = process.communicate(timeout=60)
        end = lines(rest)[-1]
        assert process.returncode == 130
        assert end["type"] == "end"
        assert end["lost_ms"] == 0
        assert 1000 <= end["audio_ms"] < 60_000
        last = [event for event in lines(first + rest) if event["type"] == "final"][-1]
        assert last["end_ms"] >= end["audio_ms"] - 1000
        assert "Ctrl-C again" in status
        assert "Traceback" not in status


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_output_pipe_that_nobody_reads_does_not_outlast_a_signal(
    scripted: str, tmp_path: Path, number: signal.Signals
) -> None:
    """The first signal ends the wait for a reader: the pipe is named, and the account is there."""
    os.mkfifo(tmp_path / "pipe")
    with started("file", CLIP, "--url", scripted, "-o", tmp_path / "pipe", "-v") as process:
        assert any("the service is ready" in line for line in process.stderr)
        process.send_signal(number)
        _, status = process.communicate(timeout=PATIENCE_S)
        assert process.returncode == 130
        assert "is a pipe that nobody reads" in status
        assert "captured" in status


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_while_outputs_are_closed_ends_in_order(scripted: str, tmp_path: Path, number: signal.Signals) -> None:
    """The run is over and waits for a command of --exec: each file is whole, and the last lines say where it is."""
    with started(
        "file", CLIP, "--url", scripted, "--pace", "max", "-f", "text", "-f", "json", "-o", tmp_path / "a",
        "--exec", "sleep 30",
    ) as process:  # fmt: skip
        assert any("first text after" in line for line in process.stderr)
        process.send_signal(number)
        _, status = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "stopped the command" in status
    assert [f"{tmp_path / name}.part" in status for name in ("a.txt", "a.json")] == [True, True]
    assert "asr resume" in status
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.json.part", "a.txt.part"]
    assert json.loads((tmp_path / "a.json.part").read_text())


def test_an_error_is_in_the_log_as_it_was_reported(tmp_path: Path) -> None:
    """Once; and what is secret in an address is in neither."""
    log, url = tmp_path / "log", "ws://me:sekret@127.0.0.1:9/?token=abc"
    done = asr("file", CLIP, "--url", url, "-vv", "--log-file", log, "--no-reconnect")
    said = done.stderr.splitlines()[-1].removeprefix("asr: ")
    assert (done.returncode, log.read_text().count(said)) == (4, 1)
    assert "sekret" not in done.stderr + log.read_text()
    assert "abc" not in done.stderr + log.read_text()


def test_an_interrupt_at_the_very_start_is_quiet(tmp_path: Path) -> None:
    """While Python still loads us there is nothing to finish and nothing to say."""
    (tmp_path / "typer.py").write_text(
        "import os, signal\nos.kill(os.getpid(), signal.SIGINT)\nimport time\ntime.sleep(5)\n"
    )
    done = asr("--help", PYTHONPATH=str(tmp_path))
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")


def test_the_second_interrupt_leaves_at_once_with_an_account(tmp_path: Path) -> None:
    """A service that does not answer holds nobody: what was settled is out, the rest is a gap."""
    with serving("--engine", "scripted") as (address, server):
        file = wav(tmp_path / "a.wav", tone(60_000))
        with started("file", file, "--url", address, "-f", "jsonl", "--partials", "--pace", "4") as process:
            process.read_until('"partial", "sentence": 2')
            server.send_signal(signal.SIGSTOP)
            process.send_signal(signal.SIGINT)
            assert "Ctrl-C again" in process.stderr.readline()
            with pytest.raises(subprocess.TimeoutExpired):
                process.wait(2 * TWICE_S)
            process.send_signal(signal.SIGINT)
            rest, _ = process.communicate(timeout=60)
            server.send_signal(signal.SIGCONT)
    assert process.returncode == 130
    *before, end = lines(rest)
    assert [line["end_ms"] for line in before if line["type"] == "gap"] == [end["audio_ms"]]
    assert end["audio_ms"] == end["covered_ms"] + end["lost_ms"]


@pytest.mark.parametrize("how", [(), ("--fast",)], ids=["in one", "in parts"])
def test_a_signal_for_a_program_that_is_stopped_counts_when_it_goes_on(tmp_path: Path, how: tuple[str, ...]) -> None:
    """Ctrl-Z, then `kill -INT %1`: although the service says nothing, and nothing else wakes the program."""
    with serving("--engine", "scripted") as (address, server):
        file = wav(tmp_path / "a.wav", tone(60_000))
        with started("file", file, "--url", address, "-f", "jsonl", "--pace", "4", *how) as process:
            process.read_until('"final"')
            with stopped(server):
                with stopped(process):
                    process.send_signal(signal.SIGINT)
                assert "Ctrl-C again" in process.stderr.readline()
            _, status = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 130, status


def test_a_broken_connection_keeps_the_finals_and_names_the_gap(tmp_path: Path) -> None:
    """Exit 4; the gap reaches to the end of the file, sent or not."""
    with serving("--engine", "scripted") as (address, server):
        file = wav(tmp_path / "a.wav", tone(60_000))
        with started("file", file, "--url", address, "-f", "jsonl", "--pace", "4", "--no-reconnect") as process:
            first = process.read_until('"final"')
            server.kill()
            rest, status = process.communicate(timeout=60)
    events = lines(first + rest)
    final = [event for event in events if event["type"] == "final"][-1]
    gap, end = events[-2:]
    assert process.returncode == 4
    assert (gap["begin_ms"], gap["end_ms"]) == (final["end_ms"], 60_000)
    assert (end["audio_ms"], end["lost_ms"]) == (60_000, 60_000 - final["end_ms"])
    assert "connection lost" in status.splitlines()[-1]


def test_the_server_drains_on_sigterm(tmp_path: Path) -> None:
    """A running task comes to its end; the server then goes with exit code 0."""
    file = wav(tmp_path / "a.wav", tone(6000))
    with (
        serving("--engine", "scripted") as (address, server),
        started("file", file, "--url", address, "--pace", "4") as process,
    ):
        process.stdout.readline()
        server.send_signal(signal.SIGTERM)
        rest, _ = process.communicate(timeout=60)
        assert (process.returncode, rest.splitlines()[-1]) == (0, "sentence 6")
        assert server.wait(PATIENCE_S) == 0


MISTAKES = {
    "no key": (2, ["file", CLIP], "set DASHSCOPE_API_KEY"),
    "an unknown option": (2, ["file", CLIP, "--nope"], "No such option: --nope"),
    "a missing argument": (2, ["file"], "Missing argument 'FILE...'; name a file"),
    "a value that is none": (2, ["serve", "--port", "80x"], "--port"),
    "a choice that is none": (2, ["file", CLIP, "-f", "xml"], "'text', 'jsonl', 'srt'"),
    "no such file": (3, ["file", "none.wav", "--local"], "none.wav: no such file"),
    "nobody listens": (4, ["file", CLIP, "--url", "ws://127.0.0.1:1"], "connection refused"),
    "unknown host": (4, ["file", CLIP, "--url", "ws://no-such-host.invalid"], "check the network and --url"),
    "not an address": (2, ["file", CLIP, "--url", "ftp://host"], "not a WebSocket address"),
    "local and url": (2, ["file", CLIP, "--local", "--url", "ws://host"], "--local and --url are both given"),
    "quiet and verbose": (2, ["file", CLIP, "--local", "-q", "-v"], "--quiet and --verbose are both given"),
    "no-vad on inference": (2, ["file", CLIP, "--local", "--no-vad"], "--no-vad has no effect"),
    "semantic on realtime": (2, ["file", CLIP, "--local", "--model", QWEN, "--semantic"], "semantic has no effect"),
    "silence out of range": (2, ["file", CLIP, "--local", "--silence-ms", 5], "must be from 200 to 6000"),
    "a pace of nothing": (2, ["file", CLIP, "--local", "--pace", 0], "neither max nor a number"),
    "no directory": (2, ["file", CLIP, "--local", "-o", "/no/such/place"], "there is no directory"),
    "two standard inputs": (2, ["file", "-", "-", "--local"], "more than once"),
    "one sentence of many": (2, ["file", CLIP, "--local", "--model", "gummy-chat-v1"], "it is for asr mic --ptt"),
    "a translation by whom": (
        2,
        ["file", CLIP, "--url", "ws://127.0.0.1:9", "--translate", "zh"],
        "that take it: gummy-realtime-v1",
    ),
    "a translation here": (2, ["file", CLIP, "--local", "--translate", "zh"], "effect on the embedded recognizer"),
    "open to the world": (2, ["serve", "--host", "0.0.0.0", "--port", 0], "--api-key-file"),  # noqa: S104  the refusal is under test
    "a script for no one": (2, ["serve", "--script", CLIP], "--engine scripted"),
    "a script that is none": (2, ["serve", "--engine", "scripted", "--script", CLIP], "is not a text file"),
    "a script with a mistake": (2, ["serve", "--engine", "scripted", "--script", __file__], "line 1 is not a result"),
    "a language it does not know": (2, ["file", CLIP, "--local", "--language", "zh"], "English (en) only"),
    "an engine of nobody": (2, ["file", CLIP, "--local", "--engine", "x"], "is not one of moonshine, pocketsphinx"),
    "an engine of a service": (
        2, ["file", CLIP, "--engine", "moonshine"], "--engine moonshine without --local or --fallback local"
    ),
    "hot words for nobody": (
        2, ["file", CLIP, "--local", "--engine", "moonshine", "--hotwords", "a"], "takes them; choose it with --engine"
    ),
    "a key for nobody": (2, ["file", CLIP, "--local", "--api-key-file", CLIP], "asks for no key"),
    "no name": (3, ["file", "", "--local"], "names no file"),
    "no model": (2, ["file", CLIP, "--local", "--model", ""], "--model is empty"),
    "no address": (2, ["file", CLIP, "--url", ""], "not a WebSocket address"),
    "raw PCM": (3, ["file", "a.pcm", "--local"], "describe the format with --raw"),
    "rate of a container": (2, ["file", CLIP, "--local", "--rate", 8000], "--rate without --raw"),
    "an end before the beginning": (2, ["file", CLIP, "--start", "9", "--end", "1"], "is not after --start"),
    "no such time": (2, ["file", CLIP, "--local", "--start", "soon"], "not a time"),
    "no such channel": (3, ["file", CLIP, "--local", "--channel", "right"], "has 1 channel, not 2"),
    "attempts below none": (2, ["file", CLIP, "--local", "--retries", -1], "--retries"),
    "attempts and none": (2, ["file", CLIP, "--local", "--no-reconnect", "--retries", 3], "and --retries are both"),
    "no such session": (2, ["resume", "20200101-000000-ffff"], "20200101-000000-ffff"),
    "a log that is a folder": (2, ["file", CLIP, "--local", "--log-file", "."], "cannot write .: is a directory"),
    "a log over an input": (2, ["file", CLIP, "--local", "--log-file", CLIP], "is an input"),
}  # fmt: skip


@pytest.mark.parametrize(("code", "arguments", "said"), MISTAKES.values(), ids=MISTAKES)
def test_each_mistake_has_one_line_and_its_exit_code(code: int, arguments: list[object], said: str) -> None:
    """What happened and what to do, no traceback, nothing on standard output."""
    done = asr(*arguments)
    assert (done.returncode, done.stdout) == (code, "")
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("model", ["fun-asr-realtime", QWEN])
def test_a_language_the_recognizer_does_not_know_is_refused_on_both_wires(embedded: str, model: str) -> None:
    """Chinese asked of a US English engine is an error, not English gibberish."""
    done = asr("file", CLIP, "--url", embedded, "--language", "zh", "--model", model, "-q")
    assert (done.returncode, done.stdout) == (5, "")
    assert "language zh" in done.stderr


def test_a_wrong_key_is_refused_and_never_shown(tmp_path: Path) -> None:
    """Exit 5 with the service's words; the key is in no output and no log, however much is asked for."""
    (tmp_path / "right").write_text("sk-right\n")
    log = tmp_path / "asr.log"
    with serving("--engine", "scripted", "--api-key-file", tmp_path / "right") as (address, _):
        run = ["file", CLIP, "--url", address, "-vv", "--debug", "--log-file", log]
        refused = asr(*run, DASHSCOPE_API_KEY=KEY)
        (tmp_path / "wrong").write_text(KEY)
        by_file = asr(*run, "--api-key-file", tmp_path / "wrong")
        accepted = asr(*run, "--pace", "max", "--api-key-file", tmp_path / "right")
    assert (refused.returncode, by_file.returncode, accepted.returncode) == (5, 5, 0)
    assert "InvalidApiKey: Invalid API-key provided (task" in refused.stderr
    assert "check the key: the server at this address does not accept it" in refused.stderr
    assert KEY not in refused.stderr + by_file.stderr + log.read_text()
    assert "sk-right" not in accepted.stderr + log.read_text()


def test_a_key_that_cannot_be_one_is_refused_before_it_travels(tmp_path: Path) -> None:
    """A file with two lines, or none, is named."""
    (tmp_path / "two").write_text("sk-a\nsk-b\n")
    (tmp_path / "none").touch()
    for name in ("two", "none", "missing"):
        done = asr("file", CLIP, "--url", "ws://127.0.0.1:1", "--api-key-file", tmp_path / name)
        assert done.returncode == 2
        assert "--api-key-file" in done.stderr
        assert "sk-a" not in done.stderr


@pytest.mark.skipif(os.name == "nt" or not Path("/dev/full").exists(), reason="needs /dev/full to be a full disk")
def test_a_full_disk_is_named(scripted: str, tmp_path: Path) -> None:
    """The transcript cannot be written: exit 2 and which file, standard output too."""
    file = wav(tmp_path / "a.wav", tone(1000))
    done = asr("file", file, "--url", scripted, "--pace", "max", "-o", "/dev/full")
    assert done.returncode == 2
    assert "cannot write /dev/full: No space left on device" in done.stderr
    for command in ("--help", "file --help", "file --help-all", "help file", "--version"):
        assert shell(f"{command} >&-") == (2, "asr: cannot write standard output: it is closed")
        assert shell(f"{command} >/dev/full") == (2, "asr: cannot write standard output: No space left on device")
        reading, writing = os.pipe()
        os.close(reading)
        nobody_reads = subprocess.run([*ASR, *command.split()], stdout=writing, stderr=writing, check=False)
        os.close(writing)
        assert nobody_reads.returncode == 0
    done = asr("file", file, "--url", scripted, "--pace", "max", "--log-file", "/dev/full", "-q")
    assert (done.returncode, "cannot write /dev/full: no space" in done.stderr, done.stderr.count("\n")) == (0, True, 1)
    for command in (f"file {file} --url {scripted} --pace max", "schema"):
        assert shell(f"{command} >/dev/full") == (2, "asr: cannot write standard output: No space left on device")
        assert shell(f"{command} >&-") == (2, "asr: cannot write standard output: it is closed")


@pytest.mark.skipif(os.name == "nt", reason="needs a POSIX shell")
def test_standard_input_that_can_hold_no_audio_is_named() -> None:
    """Closed, or nothing in it."""
    assert shell("file - --local <&-") == (3, "asr: standard input: has no audio: pipe some into it")
    assert shell("file - --url ws://127.0.0.1:1 </dev/null")[0] == 4


def shell(command: str) -> tuple[int, str]:
    """A command line in a shell: its exit code and the last line on standard error."""
    line = f"exec {shlex.join(ASR)} {command}"
    done = subprocess.run(line, shell=True, capture_output=True, text=True, env=environment(), check=False)  # noqa: S602
    return done.returncode, done.stderr.splitlines()[-1]
