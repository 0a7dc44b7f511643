"""What was said is kept: runs that are killed, cut off or short of disk, and the commands that come after them."""

import json
import random
import resource
import signal
import socket
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from asrcli.recovery.resume_point import MARGIN_MS
from asrcli.recovery.spans import Spans
from tests.live.mic_runs import finish, listening, texts, truth
from tests.support.command import CLIP, asr, lines, serving, started, word_errors
from tests.support.journals import began, session, spoken
from tests.support.microphone import Microphone
from tests.support.tone import silence, tone, wav
from tests.support.wire import wait_until

pytestmark = pytest.mark.timeout(180)


def events(path: Path, *kinds: str) -> list[dict[str, Any]]:
    """The lines of these kinds in a transcript, or in the journal."""
    return [line for line in lines(path.read_text()) if line["type"] in kinds]


def only(folder: Path) -> Path:
    """The one session there is."""
    (path,) = folder.iterdir()
    return path


def in_order(path: Path) -> bool:
    """Whether each sentence is there once, and each where the one before ended, or in the quiet just before that.

    Or behind a gap that is named there: on a busy machine the device may lose some audio.
    """
    finals, gaps = events(path, "final"), Spans()
    for gap in events(path, "gap"):
        gaps.add(gap["begin_ms"], gap["end_ms"])
    numbers = [line["sentence"] for line in finals]
    return numbers == list(range(1, len(finals) + 1)) and all(
        after["begin_ms"] >= before["end_ms"] - MARGIN_MS
        and not gaps.missing(before["end_ms"], max(before["end_ms"], after["begin_ms"]))
        for before, after in pairwise(finals)
    )


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_kill_9_costs_the_last_second_at_most(microphone: Microphone, scripted: str, tmp_path: Path, seed: int) -> None:
    """At any moment: the transcript goes on where it was, with every sentence once and every second in it."""
    kept, out = tmp_path / "kept", tmp_path / "talk"
    outputs = ("-f", "jsonl", "-f", "text", "-o", out, "--journal", kept)
    with started("mic", "--url", scripted, *outputs, **microphone.environment) as process:
        microphone.wait_for_readers()
        began_at = time.monotonic()
        time.sleep(random.Random(seed).uniform(1.5, 4))
        process.kill()
        process.wait()
        heard_ms = (time.monotonic() - began_at) * 1000
    before = events(tmp_path / "talk.jsonl.part", "final")
    listed = json.loads(asr("sessions", "--json", "--journal", kept).stdout)
    assert [(each["state"], each["sentences"]) for each in listed] == [("interrupted", len(before))]
    done = asr("resume", "--last", "--yes", "--journal", kept)
    assert (done.returncode, done.stdout) == (0, "")
    finals = events(tmp_path / "talk.jsonl", "final")
    assert finals[: len(before)] == before
    assert in_order(tmp_path / "talk.jsonl")
    assert finals[-1]["end_ms"] >= heard_ms - 1000
    assert finals[-1]["end_ms"] >= listed[0]["length_ms"] - 100
    assert (tmp_path / "talk.txt").read_text().splitlines() == [line["text"] for line in finals]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["kept", "talk.jsonl", "talk.txt"]
    assert asr("verify", only(kept).name, "--journal", kept).returncode == 0
    again = asr("resume", "--journal", kept)
    assert (again.returncode, "nothing to resume" in again.stderr) == (0, True)
    never = asr("resume", "--journal", tmp_path / "never")
    assert (never.returncode, "nothing to resume" in never.stderr) == (0, True)


@pytest.mark.parametrize("has_end", [False, True])
def test_a_run_that_was_killed_when_all_had_its_text_still_gets_its_files(
    microphone: Microphone, scripted: str, tmp_path: Path, *, has_end: bool
) -> None:
    """No audio is left to be heard, but the transcript has no name yet, and perhaps no end."""
    kept, out = tmp_path / "kept", tmp_path / "talk.jsonl"
    assert asr("mic", "--url", scripted, "--for", "2s", "-o", out, "--journal", kept, **microphone.environment)
    journal = only(kept) / "events.jsonl"
    for path in () if has_end else (journal, out):  # as if it had been killed just then
        whole = path.read_text().splitlines(keepends=True)
        path.write_text("".join(line for line in whole if json.loads(line)["type"] != "end"))
    before = events(out, "final")
    out.rename(f"{out}.part")
    assert [each["state"] for each in json.loads(asr("sessions", "--json", "--journal", kept).stdout)] == [
        "finished" if has_end else "interrupted"
    ]
    assert asr("resume", "--last", "--yes", "--url", scripted, "--journal", kept).returncode == 0
    assert events(out, "final") == before
    assert [line["type"] for line in lines(out.read_text())][-1] == "end"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["kept", "talk.jsonl"]
    assert "nothing to resume" in asr("resume", "--journal", kept).stderr


@pytest.mark.slow
def test_words_that_were_spoken_before_a_kill_are_there_once(
    microphone: Microphone, embedded: str, tmp_path: Path
) -> None:
    """In the middle of a word of the second sentence, with subtitles beside it."""
    kept = tmp_path / "kept"
    outputs = ("-f", "text", "-f", "srt", "-o", tmp_path / "talk", "--journal", kept)
    with started("mic", "--url", embedded, *outputs, **microphone.environment) as process:
        microphone.wait_for_readers()
        with microphone.playing(CLIP):
            part = tmp_path / "talk.txt.part"
            wait_until(lambda: part.exists() and "morning" in part.read_text())  # the end of the first sentence
            time.sleep(random.Random().uniform(2, 3.5))
            process.kill()
            process.wait()
    done = asr("resume", "--last", "--yes", "--journal", kept)
    assert done.returncode == 0
    said = (tmp_path / "talk.txt").read_text().split()
    assert word_errors(" ".join(truth().split()[: len(said)]), " ".join(said)) <= 0.1
    assert len(said) >= 12
    assert not (tmp_path / "talk.resumed.srt").exists()
    captions = (tmp_path / "talk.srt").read_text()
    assert [word for word in captions.split() if word.isalpha()].count("meeting") == 1


def test_a_run_that_ends_in_order_is_finished(microphone: Microphone, scripted: str, tmp_path: Path) -> None:
    """Its account is confirmed, it is listed, shown and deleted; another without a journal leaves nothing."""
    kept = tmp_path / "kept"
    with listening(microphone, "--url", scripted, "--journal", kept) as process:
        process.read_until('"final"')
        time.sleep(1.2)
        rest, _ = finish(process)
    path = only(kept)
    listed = asr("sessions", "--journal", kept)
    assert (listed.returncode, path.name in listed.stdout, "finished" in listed.stdout) == (0, True, True)
    shown = asr("sessions", "show", path.name[:12], "--journal", kept)
    assert texts(rest)[:5] in shown.stdout
    verified = json.loads(asr("verify", path.name[:12], "--json", "--journal", kept).stdout)
    assert (verified["problems"], verified["lost_ms"], verified["captured_ms"]) == ([], 0, rest[-1]["audio_ms"])
    assert asr("sessions", "delete", path.name, "--yes", "--journal", kept).returncode == 0
    arguments = ("--url", scripted, "--no-journal", "--for", "1.2s")
    assert asr("mic", *arguments, XDG_STATE_HOME=str(tmp_path), **microphone.environment).returncode == 0
    assert list(kept.iterdir()) == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["kept"]


def test_what_a_broken_connection_cost_is_got_back(microphone: Microphone, scripted: str, tmp_path: Path) -> None:
    """The run names the gap and how to get its text; asr verify does not agree until that is done."""
    kept, out = tmp_path / "kept", tmp_path / "talk.jsonl"
    with serving("--engine", "scripted") as (address, server):
        arguments = ("--url", address, "--no-reconnect", "-o", out, "--journal", kept)
        with started("mic", "-f", "jsonl", *arguments, **microphone.environment) as process, microphone.playing(CLIP):
            part = out.with_name(f"{out.name}.part")
            wait_until(lambda: part.exists() and '"final"' in part.read_text())
            time.sleep(0.5)  # half a sentence
            server.kill()
            _, status = process.communicate(timeout=60)
    assert process.returncode == 4
    name = only(kept).name
    assert f"s have no text yet and are kept: asr resume {name} --journal {kept}" in status
    assert asr("verify", name, "--journal", kept).returncode == 6
    assert asr("resume", name, "--url", scripted, "--journal", kept, "--yes").returncode == 0
    assert in_order(out)
    verified = asr("verify", name, "--journal", kept)
    assert (verified.returncode, verified.stderr) == (0, "")


def test_what_was_said_while_the_first_call_fails_is_kept(
    microphone: Microphone, scripted: str, tmp_path: Path
) -> None:
    """Ctrl-C after some words, before the service has answered: they are lost in the account, and can be got back."""
    kept = tmp_path / "kept"
    with socket.create_server(("127.0.0.1", 0)) as silent:
        arguments = ("--url", f"ws://127.0.0.1:{silent.getsockname()[1]}", "--journal", kept)
        with started("mic", "-f", "jsonl", *arguments, **microphone.environment) as process:
            called, _ = silent.accept()
            microphone.wait_for_readers()
            microphone.play(wav(tmp_path / "a.wav", tone(900) + silence(600)))
            process.send_signal(signal.SIGINT)
            process.read_until("finishing")
            called.close()
            _, status = process.communicate(timeout=60)
    assert process.returncode == 4
    path = only(kept)
    (end,) = events(path / "events.jsonl", "end")
    assert end["lost_ms"] == end["audio_ms"] > 900
    assert f"s have no text yet and are kept: asr resume {path.name} --journal {kept}" in status
    resumed = asr("resume", path.name, "--url", scripted, "--journal", kept, "--yes")
    assert (resumed.returncode, bool(resumed.stdout.strip())) == (0, True)


@pytest.mark.skipif(not hasattr(resource, "prlimit"), reason="limits of another process are a matter of Linux")
def test_a_full_disk_ends_the_journal_and_not_the_run(microphone: Microphone, scripted: str, tmp_path: Path) -> None:
    """One warning; the text goes on; the journal is read as far as it is whole, and the account says what it lacks."""
    kept = tmp_path / "kept"
    with listening(microphone, "--url", scripted, "--journal", kept) as process:
        process.read_until('"final"')
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (60_000, 60_000))
        assert "the journal ends here: file too large" in process.read_until('"warning"')
        process.read_until('"final"')
        rest, status = finish(process)
    assert "journal" not in " ".join(status).replace("the journal ends here", "", 1).replace("the journal is", "", 1)
    verified = asr("verify", only(kept).name, "--json", "--journal", kept)
    assert verified.returncode == 6
    assert json.loads(verified.stdout)["captured_ms"] < rest[-1]["audio_ms"]
    assert "captured: the journal holds" in verified.stderr


def test_a_folder_that_cannot_be_written_is_reported(microphone: Microphone, scripted: str, tmp_path: Path) -> None:
    """And the run does without."""
    (tmp_path / "file").write_text("")
    arguments = ("--url", scripted, "--journal", tmp_path / "file", "--for", "1.2s")
    done = asr("mic", *arguments, **microphone.environment)
    assert done.returncode == 0
    assert f"no journal is kept: {tmp_path}/file: file exists" in done.stderr


def test_the_second_of_two_resumes_is_refused(scripted: str, tmp_path: Path) -> None:
    """And what is in use is neither deleted nor verified."""
    path = session(tmp_path, spoken(0, 90_000), [began()])
    with started("resume", "--last", "-v", "--url", scripted, "--journal", tmp_path) as process:
        process.stderr.readline()
        for command in (["resume", "--last"], ["sessions", "delete", path.name, "--yes"], ["verify", path.name]):
            done = asr(*command, "--journal", tmp_path)
            assert (done.returncode, "is in use" in done.stderr, len(done.stderr.splitlines())) == (2, True, 1)
        assert "in use" in asr("sessions", "--journal", tmp_path).stdout
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)


ONE, TWO, THREE = (f"20261124-23050{number}-a1b2" for number in "123")


@pytest.mark.parametrize(
    ("code", "command", "said"),
    [
        (
            2,
            ["resume", "nine"],
            f"no session nine; the newest: {THREE}, {TWO}, {ONE}",
        ),
        (
            2,
            ["sessions", "show", "20261124"],
            f"session 20261124 could be {THREE}, {TWO}, {ONE}",
        ),
        (2, ["sessions", "delete"], "delete needs an ID"),
        (2, ["sessions", "list", "x"], "list takes no ID"),
        (2, ["resume", "--last", ONE], "--last and a session are both given"),
        (
            3,
            ["resume", TWO],
            f"{TWO}: made by a newer asr (journal version 9, this one reads 1)",
        ),
        (3, ["verify", THREE], f"{THREE}: no journal: its first line is incomplete"),
        (
            2,
            ["resume", ONE, "--model", "fun-asr-flash-8k-realtime"],
            "takes audio at 8000 Hz, not 16000 Hz",
        ),
        (2, ["resume", ONE, "--local", "--url", "ws://x"], "--local and --url are both given"),
        (4, ["resume", ONE, "--url", "ws://127.0.0.1:1"], "cannot connect"),
        (2, ["mic", "--no-journal"], "--journal and --no-journal are both given"),
    ],
)
def test_mistakes_are_one_line_with_an_exit_code(tmp_path: Path, code: int, command: list[str], said: str) -> None:
    """And an exit code; nothing is changed by them."""
    for name in (ONE, TWO, THREE):
        session(tmp_path, spoken(0, 500), [began()], name)
    newer, broken = (
        tmp_path / TWO / "events.jsonl",
        tmp_path / THREE / "events.jsonl",
    )
    newer.write_text(newer.read_text().replace('"version": 1', '"version": 9'))
    broken.write_text("{}\n")
    before = {file: file.read_bytes() for file in tmp_path.glob("*/*")}
    done = asr(*command, "--journal", tmp_path)
    assert (done.returncode, done.stdout) == (code, "")
    assert said in done.stderr.splitlines()[-1]
    assert {file: file.read_bytes() for file in tmp_path.glob("*/*")} == before
