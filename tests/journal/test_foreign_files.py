"""Foreign files beside, in or instead of sessions are not removed, followed or written to, and are never fatal."""

import json
import os
import shutil
import time
from pathlib import Path

import pytest

from asrcli.cli.builders.sessions import left_transcripts, resume_outputs
from asrcli.cli.options.values import OutputFormat
from asrcli.core.errors import OutputError, SourceError, UsageError
from asrcli.core.events import Ended, Event
from asrcli.journal.directory import DAY_S, JournalDirectory, JournalState, RetentionLimits, remove, state
from asrcli.journal.reading import Journal
from asrcli.journal.record_files import MOST_BYTES
from asrcli.journal.records import EVENTS
from asrcli.journal.source import JournalSource
from tests.support.command import asr
from tests.support.journals import HEADER, began, final, session, spoken, use_session

ENDED = Ended(3000, 3000, 0, 3, 0, None, None, None, 300)
SAID: list[Event] = [began(), final(0, 1000), final(1000, 2000), final(2000, 3000), ENDED]
NOW = 2_000_000_000.0


def files(folder: Path) -> list[tuple[str, bytes]]:
    """All that is there."""
    return sorted((str(path), path.read_bytes() if path.is_file() else b"") for path in folder.rglob("*"))


@pytest.mark.parametrize("name", ["1.pcm", "7.index", "0.pcm.bak", "0.wav", "notes/x", "lock.txt", "0.PCM"])
def test_a_file_of_the_user_s_keeps_a_session(tmp_path: Path, name: str) -> None:
    """Also one that is called as a session with more sources would call its own."""
    path = session(tmp_path, spoken(0, 3000), SAID)
    (path / name).parent.mkdir(exist_ok=True)
    (path / name).write_bytes(b"mine")
    before = files(tmp_path)
    with pytest.raises(UsageError, match="which asr did not create"):
        remove(path)
    done = asr("sessions", "delete", path.name, "--yes", "--journal", tmp_path)
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1)
    JournalDirectory(tmp_path).tidy(RetentionLimits(size_bytes=0, age_s=0), tmp_path / "none", lambda: NOW)
    assert files(tmp_path) == before


@pytest.mark.parametrize("name", ["0.pcm", "0.index", "lock"])
@pytest.mark.parametrize("kind", ["link", "folder", "pipe"])
def test_a_session_with_something_else_under_the_name_of_its_files_is_kept(
    tmp_path: Path, name: str, kind: str
) -> None:
    """A link, a folder with something in it, a pipe: the session stays whole, and so does what it points to."""
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "talk").write_bytes(b"mine")
    path = session(tmp_path / "kept", spoken(0, 3000), SAID)
    (path / name).unlink()
    if kind == "link":
        (path / name).symlink_to(tmp_path / "mine" / "talk")
    elif kind == "pipe":
        os.mkfifo(path / name)
    else:
        (path / name).mkdir()
        (path / name / "x").write_bytes(b"mine")
    before = files(tmp_path)
    with pytest.raises(UsageError, match=f"holds {name}"):
        remove(path)
    JournalDirectory(tmp_path / "kept").tidy(RetentionLimits(size_bytes=0, age_s=0), tmp_path / "none", lambda: NOW)
    assert files(tmp_path) == before


def test_a_removal_that_was_stopped_goes_on_with_sessions_only(tmp_path: Path) -> None:
    """What is called so and has no header of ours, or holds more, stays as it is."""
    stopped = session(tmp_path, spoken(0, 300), SAID)
    shutil.copytree(stopped, tmp_path / ".going-20261124-230502-a1b2")
    (tmp_path / ".going-20261124-230502-a1b2" / "0.pcm").unlink()
    for number, names in enumerate((["0.pcm"], ["events.jsonl"], ["0.pcm", "mine.txt"])):
        folder = tmp_path / f".going-20261124-23051{number}-a1b2"
        folder.mkdir()
        for name in names:
            (folder / name).write_bytes(b"mine")
    mixed = shutil.copytree(stopped, tmp_path / ".going-20261124-230503-a1b2")
    (mixed / "mine.txt").write_bytes(b"mine")
    inside, before = len(list(mixed.iterdir())), len(list(tmp_path.iterdir()))
    JournalDirectory(tmp_path).tidy(RetentionLimits(), tmp_path / "none")
    assert not (tmp_path / ".going-20261124-230502-a1b2").exists()
    assert len(list(tmp_path.iterdir())) == before - 1
    assert len(list(mixed.iterdir())) == inside


@pytest.mark.parametrize(("line", "left"), [(2, [(0, 3000)]), (3, [(1000, 3000)]), (4, [(2000, 3000)]), (5, [])])
def test_a_damaged_line_of_the_events_makes_no_audio_unreachable(
    tmp_path: Path, scripted: str, line: int, left: list[tuple[int, int]]
) -> None:
    """It may have been text: what it leaves open can be heard, and the session is not pruned as a finished one."""
    path = session(tmp_path, spoken(0, 3000), SAID)
    said = (path / EVENTS).read_bytes().splitlines(keepends=True)
    said[line] = b"\xff" * (len(said[line]) - 1) + b"\n"
    (path / EVENTS).write_bytes(b"".join(said))
    journal = Journal.open(path)
    assert [journal.unheard(track) for track in journal.tracks] == [left if line < 5 else [(3000, 3000)][:0]]
    assert state(path) is JournalState.INTERRUPTED
    if not left:
        return  # it was the last line, which says that the run has ended
    JournalDirectory(tmp_path).tidy(RetentionLimits(size_bytes=0), tmp_path / "none", lambda: time.time() + 13 * DAY_S)
    assert path.exists()
    done = asr("resume", "--last", "--journal", tmp_path, "--url", scripted)
    assert (done.returncode, len(done.stdout.splitlines())) == (0, (left[0][1] - left[0][0]) // 1000)
    assert state(path) is JournalState.FINISHED


@pytest.mark.parametrize("depth", [11, 13, 100, 400, 900, 5000])
@pytest.mark.parametrize("kind", ["list", "dict"])
def test_no_depth_is_an_internal_error(tmp_path: Path, depth: int, kind: str) -> None:
    """Of a header, an event or a line of the index, as deep as the reader of JSON goes and deeper."""
    deep = ("[" * depth + "]" * depth) if kind == "list" else ('{"a":' * depth + "1" + "}" * depth)
    path = session(tmp_path, spoken(0, 300), SAID)
    first, rest = (path / EVENTS).read_text().split("\n", 1)
    for field in ("extra", "showing", "inputs", "stages", "new", "begun"):
        for where in ("asked", ""):
            head = json.loads(first)
            (head["asked"] if where else head)[field] = "DEEP"
            (path / EVENTS).write_text(json.dumps(head).replace('"DEEP"', deep) + "\n" + rest)
            use_session(path)
    text = first + "\n" + rest + f'{{"type": "final", "begin_ms": 1, "end_ms": 2, "sentence": 4, "text": {deep}}}\n'
    (path / EVENTS).write_text(text)
    (path / "0.index").write_text((path / "0.index").read_text() + f'{{"gap": [1, 2], "reason": {deep}}}\n')
    use_session(path)
    done = asr("sessions", "--journal", tmp_path, "--json")
    assert (done.returncode, done.stderr) == (0, "")


def test_records_without_end_are_no_journal(tmp_path: Path) -> None:
    """A file of many gigabytes is refused, not read."""
    path = session(tmp_path, spoken(0, 300), SAID)
    for name in (EVENTS, "0.index"):
        data = (path / name).read_bytes()
        os.truncate(path / name, 100 * MOST_BYTES)
        with pytest.raises(SourceError, match=f"{name} is too long"):
            Journal.open(path)
        done = asr("verify", path.name, "--journal", tmp_path)
        assert (done.returncode, len(done.stderr.splitlines())) == (3, 1)
        assert state(path) is JournalState.DAMAGED
        (path / name).write_bytes(data)


@pytest.mark.parametrize("version", [2, 10**9, 10**400, True, "1", None, 1.0, []])
def test_a_journal_of_another_version_is_reported_and_left_alone(tmp_path: Path, version: object) -> None:
    """A later one may mean anything by its lines."""
    path = session(tmp_path, spoken(0, 300), SAID)
    first, rest = (path / EVENTS).read_text().split("\n", 1)
    (path / EVENTS).write_text(json.dumps({**json.loads(first), "version": version}) + "\n" + rest)
    if version is not True:
        with pytest.raises(SourceError, match=r"no journal|newer"):
            Journal.open(path)
        JournalDirectory(tmp_path).tidy(RetentionLimits(size_bytes=0, age_s=0), tmp_path / "none", lambda: NOW)
        assert path.exists()
    done = asr("sessions", "show", path.name, "--journal", tmp_path)
    longest = max(done.stdout.splitlines(), key=len)
    assert (done.returncode, len(longest) < 120 + len(str(path))) == (0, True), longest


def told(tmp_path: Path, out: Path) -> Journal:
    """A session that was interrupted and wrote there."""
    name = {".jsonl": "jsonl"}.get(out.suffix, "text")
    showing = {"formats": [name], "paths": [str(out)]}
    header = HEADER.__class__(HEADER.begun, HEADER.asked, (), "", showing)
    return Journal.open(session(tmp_path / "kept", spoken(0, 3000), SAID[:2], header=header))


@pytest.mark.parametrize("kind", ["hard link", "link", "another owner", "pipe"])
def test_a_part_that_somebody_else_put_there_is_not_gone_on_with(tmp_path: Path, kind: str) -> None:
    """What is written to it would be written to another file, or be read by somebody else."""
    journal, other = told(tmp_path, tmp_path / "talk.txt"), tmp_path / "mine"
    other.write_text("mine\n")
    part = tmp_path / "talk.txt.part"
    if kind == "hard link":
        os.link(other, part)
    elif kind == "link":
        part.symlink_to(other)
    elif kind == "pipe":
        os.mkfifo(part)
    else:
        if not hasattr(os, "geteuid") or os.geteuid() != 0:
            pytest.skip("needs the right to give files away")
        part.write_text("mine\n")
        os.chown(part, 12345, 12345)
    begun_s = journal.last_s - 5
    if kind != "pipe":
        os.utime(part, (journal.last_s, journal.last_s))
    assert left_transcripts._part(tmp_path / "talk.txt", begun_s, journal.last_s) is None
    assert other.read_text() == "mine\n"


@pytest.mark.parametrize(
    ("text", "left"),
    [('{"type": "final"}\n{"type": "fi', '{"type": "final"}\n'), ('{"mine": 1}', '{"mine": 1}\n'), ("wor", "wor\n"),
     ("", ""), ('{"a":\n1}', '{"a":\n1}\n')],
)  # fmt: skip
def test_only_a_line_that_was_cut_short_is_taken_away(tmp_path: Path, text: str, left: str) -> None:
    """An object that is whole stays, whoever wrote it."""
    path = tmp_path / "a.jsonl"
    path.write_text(text)
    left_transcripts._repair_last_line(path)
    assert path.read_text() == left


def test_a_resumed_session_appends_to_no_recording(tmp_path: Path, scripted: str) -> None:
    """What is there by now under the name of its transcript may be anything."""
    for name, data in {"talk.txt": b"fLaC\0\0", "talk.wav": b"RIFF\0", "talk.jsonl": b"import os\n"}.items():
        out = tmp_path / name
        out.write_bytes(data)
        journal = told(tmp_path, out)
        with pytest.raises(OutputError, match="exists, but"):
            resume_outputs._check(out, OutputFormat.JSONL if out.suffix == ".jsonl" else OutputFormat.TEXT)
        done = asr("resume", "--last", "--yes", "--journal", tmp_path / "kept", "--url", scripted)
        assert (done.returncode, out.read_bytes()) == (2, data)
        begin = journal.resume_at(journal.tracks[0])
        assert begin is not None
        assert list(JournalSource(journal, journal.tracks[0], begin).chunks(begin))
        shutil.rmtree(tmp_path / "kept")
