"""The first record of a journal: what it says is read back, and what contradicts itself is no journal."""

import json

import pytest

from asrcli.core.errors import SourceError
from asrcli.core.events import Final
from asrcli.core.settings import RecognitionSettings
from asrcli.core.transcript import Transcript, fold
from asrcli.journal.records import JournalHeader, JournalInput, described, final, header

WHOLE = JournalHeader(
    "2026-11-25T12:00:00+00:00",
    RecognitionSettings("fun-asr-realtime"),
    (),
    inputs=(JournalInput("/a.wav", 10, 20, "a.wav"), JournalInput("-", name="-")),
    stages=(((0,), ("a.txt",)), ((1,), ())),
)


def test_files_are_read_back_as_they_were() -> None:
    """With what shows that they have changed, or without, where they can be read only once."""
    assert header("x", json.loads(WHOLE.line())) == WHOLE


@pytest.mark.parametrize(
    "changed",
    [
        {"stages": [[[2], []]]},
        {"inputs": []},
        {"inputs": [{"path": "/a.wav", "size_bytes": 10, "mtime_ns": True}], "stages": []},
        {"inputs": [{"path": "/a.wav", "size_bytes": -1, "mtime_ns": 1}], "stages": []},
        {"inputs": [{"path": 7}], "stages": []},
    ],
)
def test_what_cannot_be_of_such_files_is_no_journal(changed: dict[str, object]) -> None:
    """A number of a file that is not there, or figures that no file has."""
    with pytest.raises(SourceError, match="no journal: its first line has no settings"):
        header("x", json.loads(WHOLE.line()) | changed)


def test_the_mark_of_estimated_times_is_kept() -> None:
    """So that a resumed run writes it again."""
    for estimated in (True, False):
        said = Final("1", 0, 900, "one", estimated=estimated)
        written = described(said, fold(Transcript(), said))
        assert written is not None
        assert final(written).estimated is estimated
        assert final(written).sure_ms is None


def test_up_to_where_a_sentence_is_sure_is_kept() -> None:
    """So that a run that is continued begins there."""
    said = Final("1", 100, 900, "one", estimated=True, sure_ms=100)
    written = described(said, fold(Transcript(), said))
    assert written is not None
    assert final(written).sure_ms == 100
