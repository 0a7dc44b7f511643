"""A transcript for which a disk has no room: its words are kept, it is said where, and they are written later."""

import os
import re
import subprocess
import sys
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from asrcli.core.events import Ended, Notice
from tests.support.command import ASR, PATIENCE_S, asr, environment
from tests.support.journals import HEADER, began, final, session, spoken
from tests.support.limited_disk import LIMITED
from tests.support.microphone import Microphone
from tests.support.tone import tone, wav

SENTENCES = [final(begin, begin + 900, f"sentence {begin // 1000}") for begin in range(0, 3000, 1000)]


def test_a_talk_that_found_no_room_is_written_again_though_all_of_it_was_heard(scripted: str, tmp_path: Path) -> None:
    """Once: then there is nothing to resume. The state of the session is that of its audio."""
    out, journal = tmp_path / "talk.txt", tmp_path / "kept"
    part = tmp_path / "talk.txt.part"
    header = replace(HEADER, begun=datetime.now().astimezone().isoformat(), service=scripted)
    header = replace(header, showing={"formats": ["text"], "paths": [str(out)]})
    failed = Notice("warning", "cannot write talk.txt: No space left on device", str(out))
    part.write_text("sentence 0\nsente")
    ended = Ended(3000, 3000, 0, 3, 0, None, None, None, 3000, final_ms=2700, silence_ms=300, live=True)
    session(journal, spoken(0, 3000), [began(), SENTENCES[0], failed, *SENTENCES[1:], ended], header=header)
    done = asr("resume", "--yes", "--journal", journal)
    assert done.returncode == 0, done.stderr
    assert out.read_text().splitlines()[:3] == ["sentence 0", "sentence 1", "sentence 2"]
    assert not part.exists()
    assert "nothing to resume" in asr("resume", "--yes", "--journal", journal).stderr


needs_limit = pytest.mark.skipif(os.name == "nt", reason="needs a limit for the size of files")


def with_room_for(limit_bytes: int, *arguments: object, **env: str) -> "subprocess.CompletedProcess[str]":
    """Run `asr` where no file can be longer. What measures coverage would need room for a file of its own."""
    alone = {name: value for name, value in environment(**env).items() if not name.startswith("COVERAGE")}
    command = [sys.executable, "-c", LIMITED.format(limit_bytes), *ASR, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, env=alone, timeout=PATIENCE_S, check=False, text=True)


@needs_limit
def test_audio_that_found_no_room_ends_the_run_with_an_error(
    microphone: Microphone, scripted: str, tmp_path: Path
) -> None:
    """A warning at once, the whole transcript, and at the end exit code 2 with the file and how far it reaches."""
    out, saved = tmp_path / "talk.txt", tmp_path / "talk.wav"
    arguments = ("mic", "--for", "2500ms", "--url", scripted, "--no-journal", "-o", out, "--save-audio", saved)
    done = with_room_for(20_000, *arguments, "--backend", "parec", **microphone.environment)
    said = re.findall("(?m)^asr: (cannot write )?(.*): the audio is saved up to 0[.][0-9] s only: (.*)$", done.stderr)
    assert said == [("", str(saved), "file too large"), ("cannot write ", str(saved), "file too large")], done.stderr
    assert (done.returncode, len(out.read_text().splitlines())) == (2, 3)


@needs_limit
def test_a_record_that_found_no_room_ends_the_run_with_an_error(scripted: str, tmp_path: Path) -> None:
    """The transcript is whole, and the exit code says that the record is not."""
    sound = wav(tmp_path / "a.wav", tone(6000))
    arguments = ("file", sound, "--url", scripted, "--pace", "max", "--no-journal", "--record", tmp_path / "a.asrz")
    done = with_room_for(700, *arguments)
    assert (done.returncode, len(done.stdout.splitlines())) == (2, 6), done.stderr
    assert done.stderr.splitlines()[-1] == f"asr: cannot write {tmp_path}/a.asrz: the record ends here: file too large"


@needs_limit
def test_a_log_that_found_no_room_is_told_of_at_the_end(scripted: str, tmp_path: Path) -> None:
    """The transcript is whole, and the log has whole lines only."""
    sound, log = wav(tmp_path / "a.wav", tone(6000)), tmp_path / "log"
    arguments = ("file", sound, "--url", scripted, "--pace", "max", "--no-journal", "--log-file", log)
    done = with_room_for(700, *arguments)
    assert (done.returncode, len(done.stdout.splitlines())) == (0, 6), done.stderr
    said = f"asr: cannot write {log}: file too large; it lacks [0-9]+ lines"
    assert re.fullmatch(said, done.stderr.splitlines()[-1]), done.stderr
    assert log.read_text().endswith("\n")
    assert 0 < log.stat().st_size <= 700


@needs_limit
@pytest.mark.parametrize("append", [False, True])
def test_words_that_found_no_room_are_written_again(scripted: str, tmp_path: Path, append: bool) -> None:
    """The run goes on for the journal, and `asr resume` writes all words, each once, and transcribes nothing again.

    With --append the file holds other words too: it stays as it is, and another one gets them.
    """
    sound = wav(tmp_path / "a.wav", tone(5800) + bytes(6400))  # the quiet at its end would be sent again
    out, journal = tmp_path / "talk.txt", tmp_path / "kept"
    if append:
        out.write_text("earlier words\n")
    limit_bytes = 8000  # the journal is smaller
    arguments = ["file", sound, "--url", scripted, "--pace", "max", "-o", out, "--journal", journal]
    arguments += ["--template", "{text} " * 300, *["--append"] * append]
    done = with_room_for(limit_bytes, *arguments)
    (session,) = [path.name for path in journal.iterdir()]
    assert done.returncode == 2
    assert f"the run goes on, and its words are kept as {session}: see asr sessions" in done.stderr
    assert f"to rewrite the transcript with all its words: asr resume {session}" in done.stderr
    assert out.exists() == append
    moved = sound.rename(tmp_path / "b.wav")
    resumed = asr("resume", "--yes", "--journal", journal)
    assert resumed.returncode == 3
    export = f"asr sessions export {session} --journal {journal}"
    problem = f"asr: {sound}: no such file or directory; the words so far: {export}"
    assert problem in resumed.stderr.splitlines()
    exported = asr(*export.split()[1:])
    assert (exported.returncode, len(exported.stdout.splitlines())) == (0, 6), exported.stderr
    moved.rename(sound)
    resumed = asr("resume", "--yes", "--journal", journal)
    assert resumed.returncode == 0, resumed.stderr
    if append:
        assert out.read_text().startswith("earlier words\n")
        out = tmp_path / "talk.resumed.txt"
    assert [line.split(" ")[1] for line in out.read_text().splitlines()] == [*"123456"]
    assert "captured 0.00 s" in resumed.stderr
    assert not list(journal.iterdir())
