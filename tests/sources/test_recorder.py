"""A source that records: exactly what is taken, and never in the way of the transcription."""

import os
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from asrcli.core.audio import Chunk
from asrcli.core.errors import AsrError, OutputError, SourceError, UsageError
from asrcli.core.events import Event, Gap, Notice
from asrcli.sources.encoder import SUFFIXES
from asrcli.sources.recorder import RecordedSource
from tests.support.recordings import EXACT, Given, decoded, length_ms, pieces, promised_ms, room_for
from tests.support.tone import tone

GONE = SourceError("mic", "is gone")
FULL = {".wav": 70_000, ".flac": 30_000, ".mp3": 12_000, ".opus": 12_000}  # disks that have room for this many bytes


def test_nothing_is_changed_on_the_way(tmp_path: Path) -> None:
    """The same objects in the same order and the same source to everybody else; the file holds the audio alone."""
    first, behind = Chunk(800, tone(100), cut_after=True), Chunk(9600, tone(50), quiet=True)
    items: list[Chunk | Event] = [Notice("info", "hello"), first, Gap(150, 600, "too slow"), behind]
    source = Given(items)
    saved = RecordedSource(source, str(tmp_path / "a.wav"))
    heard = list(saved.chunks(800))
    assert [id(item) for item in heard] == [id(item) for item in items]
    for name in ("name", "format", "begin_ms", "speaker", "audio_format", "live", "duration_ms"):
        assert getattr(saved, name) == getattr(source, name)
    assert (source.start, decoded(tmp_path / "a.wav", 16000)) == (800, first.pcm + behind.pcm)


@pytest.mark.parametrize("suffix", EXACT)
def test_a_chunk_that_is_not_taken_is_not_written(tmp_path: Path, suffix: str) -> None:
    """Whoever stops at a chunk has not sent it; the file is finished all the same."""
    path = tmp_path / f"a{suffix}"
    chunks = RecordedSource(Given(pieces(tone(1000))), str(path)).chunks(0)
    for _ in range(4):
        next(chunks)
    chunks.close()  # type: ignore[attr-defined]
    assert decoded(path, 16000) == tone(1000)[: 3 * 3200]
    assert promised_ms(path) == 300


def test_there_is_no_file_before_there_is_audio(tmp_path: Path) -> None:
    """A run that never begins leaves nothing behind, and neither does a chunk without samples."""
    path = tmp_path / "a.opus"
    chunks = RecordedSource(Given([Notice("info", "hello"), Chunk(0, b""), Chunk(0, tone(100))]), str(path)).chunks(0)
    for _ in range(3):
        next(chunks)
        assert not path.exists()
    assert (list(chunks), path.exists()) == ([], True)


@pytest.mark.parametrize("moment", ["before", "after"])
def test_two_runs_do_not_both_believe_that_the_file_is_theirs(tmp_path: Path, moment: str) -> None:
    """Both began when there was none. The later one ends with its first chunk, and the file of the other stays."""
    path = tmp_path / "a.wav"
    first, later = (RecordedSource(Given(pieces(tone(300))), str(path)).chunks(0) for _ in range(2))
    if moment == "after":  # both have their first chunk
        next(later)
    assert list(first) == pieces(tone(300))
    with pytest.raises(OutputError, match="exists already; choose another name"):
        next(later)
    assert decoded(path, 16000) == tone(300)


def test_a_source_that_fails_leaves_a_finished_file(tmp_path: Path) -> None:
    """A microphone that is pulled out ends the run, and its audio is there."""
    path = tmp_path / "a.flac"
    with pytest.raises(SourceError, match="gone"):
        list(RecordedSource(Given(pieces(tone(500)), error=GONE), str(path)).chunks(0))
    assert promised_ms(path) == 500


@pytest.mark.parametrize("suffix", FULL)
def test_a_full_disk_ends_the_file_and_not_the_run(tmp_path: Path, suffix: str) -> None:
    """One warning says up to where; until there the file plays, and all of the source is heard."""
    path, items = tmp_path / f"talk{suffix}", pieces(tone(4000))
    saved = RecordedSource(Given(items), str(path))
    with room_for(FULL[suffix]):
        heard = list(saved.chunks(0))
    (notice,) = [item for item in heard if isinstance(item, Notice)]
    assert [item for item in heard if item is not notice] == items
    said, reason = notice.text.removeprefix(f"{path}: the audio is saved up to ").split(" s only: ")
    assert (notice.level, reason) == ("warning", "file too large")
    assert [f"{path}: {failure.reason}" for failure in saved.failures] == [notice.text]
    assert 1000 <= float(said) * 1000 <= length_ms(path) <= float(said) * 1000 + 600 < 4000


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_where_nothing_can_be_saved_no_file_is_left(tmp_path: Path, suffix: str) -> None:
    """A disk that was full before is reported once, too."""
    with room_for(10):
        heard = list(RecordedSource(Given(pieces(tone(500))), str(tmp_path / f"a{suffix}")).chunks(0))
    (text,) = [item.text for item in heard if isinstance(item, Notice)]
    assert text == f"{tmp_path / f'a{suffix}'}: the audio is not saved: file too large"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("suffix", "said", "error"), [(".opus", "0.5", None), (".flac", "0.9", GONE)])
def test_what_cannot_be_written_at_the_end_is_reported(tmp_path: Path, suffix: str, said: str, error: AsrError) -> None:
    """Encoders hold some audio back; a disk that is full by then is no secret, even before an error of the source."""
    path, items, disk = tmp_path / f"a{suffix}", pieces(tone(1000)), ExitStack()

    def filling() -> Iterator[Chunk | Event]:
        yield from items
        disk.enter_context(room_for(path.stat().st_size))

    chunks = RecordedSource(Given(filling(), error=error), str(path)).chunks(0)
    with disk:
        heard = [next(chunks) for _ in range(11)]
    assert heard == [*items, Notice("warning", f"{path}: the audio is saved up to {said} s only: file too large")]
    assert float(said) * 1000 <= length_ms(path) < 1000
    with pytest.raises(SourceError if error else StopIteration):
        next(chunks)


def test_mistakes_are_named_before_anyone_is_called(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each says what is wrong, and nothing is made or touched."""
    (tmp_path / "old.wav").write_bytes(b"old")
    (tmp_path / "folder.mp3").mkdir()
    (tmp_path / "device.wav").symlink_to(os.devnull)
    (tmp_path / "loop.wav").symlink_to("loop.wav")
    (tmp_path / "astray.wav").symlink_to("nowhere/a.wav")
    before = sorted(tmp_path.rglob("*"))
    taken, nowhere = "exists already; choose another name", f"there is no directory {tmp_path / 'nowhere'}"
    for name, problem in [
        *(("old.wav", taken), ("device.wav", taken), ("loop.wav", taken), ("folder.mp3", "is a directory")),
        *(("nowhere/a.flac", nowhere), ("astray.wav", nowhere), ("n" * 300 + ".wav", "file name too long")),
    ]:
        with pytest.raises(OutputError) as told:
            RecordedSource(Given([]), str(tmp_path / name))
        assert str(told.value) == f"cannot write {tmp_path / name}: {problem}"
    for name in ("a.ogg", "a", "", "-", os.devnull, ".wav"):
        with pytest.raises(UsageError, match=r"\.wav, \.flac, \.mp3 or \.opus"):
            RecordedSource(Given([]), name)
    monkeypatch.setattr(os, "access", lambda *_: False)  # root may write everywhere
    with pytest.raises(OutputError, match="permission denied"):
        RecordedSource(Given([]), str(tmp_path / "new.wav"))
    assert sorted(tmp_path.rglob("*")) == before
    assert (tmp_path / "old.wav").read_bytes() == b"old"


def test_a_link_stays_a_link_and_a_name_taken_meanwhile_stays_taken(tmp_path: Path) -> None:
    """What somebody else puts there after the check is not ours to replace."""
    (tmp_path / "a.WAV").symlink_to("there")
    saved = RecordedSource(Given(pieces(tone(200))), str(tmp_path / "a.WAV"))
    late = RecordedSource(Given(pieces(tone(200))), str(tmp_path / "a.WAV"))
    list(saved.chunks(0))
    assert (tmp_path / "a.WAV").is_symlink()
    with pytest.raises(OutputError, match=r"a\.WAV: exists already"):
        next(iter(late.chunks(0)))
    assert decoded(tmp_path / "there", 16000) == tone(200)
