"""Transcripts that are files, put into the library: found like those of runs, each once, and none lost."""

import json
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from sqlite3 import Connection

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asrcli.cli.builders.sessions.transcript_import import (
    MOST_MS,
    MOST_WAITING,
    entry_of_file,
    import_transcripts,
)
from asrcli.core.errors import MultipleErrors, SourceError, UsageError
from asrcli.core.events import Began, Final
from asrcli.library import transcript_library
from asrcli.library.library_entry import LibraryEntry
from asrcli.library.library_file import reading, write
from asrcli.library.transcript_library import TranscriptLibrary
from asrcli.library.transcript_search import find_sentences
from tests.library.entries import NONE
from tests.support.command import asr
from tests.support.unreadable_folder import refuse_to_read

WHEN_S = 1_790_000_000


@pytest.fixture
def library(tmp_path: Path) -> TranscriptLibrary:
    """A library that nothing is in."""
    return TranscriptLibrary(tmp_path / "library.db", pytest.fail)


def _written(path: Path, text: str, at_s: int = WHEN_S) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    os.utime(path, (at_s, at_s))
    return path


def _captions(*texts: str) -> str:
    blocks = (f"{at + 1}\n00:00:{at:02},500 --> 00:00:{at:02},900\n{text}\n" for at, text in enumerate(texts))
    return "\n".join(blocks)


def _texts(library: TranscriptLibrary) -> list[list[str]]:
    return [[each.text for each in library.entry(session.id).sentences] for session in library.sessions()]


def test_a_transcript_is_found_at_its_time(library: TranscriptLibrary, tmp_path: Path) -> None:
    """With the date of the file, its name, and the times, speakers and translations that it has."""
    lines = [
        {"type": "begin", "source": "a.wav"},
        {"type": "final", "begin_ms": 500, "end_ms": 900, "text": "预算", "speaker": "Anna", "translation": "budget"},
        {"type": "final", "begin_ms": 1500, "end_ms": 1900, "text": "yes", "speaker": "Ben"},
    ]
    path = _written(tmp_path / "talk.jsonl", "\n".join(map(json.dumps, lines)))
    import_transcripts(library, [str(path)])
    (session,) = library.sessions()
    assert (session.begun_s, session.length_ms, session.sentences) == (WHEN_S, 1900, 2)
    (found,) = find_sentences(library.path, ["budget"], None, 0)
    assert (found.sentence.source, found.sentence.begin_ms, found.sentence.speaker) == (str(path), 500, "Anna")


def test_of_a_folder_each_recording_is_there_once(
    library: TranscriptLibrary, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of several formats the one with times; also below; and again nothing new. Equal words of two files are two."""
    _written(tmp_path / "out" / "a.txt", "one")
    _written(tmp_path / "out" / "a.srt", _captions("one", "two"))
    _written(tmp_path / "out" / "below" / "b.srt", _captions("one", "two"))
    _written(tmp_path / "out" / ".hidden.srt", _captions("three"))
    # The folder in which an unfinished batch has its journals.
    _written(tmp_path / "out" / ".asr-batch" / "work" / "events.jsonl", '{"text": "half"}\n')
    import_transcripts(library, [str(tmp_path / "out")])
    assert _texts(library) == [["one", "two"], ["one", "two"]]
    said = capsys.readouterr().out.splitlines()
    assert sorted(line.split(" ", 1)[0] for line in said) == sorted(each.id for each in library.sessions())
    import_transcripts(library, [str(tmp_path / "out"), str(tmp_path / "out" / "a.srt")])
    assert _texts(library) == [["one", "two"], ["one", "two"]]
    assert capsys.readouterr().out.count("in the library already") == 3


def test_a_folder_that_cannot_be_read_keeps_no_other_one_out(
    library: TranscriptLibrary, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As lost+found on a disk of the user: it is named, and the rest is added."""
    locked = tmp_path / "out" / "lost+found"
    _written(tmp_path / "out" / "a.srt", _captions("one", "two"))
    locked.mkdir()
    refuse_to_read(locked, monkeypatch)
    with pytest.raises(SourceError, match=r"lost\+found: Permission denied"):
        import_transcripts(library, [str(tmp_path / "out")])
    assert _texts(library) == [["one", "two"]]
    with pytest.raises(SourceError, match=r"lost\+found: Permission denied$"):
        import_transcripts(library, [str(locked)])


@pytest.mark.parametrize("alike", [False, True])
def test_the_work_for_a_file_does_not_grow_with_the_library(
    library: TranscriptLibrary, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, alike: bool
) -> None:
    """Thousands are imported as fast as few: the list is read once, and each transaction, which checks all, adds many.

    Also where all files have one name and as many sentences, as transcript.srt in a folder for each talk.
    """
    opened: list[object] = []

    @contextmanager
    def counted(path: Path) -> Iterator[Connection]:
        opened.append(path)
        with reading(path) as connection:
            yield connection

    def write_counted(path: Path, work: Callable[[Connection], object], warn: Callable[[str], None]) -> object:
        opened.append(work)
        return write(path, work, warn)

    monkeypatch.setattr(transcript_library, "reading", counted)
    monkeypatch.setattr(transcript_library, "write", write_counted)
    for at in range(MOST_WAITING + 20):
        name = f"{at}.srt"
        if alike:
            name = f"{at}/transcript.srt"
        _written(tmp_path / "out" / name, _captions(f"words {at}"), WHEN_S + at // 2)
    import_transcripts(library, [str(tmp_path / "out")])
    assert len(opened) == 2
    import_transcripts(library, [str(tmp_path / "out"), str(tmp_path / "out")])
    assert len(opened) <= 2 + 1 + MOST_WAITING + 20
    assert sorted(_texts(library)) == sorted([f"words {at}"] for at in range(MOST_WAITING + 20))


def test_what_is_named_twice_is_added_once(
    library: TranscriptLibrary, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Although it is not written yet when it is seen again; the ID is that of the first."""
    path = _written(tmp_path / "a.srt", _captions("one"))
    import_transcripts(library, [str(path), str(tmp_path), str(path)])
    (session,) = library.sessions()
    first, *others = capsys.readouterr().out.splitlines()
    assert first == f"{session.id} {path}: 1 sentence"
    assert others == [f"{session.id} {path}: in the library already"] * 2


def test_two_imports_at_the_same_time_add_each_transcript_once(
    library: TranscriptLibrary, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second one has read the library before the first one wrote; it adds what only it has."""
    for name in ("a.srt", "b.srt", "c.srt"):
        _written(tmp_path / name, _captions(f"预算 {name}"))
    add_all = TranscriptLibrary.add_all

    def late(self: TranscriptLibrary, entries: Sequence[LibraryEntry], replaced: Sequence[str]) -> bool:
        monkeypatch.setattr(TranscriptLibrary, "add_all", add_all)
        import_transcripts(TranscriptLibrary(library.path, print), [str(tmp_path / "b.srt")])
        return add_all(self, entries, replaced)

    monkeypatch.setattr(TranscriptLibrary, "add_all", late)
    import_transcripts(library, [str(tmp_path)])
    assert sorted(_texts(library)) == [["预算 a.srt"], ["预算 b.srt"], ["预算 c.srt"]]
    said = capsys.readouterr().out.splitlines()
    ids = {session.about["outputs"][0]: session.id for session in library.sessions()}
    assert sorted(said) == sorted(
        f"{ids[str(tmp_path / name)]} {tmp_path / name}: {what}"
        for name, what in (
            ("b.srt", "1 sentence"), ("a.srt", "1 sentence"), ("b.srt", "in the library already"),
            ("c.srt", "1 sentence"),
        )
    )  # fmt: skip


def test_a_library_that_cannot_be_written_is_named(
    library: TranscriptLibrary, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """And no transcript is said to be in it."""
    path = _written(tmp_path / "a.srt", _captions("one"))
    library.path.mkdir()
    with pytest.raises(SourceError, match=r"library\.db"):
        import_transcripts(library, [str(path)])
    assert capsys.readouterr().out == ""


def test_a_file_that_has_changed_replaces_what_it_was(library: TranscriptLibrary, tmp_path: Path) -> None:
    """A corrected name is not beside the wrong one; the transcript of a run stays, whatever is done to its files."""
    path = _written(tmp_path / "a.srt", _captions("Ana speaks"))
    run = LibraryEntry(
        "20260101-000000-0000", "2026-01-01T00:00:00+00:00",
        (Began("a.wav", "m", "", 0), Final("0", 0, 9, "Anna Speaks")), outputs=(str(path),),
    )  # fmt: skip
    library.add(run, NONE, 0)
    import_transcripts(library, [str(path)])
    _written(path, _captions("Anna speaks"), WHEN_S + 60)
    import_transcripts(library, [str(path)])
    assert sorted(_texts(library)) == [["Anna Speaks"], ["Anna speaks"]]


def test_what_a_run_has_put_there_is_not_added_again(library: TranscriptLibrary, tmp_path: Path) -> None:
    """Of the file that it wrote, and of the recording of that name."""
    path = _written(tmp_path / "meeting.txt", "one\ntwo\n")
    finals = (Final("0", 0, 9, "one"), Final("1", 9, 19, "two"))
    for number, (source, outputs) in enumerate((("mic", (str(path),)), ("rec/meeting.mp3", ()))):
        begun = "2026-01-01T00:00:00+00:00"
        run = LibraryEntry(f"20260101-00000{number}-0000", begun, (Began(source, "m", "", 0), *finals), outputs=outputs)
        library.add(run, NONE, 0)
        import_transcripts(library, [str(path)])
        assert [each.id for each in library.sessions()] == [run.id]
        library.delete([run.id])


def test_one_that_cannot_be_read_keeps_no_other_out(
    library: TranscriptLibrary, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each is named, with what is wrong."""
    (tmp_path / "empty").mkdir()
    good = _written(tmp_path / "good.txt", "one")
    blank = _written(tmp_path / "blank.txt", "\n")
    names = [tmp_path / "gone.srt", _written(tmp_path / "a.docx", "x"), tmp_path / "empty", blank, good]
    with pytest.raises(MultipleErrors) as caught:
        import_transcripts(library, list(map(str, names)))
    kinds = [type(error) for error in caught.value.errors]
    assert kinds == [SourceError, SourceError, UsageError]
    assert "no such file" in str(caught.value)
    assert "blank.txt has no text" in capsys.readouterr().err
    assert _texts(library) == [["one"]]


@given(st.lists(st.tuples(st.none() | st.floats(), st.none() | st.floats(), st.text(min_size=1))))
def test_odd_times_are_limited_to_the_file(
    tmp_path_factory: pytest.TempPathFactory, said: list[tuple[object, object, str]]
) -> None:
    """They are within the file, and no sentence ends before it begins; all words are there."""
    path = tmp_path_factory.mktemp("odd") / "a.json"
    path.write_text(json.dumps([{"start": begin, "end": end, "text": text} for begin, end, text in said]))
    finals = [event for event in entry_of_file(path).events if isinstance(event, Final)]
    assert [text for *_, text in said if text.strip()] == [final.text for final in finals]
    assert all(0 <= final.begin_ms <= final.end_ms <= MOST_MS for final in finals)


def test_the_command_takes_files_and_nothing_else() -> None:
    """Without one it says what it takes; the words of a transcript are printed nowhere."""
    done = asr("sessions", "import")
    assert (done.returncode, done.stderr) == (2, "asr: import needs a transcript, or a folder of them\n")
