"""Sessions that are damaged, planted or not whole, and what is asked before anything is sent, written or deleted."""

import json
import os
import shutil
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from asrcli.core.settings import RecognitionSettings
from asrcli.journal.described_input import described_input
from asrcli.journal.file_journal import FileJournal
from asrcli.journal.records import JournalHeader
from tests.support.command import asr, lines
from tests.support.journals import HEADER, began, final, gap, session, spoken
from tests.support.tone import tone, wav

pytestmark = pytest.mark.timeout(180)


def test_a_damaged_journal_is_used_as_far_as_it_is_whole(scripted: str, tmp_path: Path) -> None:
    """What is not whole is said; the sentences after it count, and the audio after them is heard."""
    path = session(tmp_path, spoken(0, 3000), [began(), final(0, 1000), final(1000, 2000)])
    text = (path / "events.jsonl").read_text().splitlines(keepends=True)
    (path / "events.jsonl").write_text("".join([*text[:2], "junk\n", *text[2:], '{"type": "fin']))
    done = asr("resume", "--last", "-f", "--journal", tmp_path, "--url", scripted)
    assert done.returncode == 2  # it has no -f
    done = asr("resume", "--last", "--journal", tmp_path, "--url", scripted)
    assert done.returncode == 0
    assert "1 line of events.jsonl cannot be read; the rest is used" in done.stderr
    assert len(done.stdout.splitlines()) == 1
    assert [line["sentence"] for line in lines("".join(text[2:3]))] == [1]


def test_the_transcript_of_a_run_before_it_is_not_taken_for_its_own(scripted: str, tmp_path: Path) -> None:
    """A NAME.part that is older than the session stays what it is."""
    out = tmp_path / "talk.txt"
    out.write_text("well\n")
    part = tmp_path / "talk.txt.part"
    part.write_text("older\n")
    os.utime(part, (0, 0))
    header = HEADER.__class__(HEADER.begun, HEADER.asked, (), scripted, {"formats": ["text"], "paths": [str(out)]})
    session(tmp_path / "kept", spoken(0, 2000), [began(), final(0, 1000), gap(1000, 2000)], header=header)
    done = asr("resume", "--last", "--yes", "--journal", tmp_path / "kept")
    assert (done.returncode, part.read_text()) == (0, "older\n")
    assert out.read_text() == "well\nsentence 1\n"
    shutil.rmtree(tmp_path / "kept")


def test_a_session_without_its_index_gets_its_text(scripted: str, tmp_path: Path) -> None:
    """Its audio begins at 0 and nothing is known to be final: all of it is heard again, and said once in the end."""
    path = session(tmp_path, spoken(0, 3000), [began(), final(0, 1000), final(1000, 3000)])
    (path / "0.index").unlink()
    assert "interrupted" in asr("sessions", "--journal", tmp_path).stdout
    done = asr("resume", "--last", "--journal", tmp_path, "--url", scripted)
    assert done.returncode == 0
    assert "its index is missing or damaged: its audio is taken to begin at 0" in done.stderr
    assert len(done.stdout.splitlines()) == 3
    assert "nothing to resume" in asr("resume", "--last", "--journal", tmp_path, "--url", scripted).stderr
    verified = json.loads(asr("verify", path.name, "--json", "--journal", tmp_path).stdout)
    assert (verified["sentences"], verified["unheard_ms"], verified["lost_ms"]) == (3, 0, 0)


@pytest.mark.parametrize("harm", ["mode", "file mode", "link", "pipe", "link to the audio"])
def test_a_session_that_others_can_have_written_is_refused(tmp_path: Path, harm: str) -> None:
    """Nothing is asked, written, followed or waited for."""
    path = session(tmp_path, spoken(0, 500), [began()])
    name = path.name
    if harm == "mode":
        path.chmod(0o777)
    elif harm == "file mode":
        (path / "events.jsonl").chmod(0o666)
    elif harm == "link":
        shutil.move(path, tmp_path / "real")
        path.symlink_to(tmp_path / "real")
    elif harm == "pipe":
        (path / "events.jsonl").unlink()
        os.mkfifo(path / "events.jsonl")
    else:
        (path / "0.pcm").unlink()
        (path / "0.pcm").symlink_to("/etc/passwd")
    assert asr("sessions", "--journal", tmp_path).returncode == 0
    done = asr("resume", name, "--yes", "--journal", tmp_path, "--url", "ws://127.0.0.1:1")
    assert done.returncode in {2, 3} or "nothing to resume" in done.stderr
    assert "cannot connect" not in done.stderr


@pytest.mark.parametrize("asked", [{"service": "wss://evil.example"}, {"showing": {"formats": ["text"]}}])
def test_what_a_session_alone_says_is_confirmed(tmp_path: Path, asked: dict[str, Any]) -> None:
    """An address that is not the service's own, and files: asked about, or --yes; without a terminal refused."""
    out = tmp_path / "profile"
    out.write_text("mine\n")
    if "showing" in asked:
        asked = {"service": "wss://dashscope.aliyuncs.com", "showing": asked["showing"] | {"paths": [str(out)]}}
    header = HEADER.__class__(HEADER.begun, HEADER.asked, (), asked["service"], asked.get("showing", {}))
    session(tmp_path / "kept", spoken(0, 500), [began()], header=header)
    done = asr("resume", "--last", "--journal", tmp_path / "kept", DASHSCOPE_API_KEY="sk-0123456789abcdef0123")
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1)
    assert "add --yes" in done.stderr
    assert (f"write to {out}" if "showing" in asked else "wss://evil.example") in done.stderr
    assert out.read_text() == "mine\n"


def test_deleting_a_session_asks_first(tmp_path: Path) -> None:
    """Without a terminal only --yes deletes; a folder that is no session is not deleted at all."""
    path = session(tmp_path, spoken(0, 500), [began()])
    (tmp_path / "taxes").mkdir()
    assert asr("sessions", "delete", path.name, "--journal", tmp_path).returncode == 2
    assert asr("sessions", "delete", "taxes", "--yes", "--journal", tmp_path).returncode == 2
    assert asr("sessions", "delete", path.name, "--yes", "--journal", tmp_path).returncode == 0
    assert [each.name for each in tmp_path.iterdir()] == ["taxes"]


def test_nothing_is_left_of_a_run_that_was_killed_after_its_last_record(tmp_path: Path) -> None:
    """All has its text, and only its journal was not deleted: `asr resume` does that, and is no error."""
    journal = FileJournal()
    begun = datetime.now().astimezone().isoformat()
    inputs = (described_input(str(wav(tmp_path / "a.wav", tone(300)))),)
    header = JournalHeader(begun, RecognitionSettings("m"), (), inputs=inputs, stages=(((0,), ()),))
    journal.open(tmp_path / "kept", lambda: "20261124-230501-a1b2", header, lambda: None)
    journal.recorder.note({"type": "done", "number": 0})
    journal.recorder.begun = True
    assert journal.close()  # as if it had been killed: it does not know
    done = asr("resume", "--last", "--yes", "--journal", tmp_path / "kept")
    assert (done.returncode, "nothing to resume" in done.stderr, list((tmp_path / "kept").iterdir())) == (
        0,
        True,
        [],
    ), done.stderr
