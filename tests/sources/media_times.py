"""Where the sounds and gaps of a media file are."""

import random
from itertools import pairwise
from pathlib import Path

from asrcli.core.audio import Chunk
from asrcli.core.events import Event, Gap
from asrcli.sources.excerpt import Clip
from asrcli.sources.file import FileSource
from tests.sources.reading import RATE

NEAR_MS = 50


def heard(path: Path, clip: Clip | None = None, start: int = 0) -> list[Chunk | Event]:
    """All that a file gives; no chunk overlaps another."""
    items = list(FileSource(str(path), RATE, clip).chunks(start))
    chunks = [item for item in items if isinstance(item, Chunk)]
    assert all(before.end <= after.position for before, after in pairwise(chunks))
    return items


def gaps(items: list[Chunk | Event]) -> list[Gap]:
    """What is named as missing."""
    return [item for item in items if isinstance(item, Gap)]


def damaged(path: Path, begin_ms: int, end_ms: int, seed: int = 1) -> None:
    """Fill the packets of a span with what no encoder made."""
    import av

    chance = random.Random(seed)
    data = bytearray(path.read_bytes())
    with av.open(str(path)) as container:
        for packet in container.demux(audio=0):
            if packet.pts is None or packet.pos is None or packet.time_base is None:
                continue
            if begin_ms <= float(packet.pts * packet.time_base) * 1000 < end_ms:
                size = min(packet.size, len(data) - packet.pos)
                skip = 0 if path.suffix in {".m4a", ".flac", ".mp3", ".aac"} else size // 4
                data[packet.pos + skip : packet.pos + size] = chance.randbytes(size - skip)
    path.write_bytes(data)
