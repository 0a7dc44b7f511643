"""The audio of a part on a disk that may be full, or not there."""

import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asrcli.core.audio import Chunk
from asrcli.core.errors import SourceError
from asrcli.runs.parts.part_source import PartAudio
from tests.runs.parts.recording import WIRE
from tests.support.recordings import room_for


@given(st.lists(st.integers(1, 3000), min_size=1, max_size=12), st.integers(0, 30_000))
def test_a_full_disk_is_an_error_of_the_chunk_that_it_did_not_take(sizes: list[int], room: int) -> None:
    """All chunks before it can be read and cut, and nothing fails later."""
    position = 0
    pcm = b""
    with room_for(room):
        audio = PartAudio(WIRE, "r.wav", 0)
        for number, samples in enumerate(sizes):
            chunk = Chunk(position, bytes([number, 1]) * samples)
            if len(pcm) + len(chunk.pcm) > room:
                with pytest.raises(SourceError, match="no room among the temporary files"):
                    audio.add(chunk)
                break
            audio.add(chunk)
            pcm += chunk.pcm
            position = chunk.end
        rest = audio.cut(position // 2)
        heard = [item for part in (audio, rest) for item in part.items(0)]
        assert b"".join(item.pcm for item in heard if isinstance(item, Chunk)) == pcm
        audio.close()
        rest.close()


def test_without_a_place_for_temporary_files_a_part_cannot_be_read(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The error is one of the source, with the reason of the system."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "missing"))
    with pytest.raises(SourceError, match="no such file or directory"):
        PartAudio(WIRE, "r.wav", 0)
