"""What parts have said, and what comes back of it after a run was killed."""

from pathlib import Path

import pytest

from asrcli.core.errors import OutputError
from asrcli.core.events import Final, Gap, Word
from asrcli.runs.parts.part_store import PartStore
from tests.support.recordings import room_for

FINAL = Final("1", 0, 900, "ein Wort", (Word("ein", 0, 400), Word("Wort", 500, 900, ".")), "de", translation="a word")


def test_finals_come_back_as_they_were_and_a_torn_line_does_not(tmp_path: Path) -> None:
    """A kill can cut any line; what was written before counts, and the next run writes after it."""
    store = PartStore(tmp_path / "parts")
    store.begin(0, 0, 10_000)
    store.append(0, FINAL)
    store.append(0, Gap(900, 1000, "lost"))
    store.end(0, done=True)
    store.begin(1, 10_000, None)
    store.append(1, FINAL)
    store.close()
    path = tmp_path / "parts" / "00001.jsonl"
    path.write_bytes(path.read_bytes() + b'{"type": "final", "be')
    again = PartStore(tmp_path / "parts")
    assert [(part.begin_ms, part.end_ms, part.done, part.reached_ms) for part in again.parts] == [
        (0, 10_000, True, 1000),
        (10_000, None, False, 900),
    ]
    assert again.parts[0].said == [FINAL, Gap(900, 1000, "lost")]
    again.begin(1, 10_000, None)
    again.end(1, done=True)
    assert PartStore(tmp_path / "parts").parts[1].done


def test_a_sentence_that_may_have_ended_earlier_is_transcribed_again(tmp_path: Path) -> None:
    """A run that goes on begins where that sentence begins, and does not keep it, unless another one follows."""
    store = PartStore(tmp_path)
    store.begin(0, 0, None)
    first = Final("1", 100, 2000, "one", sure_ms=100)
    last = Final("2", 1200, 3000, "two", sure_ms=1200)
    for said in (first, last):
        store.append(0, said)
    store.close()
    (part,) = PartStore(tmp_path).parts
    assert (part.said, part.kept, part.reached_ms) == ([first, last], (first,), 1200)


APART = b'{"type": "part", "begin_ms": 3, "end_ms": 9}\n'


@pytest.mark.parametrize("line", [b"", b"[]\n", b'{"type": "final"}\n', APART])
def test_parts_that_do_not_join_are_transcribed_again(tmp_path: Path, line: bytes) -> None:
    """As if they had never been there."""
    store = PartStore(tmp_path)
    store.begin(0, 0, 1000)
    store.end(0, done=True)
    (tmp_path / "00001.jsonl").write_bytes(line)
    assert len(PartStore(tmp_path).parts) == 1


def test_the_transcript_of_parts_has_one_id_in_all_runs(tmp_path: Path) -> None:
    """Unless a kill has cut it off."""
    assert PartStore(tmp_path).lasting_id("20261124-230501-a1b2") == "20261124-230501-a1b2"
    assert PartStore(tmp_path).lasting_id("20261124-230509-ffff") == "20261124-230501-a1b2"
    (tmp_path / "id").write_text("20261124-23")
    assert PartStore(tmp_path).lasting_id("20261124-230509-ffff") == "20261124-230509-ffff"


def test_a_disk_without_room_is_an_error_with_a_place(tmp_path: Path) -> None:
    """It names the folder."""
    (tmp_path / "taken").write_text("")
    with pytest.raises(OutputError, match="taken"):
        PartStore(tmp_path / "taken")


def test_a_disk_that_gets_full_takes_whole_lines_only(tmp_path: Path) -> None:
    """Each line that it does not take is an error, and the file ends with the line before."""
    store = PartStore(tmp_path)
    store.begin(0, 0, 10_000)
    store.append(0, FINAL)
    path = tmp_path / "00000.jsonl"
    whole = path.read_bytes()
    with room_for(len(whole) + 10):
        with pytest.raises(OutputError, match="large"):
            store.append(0, FINAL)
        assert path.read_bytes() == whole
        with pytest.raises(OutputError, match="large"):
            store.end(0, done=True)
    assert path.read_bytes() == whole
