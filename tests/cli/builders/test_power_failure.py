"""A power failure takes the last records of a journal, not only one: each sentence is there once after `asr resume`."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from asrcli.cli.builders.outputs import OutputBuilder
from asrcli.cli.options.values import OutputFormat
from asrcli.journal.append_file import AppendFile
from asrcli.journal.directory import JournalDirectory
from asrcli.journal.records import EVENTS
from tests.cli.builders import killed_runs
from tests.cli.builders.killed_runs import EARLIER, LINES, SOURCE, States, first_run, next_run, said

WORDS = ["zero", "one", "two", "three"]
NEVER_WRITTEN = b"\0" * 40
# What may stand where records were lost: nothing, blocks that were never written, ends of lines without their begin.
TAILS = [b"", b'{"type": "fin', NEVER_WRITTEN, NEVER_WRITTEN + b'ee"}\n', b'ee"}\n' + NEVER_WRITTEN + b'\nee"}\n']


@pytest.fixture(autouse=True)
def _more_words(monkeypatch: pytest.MonkeyPatch) -> None:
    """Enough sentences for several to be lost; and a busy disk does not take its time some hundred times."""
    monkeypatch.setattr(killed_runs, "WORDS", WORDS)
    monkeypatch.setattr(AppendFile, "sync", lambda _: None)


def failed(folder: Path) -> Iterator[tuple[int, bytes]]:
    """Let the journal end earlier and earlier, with each tail; yield how many records are whole, and the tail."""
    (session,) = JournalDirectory(folder / "kept").paths()
    events = session / EVENTS
    whole = events.read_bytes().splitlines(keepends=True)
    time_ns = events.stat().st_mtime_ns
    for number in range(len(whole), 0, -1):
        for tail in TAILS:
            events.write_bytes(b"".join(whole[:number]) + tail)
            os.utime(events, ns=(time_ns, time_ns))
            yield number, tail


@pytest.mark.parametrize(
    ("formats", "append"),
    [((*LINES, OutputFormat.SRT), False), ((OutputFormat.JSON,), False), ((OutputFormat.JSONL,), True)],
    ids=["lines", "document", "append"],
)
def test_each_sentence_is_there_once_however_many_records_were_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, formats: tuple[OutputFormat, ...], *, append: bool
) -> None:
    """Of a run that was nearly at its end. In a file that runs share, at least one record has to be left."""
    folder = tmp_path / "work"
    folder.mkdir()
    (folder / SOURCE).write_bytes(b"RIFF")
    builder = OutputBuilder(formats, path=str(folder / ("talk.jsonl" if append else "talk")), append=append)
    for file in builder.paths() if append else ():
        Path(file).write_text(EARLIER[Path(file).suffix])
    states = States(folder, tmp_path / "states")
    with states.taken(monkeypatch):
        first_run(folder, builder)
    lost = nearly_ended(states, tmp_path / "lost")
    tried = 0
    for number, tail in failed(lost):
        if append and b'"final"' not in _events(lost):
            continue
        tried += 1
        states.restore(lost)
        next_run(folder, builder)
        for path in map(Path, builder.paths()):
            assert said(path) == WORDS, (number, tail)
            assert not append or path.read_text().startswith(EARLIER[path.suffix])
    assert tried > len(TAILS) * len(WORDS) - 1


def test_text_that_another_run_may_have_appended_is_not_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Text has no numbers: rather twice than not at all."""
    folder = tmp_path / "work"
    folder.mkdir()
    (folder / SOURCE).write_bytes(b"RIFF")
    builder = OutputBuilder((OutputFormat.TEXT,), path=str(folder / "talk.txt"), append=True)
    (folder / "talk.txt").write_text(EARLIER[".txt"])
    states = States(folder, tmp_path / "states")
    with states.taken(monkeypatch):
        first_run(folder, builder)
    lost = nearly_ended(states, tmp_path / "lost")
    for number, tail in failed(lost):
        states.restore(lost)
        next_run(folder, builder)
        heard = said(folder / "talk.txt")
        assert sorted(set(heard), key=WORDS.index) == WORDS, (number, tail)
        assert (folder / "talk.txt").read_text().startswith(EARLIER[".txt"])


def nearly_ended(states: States, copy: Path) -> Path:
    """A copy of the last state in which all sentences are recorded, and not that all is done."""
    *_, last = (state for state in states.found if b'"three"' in _events(state) and b'"done"' not in _events(state))
    return Path(shutil.copytree(last, copy))


def _events(folder: Path) -> bytes:
    """The records of the only session in a folder; none if there is no session."""
    return b"".join(path.read_bytes() for path in folder.glob(f"kept/*/{EVENTS}"))
