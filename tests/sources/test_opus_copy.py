"""A small copy of audio, for pages that carry their own sound."""

import tempfile
from pathlib import Path

import pytest

from asrcli.core.audio import Chunk
from asrcli.core.errors import SourceError
from asrcli.sources import opus_copy as module
from asrcli.sources.opus_copy import PIECE_BYTES, opus_copy
from asrcli.sources.recorder import RecordedSource
from tests.support.recordings import Given, length_ms, pieces
from tests.support.tone import tone


def test_a_copy_is_as_long_as_its_source_with_what_is_missing(tmp_path: Path) -> None:
    """Where positions jump there is silence, so that each moment stays in its place; pieces join as Base64."""
    first, behind = Chunk(0, tone(500)), Chunk(16_000 * 9, tone(500))
    found = list(opus_copy(Given([first, behind])))
    assert all(len(piece) == PIECE_BYTES for piece in found[:-1])
    assert PIECE_BYTES % 3 == 0
    path = tmp_path / "copy.opus"
    path.write_bytes(b"".join(found))
    assert abs(length_ms(path) - 9500) < 60


def test_what_cannot_be_copied_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing to copy, and no room for the copy."""
    with pytest.raises(SourceError, match="contains no audio"):
        list(opus_copy(Given([])))
    monkeypatch.setattr(module, "create_writer", _full)
    with pytest.raises(SourceError, match="cannot be copied: no space"):
        list(opus_copy(Given(pieces(tone(100)))))


def test_a_machine_without_a_folder_for_temporary_files_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    """With what to do, and for a page that then refers to the file: no error of the program."""
    monkeypatch.setattr(tempfile, "tempdir", None)
    monkeypatch.setattr(tempfile, "_candidate_tempdir_list", list)
    with pytest.raises(SourceError, match="cannot be copied: no folder for temporary files can be written; set TMPDIR"):
        list(opus_copy(Given(pieces(tone(100)))))


def _full(*_: object) -> None:
    raise OSError(28, "No space left on device")


def test_a_recording_knows_where_each_moment_is_in_its_file(tmp_path: Path) -> None:
    """It holds what was sent: after a pause in which nothing was, the file is behind the run."""
    source = RecordedSource(
        Given([Chunk(1600, tone(100)), Chunk(3200, tone(100)), Chunk(32_000, tone(100))]), str(tmp_path / "a.wav")
    )
    assert source.file_ms(150) == -1
    list(source.chunks(0))
    assert [source.file_ms(ms) for ms in (50, 100, 250, 299, 1000, 2000, 2050)] == [-1, 0, 150, 199, 200, 200, 250]
    assert source.path == tmp_path / "a.wav"
