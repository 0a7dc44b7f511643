"""From paths and options to sources."""

from pathlib import Path

import pytest

from asrcli.cli.builders.sources import SourceBuilder
from asrcli.core.audio import Chunk
from asrcli.core.settings import RecognitionSettings
from asrcli.dashscope.catalogue import MODELS
from asrcli.sources.excerpt import Clip
from tests.support.tone import tone, wav


@pytest.mark.parametrize(
    ("full_pace", "vad", "samples"),
    [(True, True, [6400, 6400, 3200]), (False, True, [1600] * 10), (True, False, [1600] * 10)],
)
def test_a_file_at_full_pace_travels_in_large_pieces(
    tmp_path: Path, full_pace: bool, vad: bool, samples: list[int]
) -> None:
    """At most 16 KB, as the service asks; where utterances are cut on this machine, pieces stay fine."""
    path = wav(tmp_path / "talk.wav", tone(1000))
    recognition = RecognitionSettings("fun-asr-realtime", vad=vad)
    builder = SourceBuilder(MODELS["fun-asr-realtime"], recognition, Clip(), None, full_pace=full_pace)
    source = builder.source(str(path))
    chunks = [item for item in source.chunks(0) if isinstance(item, Chunk)]  # type: ignore[union-attr]
    assert [chunk.samples for chunk in chunks] == samples
    assert max(len(chunk.pcm) for chunk in chunks) <= 16 << 10
