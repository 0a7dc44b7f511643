"""The library: what runs of every kind leave in it, what is found and done with it, and that it never harms a run."""

import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.live.test_rights import bound
from tests.support.command import ASR, PATIENCE_S, asr, environment, lines, started
from tests.support.journals import began, final, session, spoken
from tests.support.microphone import Microphone
from tests.support.terminal import on_terminal
from tests.support.tone import tone, wav


@pytest.fixture
def home(tmp_path: Path) -> dict[str, str]:
    """The environment of a user with a state directory of their own, who keeps transcripts."""
    env = {"XDG_STATE_HOME": str(tmp_path / "state"), "XDG_CONFIG_HOME": str(tmp_path / "config")}
    assert asr("config", "set", "library", "on", **env).returncode == 0
    return env


def library(home: dict[str, str]) -> Path:
    """Where the library is."""
    return Path(home["XDG_STATE_HOME"], "asrcli", "library.db")


def listed(home: dict[str, str], *more: object) -> list[dict[str, Any]]:
    """All sessions."""
    sessions: list[dict[str, Any]] = json.loads(asr("sessions", "--json", *more, **home).stdout)
    return sessions


def hits(home: dict[str, str], *words: str) -> list[dict[str, Any]]:
    """What a search finds."""
    found: list[dict[str, Any]] = json.loads(asr("search", *words, "--json", "--limit", "0", **home).stdout)
    return found


def test_what_was_transcribed_is_found_shown_exported_kept_and_deleted(
    scripted: str, tmp_path: Path, home: dict[str, str]
) -> None:
    """From the first run to the last command; a run that is to leave nothing leaves nothing."""
    a, b = wav(tmp_path / "a.wav", tone(2500)), wav(tmp_path / "b.wav", tone(1500))
    run = ["file", a, b, "--url", scripted, "--pace", "max", "-f", "jsonl"]
    first = asr(*run, **home)
    said = [event for event in lines(first.stdout) if event["type"] == "final"]
    assert asr(*run, "--no-library", **home).stdout != ""
    (one,) = listed(home)
    assert (one["state"], one["sentences"], one["inputs"]) == ("finished", len(said), [str(a), str(b)])
    word = said[-1]["text"].split()[0]
    hit = next(hit for hit in hits(home, word) if hit["begin_ms"] == said[-1]["begin_ms"])
    assert (hit["source"], hit["session"], hit["text"]) == (str(b), one["id"], said[-1]["text"])
    assert hit["source_ms"] < 1500
    shown = asr("search", word, "nowhere-at-all", **home)
    assert (shown.returncode, shown.stdout) == (0, "")
    assert "no transcript in the library holds" in shown.stderr
    page = asr("search", word, "--limit", "1", **home)
    assert said[-1]["text"] in page.stdout
    assert "--limit 0 all of them" in page.stderr or len(hits(home, word)) == 1
    assert said[0]["text"] in asr("sessions", "show", one["id"][:13], **home).stdout
    again = asr("sessions", "export", one["id"], "-f", "jsonl", **home)
    assert [event for event in lines(again.stdout) if event["type"] == "final"] == said
    srt = asr(*run[:-2], "-f", "srt", "--no-library", **home)
    assert asr("sessions", "export", one["id"], "-f", "srt", **home).stdout == srt.stdout
    assert asr("sessions", "export", one["id"], "-o", tmp_path / "x.html", **home).returncode == 0
    assert "b.wav" in (tmp_path / "x.html").read_text()
    assert asr("sessions", "keep", one["id"], **home).returncode == 0
    assert "nothing" in asr("sessions", "purge", "--library-max-age", "0.0h", **home).stdout
    assert "kept" in asr("sessions", **home).stdout
    assert asr("sessions", "delete", "--yes", one["id"], **home).returncode == 0
    assert listed(home) == hits(home, word) == []


def test_the_limits_delete_what_is_old_when_a_run_ends_and_on_demand(
    scripted: str, tmp_path: Path, home: dict[str, str]
) -> None:
    """The limit is a setting; purge asks before."""
    sound = wav(tmp_path / "a.wav", tone(1500))
    run = ["file", sound, "--url", scripted, "--pace", "max", "-q"]
    asr(*run, **home)
    with closing(sqlite3.connect(library(home))) as connection:
        connection.execute("UPDATE session SET begun_s = 1000, id = '20200101-000000-0000'")
        connection.commit()
    assert asr("config", "set", "library-max-age", "30d", **home).returncode == 0
    refused = asr("sessions", "purge", **home)
    assert (refused.returncode, len(listed(home))) == (2, 1)
    assert "delete 1 transcript from the library: 20200101-000000-0000" in refused.stderr
    asr(*run, **home)
    (left,) = listed(home)
    assert left["id"] != "20200101-000000-0000"
    assert asr("sessions", "purge", "--library-max-size", "1k", "--yes", **home).stdout == f"{left['id']} deleted\n"
    assert asr("config", "set", "library-max-age", "soon", **home).returncode == 2


@pytest.mark.parametrize("kind", ["damaged", "newer", "foreign"])
def test_a_library_that_cannot_be_used_harms_no_run(
    scripted: str, tmp_path: Path, home: dict[str, str], kind: str
) -> None:
    """The transcript, the exit code and the file are as without it, and one line says what is wrong."""
    sound = wav(tmp_path / "a.wav", tone(1500))
    run = ["file", sound, "--url", scripted, "--pace", "max", "-q"]
    good = asr(*run, **home)
    if kind == "damaged":
        library(home).write_bytes(b"no database " * 1000)
    else:
        with closing(sqlite3.connect(library(home))) as connection:
            connection.execute(f"PRAGMA {'user_version = 99' if kind == 'newer' else 'application_id = 1'}")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    before = library(home).read_bytes()
    looked = asr("search", "x", **home)
    assert (looked.returncode, looked.stderr.count("\n")) == (3, 1)
    assert asr("sessions", **home).returncode == 0
    bad = asr(*run, **home)
    assert (bad.returncode, bad.stdout, bad.stderr.count("\n")) == (0, good.stdout, 1), bad.stderr
    if kind == "damaged":
        (aside,) = library(home).parent.glob("library.damaged-*.db")
        assert aside.read_bytes() == before
        assert len(listed(home)) == 1
    else:
        assert library(home).read_bytes() == before
        assert "this transcript is not in the library" in bad.stderr


@pytest.mark.skipif(bound() is None, reason="nothing here takes the superuser's powers away")
def test_a_library_that_cannot_be_written_harms_no_run(scripted: str, tmp_path: Path, home: dict[str, str]) -> None:
    """One that may only be read can be searched; neither this nor a disk without room costs a word or the exit code."""
    sound = wav(tmp_path / "a.wav", tone(1500))
    run = ["file", sound, "--url", scripted, "--pace", "max", "-q", "--no-journal"]
    good = asr(*run, **home)
    limited = "import os, resource, sys\nresource.setrlimit(resource.RLIMIT_FSIZE, (9000, 9000))\n"
    full = [sys.executable, "-c", limited + "os.execv(sys.argv[1], sys.argv[1:])", *ASR]
    library(home).chmod(0o400)
    library(home).parent.chmod(0o500)
    try:
        for command in ([*(bound() or ()), *ASR], full):
            done = subprocess.run(
                [*command, *map(str, run)], capture_output=True, text=True, check=False, timeout=PATIENCE_S,
                env=environment(**home),
            )  # fmt: skip
            assert (done.returncode, done.stdout, done.stderr.count("\n")) == (0, good.stdout, 1), done.stderr
            assert "this transcript is not in the library" in done.stderr
            library(home).parent.chmod(0o700)
            library(home).chmod(0o600)
    finally:
        library(home).parent.chmod(0o700)
    assert len(listed(home)) == 1


def test_a_session_of_the_journal_and_its_transcript_are_one(tmp_path: Path, home: dict[str, str]) -> None:
    """Keep takes the text of a session that only the journal has; to delete it deletes both."""
    folder = library(home).parent / "sessions"
    session(folder, spoken(0, 2000), [began(), final(0, 900, "会议 one"), final(1000, 1900, "two")])
    silent = "20261124-230501-ffff"
    session(folder, spoken(0, 2000), name=silent)
    assert asr("search", "会议", **home).returncode == 3
    assert asr("sessions", "keep", silent, **home).returncode == 2
    assert asr("sessions", "keep", "20261124-230501-a1b2", **home).returncode == 0
    assert [(each["id"][-4:], each["library"], each["kept"]) for each in listed(home)] == [
        ("ffff", False, False), ("a1b2", True, True),
    ]  # fmt: skip
    (hit,) = hits(home, "会议")
    assert hit["after"][0]["text"] == "two"
    assert "会议 one" in asr("sessions", "export", "20261124-230501-a", **home).stdout
    assert asr("sessions", "show", "20261124-230501", **home).returncode == 2
    assert asr("sessions", "delete", "--yes", "20261124-230501-a1b2", **home).returncode == 0
    assert ([each["id"][-4:] for each in listed(home)], hits(home, "会议")) == (["ffff"], [])
    for wrong in (["list", "x"], ["show"], ["show", "a", "b"], ["list", "-f", "srt"], ["purge"], ["show", "nobody"]):
        assert asr("sessions", *wrong, **home).returncode == 2


def test_a_run_that_is_resumed_and_a_batch_leave_their_transcripts(
    scripted: str, tmp_path: Path, home: dict[str, str]
) -> None:
    """The resumed one with all its sentences, once, under the name of its journal; the batch one for each input."""
    sound = wav(tmp_path / "a.wav", tone(6000))
    out = tmp_path / "out.jsonl"
    with started("file", sound, "--url", scripted, "--pace", "2", "-o", out, **home) as process:
        part = tmp_path / "out.jsonl.part"
        while '"final"' not in (part.read_text() if part.exists() else ""):
            assert process.poll() is None
        process.kill()
        process.wait()
    (left,) = listed(home)
    assert not left["library"]
    resumed = asr("resume", "--yes", **home)
    assert resumed.returncode == 0, resumed.stderr
    (one,) = listed(home)
    finals = [event for event in lines(out.read_text()) if event["type"] == "final"]
    assert (one["id"], one["sentences"], one["outputs"]) == (left["id"], len(finals), [str(out)])
    sounds = [wav(tmp_path / f"{name}.wav", tone(1500)) for name in "bc"]
    batch = asr("batch", *sounds, "--out", tmp_path / "texts", "--url", scripted, "--pace", "max", "-q", **home)
    assert batch.returncode == 0, batch.stderr
    assert sorted(each["inputs"][0][-5:] for each in listed(home)) == ["a.wav", "b.wav", "c.wav"]


@pytest.mark.parametrize("answer", ["y", ""])
def test_the_first_talk_asks_once_whether_transcripts_are_kept(
    microphone: Microphone, scripted: str, tmp_path: Path, answer: str
) -> None:
    """The answer is remembered, and this very talk is kept; the session of the journal and its text are one."""
    home = {"XDG_STATE_HOME": str(tmp_path / "state"), "XDG_CONFIG_HOME": str(tmp_path / "config")}
    run = ["mic", "--url", scripted, "--for", "2s"]
    with on_terminal(*run, **microphone.environment, **home, CI="") as terminal:
        terminal.wait_for("[y/N]")
        terminal.send(f"{answer}\n")
        assert terminal.finish() == 0
    assert (
        (tmp_path / "config" / "asrcli" / "config.toml").read_text().count(f"library = {'true' if answer else 'false'}")
    )
    (one,) = listed(home)
    assert one["library"] is bool(answer)
    assert "y/N" not in asr(*run, **microphone.environment, **home).stderr
    assert [each["library"] for each in listed(home)] == [bool(answer)] * 2
