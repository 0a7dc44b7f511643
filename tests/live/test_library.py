"""The library: what runs of every kind leave in it, what is found and done with it, and that it never harms a run."""

import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from asrcli.cli.app import load_command
from asrcli.cli.builders import library_writing
from asrcli.library.library_entry import LibraryEntry
from asrcli.library.library_limits import LibraryLimits
from tests.support.command import ASR, PATIENCE_S, asr, environment, lines, started
from tests.support.journals import began, final, session, spoken
from tests.support.microphone import Microphone
from tests.support.terminal import on_terminal
from tests.support.tone import tone, wav
from tests.support.unprivileged import bound


class Home:
    """A user with a state directory of their own. What transcribes nothing runs in this process, which is faster."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.env: dict[str, Any] = {
            "XDG_STATE_HOME": str(folder / "state"),
            "XDG_CONFIG_HOME": str(folder / "config"),
        }
        self.library = folder / "state" / "asrcli" / "library.db"
        self._capsys = capsys

    def do(self, command: str, *arguments: object) -> "subprocess.CompletedProcess[str]":
        """Run a command here."""
        code: object = 0
        try:
            load_command(command).main(list(map(str, arguments)), standalone_mode=False)
        except SystemExit as exc:
            code = exc.code
        assert isinstance(code, int)
        written = self._capsys.readouterr()
        return subprocess.CompletedProcess([command], code, written.out, written.err)

    def run(self, *arguments: object) -> "subprocess.CompletedProcess[str]":
        """Run a command as a process."""
        return asr(*arguments, **self.env)

    def listed(self) -> list[dict[str, Any]]:
        """All sessions."""
        sessions: list[dict[str, Any]] = json.loads(self.do("sessions", "--json").stdout)
        return sessions

    def hits(self, *words: str) -> list[dict[str, Any]]:
        """What a search finds."""
        found: list[dict[str, Any]] = json.loads(self.do("search", *words, "--json", "--limit", "0").stdout)
        return found


@pytest.fixture
def home(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Home:
    """A user who keeps transcripts."""
    made = Home(tmp_path, capsys)
    for name, value in made.env.items():
        monkeypatch.setenv(name, value)
    assert made.do("config", "set", "library", "on").returncode == 0
    return made


def test_what_was_transcribed_is_found_shown_exported_kept_and_deleted(
    scripted: str, tmp_path: Path, home: Home
) -> None:
    """From the first run to the last command; a run that is to leave nothing leaves nothing."""
    a, b = wav(tmp_path / "a.wav", tone(2500)), wav(tmp_path / "b.wav", tone(1500))
    run = ["file", a, b, "--url", scripted, "--pace", "max", "-f", "jsonl"]
    first = home.run(*run)
    said = [event for event in lines(first.stdout) if event["type"] == "final"]
    srt = home.run(*run[:-2], "-f", "srt", "--no-library")
    (one,) = home.listed()
    assert (one["state"], one["sentences"], one["inputs"]) == ("finished", len(said), [str(a), str(b)])
    word = said[-1]["text"].split()[0]
    hit = next(hit for hit in home.hits(word) if hit["begin_ms"] == said[-1]["begin_ms"])
    assert (hit["source"], hit["session"], hit["text"]) == (str(b), one["id"], said[-1]["text"])
    assert hit["source_ms"] < 1500
    shown = home.do("search", word, "nowhere-at-all")
    assert (shown.returncode, shown.stdout) == (0, "")
    assert "no transcript in the library contains" in shown.stderr
    page = home.do("search", word, "--limit", "1")
    assert said[-1]["text"] in page.stdout
    assert "--limit 0 all of them" in page.stderr or len(home.hits(word)) == 1
    assert said[0]["text"] in home.do("sessions", "show", one["id"][:13]).stdout
    again = home.do("sessions", "export", one["id"], "-f", "jsonl")
    assert [event for event in lines(again.stdout) if event["type"] == "final"] == said
    assert home.do("sessions", "export", one["id"], "-f", "srt").stdout == srt.stdout
    assert home.do("sessions", "export", "last", "-f", "srt").stdout == srt.stdout
    assert home.do("sessions", "export", one["id"], "-o", tmp_path / "x.html").returncode == 0
    assert "b.wav" in (tmp_path / "x.html").read_text()
    assert home.do("sessions", "keep", one["id"]).returncode == 0
    assert "nothing" in home.do("sessions", "purge", "--library-max-age", "0.0h").stdout
    assert "kept" in home.do("sessions").stdout
    assert home.do("sessions", "delete", "--yes", one["id"]).returncode == 0
    assert home.listed() == home.hits(word) == []


def test_the_limits_delete_what_is_old_when_a_run_ends_and_on_demand(scripted: str, tmp_path: Path, home: Home) -> None:
    """The limit is a setting; purge asks before."""
    sound = wav(tmp_path / "a.wav", tone(1500))
    run = ["file", sound, "--url", scripted, "--pace", "max", "-q"]
    home.run(*run)
    with closing(sqlite3.connect(home.library)) as connection:
        connection.execute("UPDATE session SET begun_s = 1000, id = '20200101-000000-0000'")
        connection.commit()
    assert home.do("config", "set", "library-max-age", "30d").returncode == 0
    refused = home.do("sessions", "purge")
    assert (refused.returncode, len(home.listed())) == (2, 1)
    assert "delete 1 transcript from the library: 20200101-000000-0000" in refused.stderr
    home.run(*run)
    (left,) = home.listed()
    assert left["id"] != "20200101-000000-0000"
    assert home.do("sessions", "purge", "--library-max-size", "1k", "--yes").stdout == f"{left['id']} deleted\n"
    assert home.do("config", "set", "library-max-age", "soon").returncode == 2


def test_a_library_that_cannot_be_used_harms_no_run(scripted: str, tmp_path: Path, home: Home) -> None:
    """The transcript, the exit code and the file are as without it, and one line says what is wrong."""
    sound = wav(tmp_path / "a.wav", tone(1500))
    run = ["file", sound, "--url", scripted, "--pace", "max", "-q"]
    good = home.run(*run)
    for pragma in ("user_version = 99", "application_id = 1", ""):
        if pragma:
            with closing(sqlite3.connect(home.library)) as connection:
                connection.execute(f"PRAGMA {pragma}")
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        else:
            home.library.write_bytes(b"no database " * 1000)
        before = home.library.read_bytes()
        looked = home.do("search", "x")
        assert (looked.returncode, looked.stderr.count("\n")) == (3, 1)
        assert home.do("sessions").returncode == 0
        bad = home.run(*run)
        assert (bad.returncode, bad.stdout, bad.stderr.count("\n")) == (0, good.stdout, 1), bad.stderr
        if pragma:
            assert home.library.read_bytes() == before
            assert "this transcript is not in the library" in bad.stderr
    (aside,) = home.library.parent.glob("library.damaged-*.db")
    assert aside.read_bytes() == before
    assert len(home.listed()) == 1


@pytest.mark.skipif(bound() is None, reason="nothing here takes the superuser's powers away")
def test_a_library_that_cannot_be_written_harms_no_run(scripted: str, tmp_path: Path, home: Home) -> None:
    """One that may only be read can be searched; neither this nor a disk without room costs a word or the exit code."""
    sound = wav(tmp_path / "a.wav", tone(1500))
    run = ["file", sound, "--url", scripted, "--pace", "max", "-q", "--no-journal"]
    good = home.run(*run)
    limited = "import os, resource, sys\nresource.setrlimit(resource.RLIMIT_FSIZE, (9000, 9000))\n"
    full = [sys.executable, "-c", limited + "os.execv(sys.argv[1], sys.argv[1:])", *ASR]
    # What counts the lines that run could not write its own file there.
    alone = {name: value for name, value in environment(**home.env).items() if not name.startswith("COVERAGE")}
    home.library.chmod(0o400)
    home.library.parent.chmod(0o500)
    try:
        for command in ([*(bound() or ()), *ASR], full):
            done = subprocess.run(
                [*command, *map(str, run)], capture_output=True, text=True, check=False, timeout=PATIENCE_S, env=alone
            )
            assert (done.returncode, done.stdout, done.stderr.count("\n")) == (0, good.stdout, 1), done.stderr
            assert "this transcript is not in the library" in done.stderr
            home.library.parent.chmod(0o700)
            home.library.chmod(0o600)
    finally:
        home.library.parent.chmod(0o700)
    assert len(home.listed()) == 1


def test_a_session_of_the_journal_and_its_transcript_are_one(home: Home) -> None:
    """Keep takes the text of a session that only the journal has; to delete it deletes both."""
    folder = home.library.parent / "sessions"
    session(folder, spoken(0, 2000), [began(), final(0, 900, "会议 one"), final(1000, 1900, "two")])
    silent = "20261124-230501-ffff"
    session(folder, spoken(0, 2000), name=silent)
    assert home.do("search", "会议").returncode == 3
    refused = home.run("sessions", "keep", silent)
    assert (refused.returncode, refused.stderr.endswith(f"; asr resume {silent} transcribes it\n")) == (2, True)
    exported = home.run("sessions", "export", silent)
    assert (exported.returncode, exported.stdout, "has no text; asr resume" in exported.stderr) == (0, "", True)
    assert home.do("sessions", "keep", "20261124-230501-a1b2").returncode == 0
    assert [(each["id"][-4:], each["library"], each["kept"]) for each in home.listed()] == [
        ("ffff", False, False), ("a1b2", True, True),
    ]  # fmt: skip
    (hit,) = home.hits("会议")
    assert hit["after"][0]["text"] == "two"
    assert "会议 one" in home.do("sessions", "export", "20261124-230501-a").stdout
    assert home.do("sessions", "show", "20261124-230501").returncode == 2
    assert home.do("sessions", "delete", "--yes", "20261124-230501-a1b2").returncode == 0
    assert ([each["id"][-4:] for each in home.listed()], home.hits("会议")) == (["ffff"], [])
    for wrong in (["list", "x"], ["show"], ["show", "a", "b"], ["list", "-f", "srt"], ["purge"], ["show", "nobody"]):
        assert home.do("sessions", *wrong).returncode == 2


def test_a_run_that_is_resumed_and_a_batch_leave_their_transcripts(scripted: str, tmp_path: Path, home: Home) -> None:
    """The resumed one with all its sentences, once, under the name of its journal; the batch one for each input."""
    sound = wav(tmp_path / "a.wav", tone(6000))
    out = tmp_path / "out.jsonl"
    with started("file", sound, "--url", scripted, "--pace", "2", "-o", out, **home.env) as process:
        sessions = home.library.parent / "sessions"
        while not any('"final"' in path.read_text() for path in sessions.glob("*/events.jsonl")):
            assert process.poll() is None
        process.kill()
        process.wait()
    (left,) = home.listed()
    assert not left["library"]
    resumed = home.run("resume", "--yes")
    assert resumed.returncode == 0, resumed.stderr
    (one,) = home.listed()
    finals = [event for event in lines(out.read_text()) if event["type"] == "final"]
    assert (one["id"], one["sentences"], one["outputs"]) == (left["id"], len(finals), [str(out)])
    sounds = [wav(tmp_path / f"{name}.wav", tone(1500)) for name in "bc"]
    batch = home.run("batch", *sounds, "--out", tmp_path / "texts", "--url", scripted, "--pace", "max", "-q")
    assert batch.returncode == 0, batch.stderr
    assert sorted(each["inputs"][0][-5:] for each in home.listed()) == ["a.wav", "b.wav", "c.wav"]


@pytest.mark.parametrize("is_added", [False, True])
def test_a_run_that_is_killed_around_its_entry_leaves_one(
    scripted: str, tmp_path: Path, home: Home, monkeypatch: pytest.MonkeyPatch, *, is_added: bool
) -> None:
    """Before it is in the library, or between that and the end of the journal: `asr resume` adds it, but not twice."""

    class Killed(BaseException):
        """Nothing of the program runs after this."""

    def killed(entry: LibraryEntry, limits: LibraryLimits) -> None:
        if is_added:
            library_writing.transcript_library().add(entry, limits, 0)
        raise Killed

    sound = wav(tmp_path / "a.wav", tone(1500))
    monkeypatch.setattr(library_writing, "add", killed)
    with pytest.raises(Killed):
        home.do("file", sound, "--url", scripted, "--pace", "max", "-o", tmp_path / "a.txt", "-q")
    assert len(home.listed()) == 1
    done = home.run("resume", "--yes")
    assert done.returncode == 0, done.stderr
    (one,) = home.listed()
    assert (one["library"], home.run("resume", "--yes").returncode) == (True, 0)


@pytest.mark.parametrize("answer", ["y", ""])
def test_the_first_talk_asks_once_whether_transcripts_are_kept(
    microphone: Microphone, scripted: str, tmp_path: Path, home: Home, answer: str
) -> None:
    """The answer is remembered, and this very talk is kept; the session of the journal and its text are one.

    A talk that ends by itself asks nothing: nobody need be there, and whatever follows it would wait.
    """
    settings = tmp_path / "config" / "asrcli" / "config.toml"
    settings.unlink()
    run, env = ["mic", "--url", scripted], microphone.environment | home.env
    if not answer:
        with on_terminal(*run, "--for", "1500ms", "--no-journal", **env, CI="") as terminal:
            assert terminal.finish() == 0
            assert not any("y/N" in row for row in terminal.rows())
        assert not settings.exists()
    with on_terminal(*run, **env, CI="") as terminal:
        terminal.wait_for("sentence 1")  # a talk without a sentence is nothing to keep
        terminal.send("q")
        terminal.wait_for("[y/N]")
        terminal.send(f"{answer}\n")
        assert terminal.finish() == 0
    assert f"library = {'true' if answer else 'false'}" in settings.read_text()
    (one,) = home.listed()
    assert one["library"] is bool(answer)
    if not answer:
        with on_terminal(*run, **env, CI="") as terminal:
            terminal.wait_for("sentence 1")
            terminal.send("q")
            terminal.finish()
            assert not any("y/N" in row for row in terminal.rows())
