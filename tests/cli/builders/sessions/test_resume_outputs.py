"""Which file `asr resume` continues, and which it leaves alone."""

import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from asrcli.cli.builders.outputs import OutputBuilder
from asrcli.cli.builders.sessions import resume_outputs
from asrcli.journal.reading import Journal
from tests.support.journals import HEADER, began, final, session, spoken

LATER_S = 600  # after the end of the session


def continued(folder: Path, *, append: bool = False, begun: bool = True) -> OutputBuilder:
    """The output of a session that began a minute ago and wrote talk.txt in this folder."""
    when = (datetime.now(UTC) - timedelta(seconds=60)).isoformat()
    showing = {"formats": ["text"], "paths": [str(folder / "talk.txt")], "append": append}
    path = session(
        folder / "kept", spoken(0, 500), [began(), final(0, 500)], header=replace(HEADER, begun=when, showing=showing)
    )
    ((builder, _, _),) = resume_outputs._output_builders(Journal.open(path), None, begun=begun)
    return builder


def test_a_part_is_found_although_another_run_has_had_the_first_name(tmp_path: Path) -> None:
    """Two runs wrote talk.txt at once, one has ended: the text of the other is in talk.txt1.part."""
    (tmp_path / "talk.txt").write_text("of the run that ended\n")
    (tmp_path / "talk.txt1.part").write_text("well\n")
    (tmp_path / "talk.txt.old.part").write_text("of nobody\n")
    assert continued(tmp_path).onto == (str(tmp_path / "talk.txt1.part"),)


@pytest.mark.parametrize("append", [False, True])
def test_a_file_that_something_else_has_written_since_is_left_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], *, append: bool
) -> None:
    """A later run has taken the name. Only where the session itself shared the file does its text go there."""
    path = tmp_path / "talk.txt"
    path.write_text("of a later run")
    later = path.stat().st_mtime + LATER_S
    os.utime(path, (later, later))
    builder = continued(tmp_path, append=append)
    if append:
        assert (builder.path, builder.append) == (str(path), True)
        return
    assert (builder.path, builder.append) == (str(tmp_path / "talk.resumed.txt"), False)
    assert "something else has written to" in capsys.readouterr().err
    assert path.read_text() == "of a later run"  # nor is its last line ended


def test_the_file_of_the_session_itself_is_continued(tmp_path: Path) -> None:
    """It has its name already where the run came to an end with audio that had no text."""
    path = tmp_path / "talk.txt"
    path.write_text("well\n")
    assert continued(tmp_path).path == str(path)
    assert continued(tmp_path / "new").path == str(tmp_path / "new" / "talk.txt")  # or is not there yet


def test_a_file_that_is_appended_to_is_never_replaced(tmp_path: Path) -> None:
    """The session was killed before a service listened: what others have written there stays."""
    (tmp_path / "talk.txt").write_text("of others\n")
    assert continued(tmp_path, append=True, begun=False).append


@pytest.mark.parametrize(("text", "is_own"), [("", True), ("of another run\n", False)])
def test_a_part_without_a_sentence_is_used_by_a_session_that_had_not_begun(
    tmp_path: Path, text: str, *, is_own: bool
) -> None:
    """It was killed between its first write and the record of it. A part with a sentence in it is not its own."""
    part = tmp_path / "talk.txt.part"
    part.write_text(text)
    builder = continued(tmp_path, begun=False)
    assert (builder.onto, builder.onto_bytes) == (((str(part),), (0,)) if is_own else ((), ()))


@pytest.mark.parametrize("left", [None, "", "w", "[00:00.000 → 0"])
def test_sentences_that_a_power_failure_took_are_written_from_the_journal(tmp_path: Path, left: str | None) -> None:
    """All of the transcript is gone, or its end, in the middle of a line too."""
    part = tmp_path / "talk.txt.part"
    if left is not None:
        part.write_text(left)
    builder = continued(tmp_path)
    assert (builder.rewrite, builder.append, builder.onto) == (True, False, (str(part),) if left is not None else ())
