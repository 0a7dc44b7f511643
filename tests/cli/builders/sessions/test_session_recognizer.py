"""`asr resume` of a session of `--local` uses the recognizer that has heard it so far."""

import json
import signal
from dataclasses import replace
from pathlib import Path

import pytest

from asrcli.cli.builders.journal_keeping import open_journal
from asrcli.cli.builders.sessions.session_recognizer import same_recognizer
from asrcli.cli.options.connection import ConnectionOptions
from asrcli.core.errors import UsageError
from asrcli.core.events import Began, Event
from asrcli.protocol.engine_header import LONGEST
from asrcli.recognizers import factory
from asrcli.recognizers.registry import RECOGNIZERS, RecognizerInfo
from tests.support.command import asr, lines, started
from tests.support.journals import final, session, spoken
from tests.support.tone import tone, wav


def heard_by(folder: Path, *names: str) -> Path:
    """A session that these recognizers have heard, one after the other."""
    events: list[Event] = []
    for number, name in enumerate(names):
        events += [Began("given", "m", "t", number * 1000, engine=name), final(number * 1000, number * 1000 + 500)]
    return session(folder, spoken(0, 3000), events)


@pytest.mark.parametrize("info", RECOGNIZERS.values(), ids=RECOGNIZERS)
def test_it_is_the_last_one_of_the_session(tmp_path: Path, info: RecognizerInfo) -> None:
    """A service has none, which changes nothing; another model of the same recognizer is the same one."""
    options = ConnectionOptions(local=True)
    journal = open_journal(heard_by(tmp_path, "", "another model", info.heard_by, ""))
    assert same_recognizer(options, journal).engine == info.name
    journal = open_journal(heard_by(tmp_path / "later", f"{info.name} of a later version"))
    assert same_recognizer(options, journal).engine == info.name


def test_what_the_command_line_says_counts(tmp_path: Path) -> None:
    """Another recognizer, or a service."""
    journal = open_journal(heard_by(tmp_path, "scripted"))
    for options in (ConnectionOptions(local=True, engine="counting"), ConnectionOptions(url="ws://127.0.0.1:9")):
        assert same_recognizer(options, journal) == options
    service = open_journal(heard_by(tmp_path / "service", ""))
    assert same_recognizer(ConnectionOptions(local=True), service).engine is None


def test_one_that_was_removed_is_named(tmp_path: Path) -> None:
    """The best one here may know another language only."""
    journal = open_journal(heard_by(tmp_path, "dialects big-model"))
    with pytest.raises(UsageError, match="dialects big-model is not here"):
        same_recognizer(ConnectionOptions(local=True), journal)


def test_a_long_name_is_found_as_it_was_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server's name of a recognizer has a limit."""
    long = replace(RECOGNIZERS["scripted"], name="long", model="m" * 2 * LONGEST)
    monkeypatch.setattr(factory, "all_recognizers", lambda: ({**RECOGNIZERS, "long": long}, []))
    assert factory.find_heard_by(long.heard_by[:LONGEST]) is long


def test_a_run_that_was_killed_is_continued_by_its_recognizer(tmp_path: Path) -> None:
    """From the command to the transcript."""
    talk, kept, texts = wav(tmp_path / "talk.wav", tone(5000)), tmp_path / "kept", tmp_path / "talk.jsonl"
    given = ["file", talk, "--local", "--engine", "scripted", "--pace", "1", "-o", texts, "--journal", kept]
    with started(*given) as process:
        part = tmp_path / "talk.jsonl.part"
        while not (part.exists() and '"final"' in part.read_text()):
            assert process.poll() is None
        process.send_signal(signal.SIGKILL)
        process.wait(60)
    done = asr("resume", "--yes", "--journal", kept)
    assert done.returncode == 0, done.stderr
    events = lines(texts.read_text())
    assert {event["engine"] for event in events if event["type"] == "begin"} == {"scripted"}
    assert [event["type"] for event in events].count("final") == 5
    assert json.loads(texts.read_text().splitlines()[-1])["lost_ms"] == 0
