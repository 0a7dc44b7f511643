"""From paths and options to sources."""

from pathlib import Path

import pytest

from asrcli.cli.builders.sources import SourceBuilder, chunk_ms
from asrcli.core.audio import Chunk
from asrcli.core.settings import RecognitionSettings
from asrcli.dashscope.catalogue import MODELS
from asrcli.sources.excerpt import Clip
from tests.support.tone import tone, wav


@pytest.mark.parametrize(
    ("pace", "local", "vad", "samples"),
    [
        (None, False, True, [6400, 6400, 3200]),
        (None, True, True, [6400, 6400, 3200]),
        (1.0, False, True, [1600] * 10),
        (1.0, True, True, [800] * 20),
        (None, False, False, [1600] * 10),
    ],
)
def test_a_file_travels_in_pieces_that_fit_its_pace(
    tmp_path: Path, pace: float | None, local: bool, vad: bool, samples: list[int]
) -> None:
    """Large ones at full pace, at most 16 KB, as the service asks; where utterances are cut here, pieces stay fine."""
    path = wav(tmp_path / "talk.wav", tone(1000))
    recognition = RecognitionSettings("fun-asr-realtime", vad=vad)
    builder = SourceBuilder(MODELS["fun-asr-realtime"], recognition, Clip(), None, chunk_ms=chunk_ms(pace, local=local))
    source = builder.source(str(path))
    chunks = [item for item in source.chunks(0) if isinstance(item, Chunk)]  # type: ignore[union-attr]
    assert [chunk.samples for chunk in chunks] == samples
    assert max(len(chunk.pcm) for chunk in chunks) <= 16 << 10
