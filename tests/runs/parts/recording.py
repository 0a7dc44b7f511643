"""A source of given pieces, for tests of parts."""

from collections.abc import Iterator

from asrcli.core.audio import Chunk, Format
from asrcli.core.events import Event, Gap, Notice
from tests.support.counted import counted

WIRE = Format(8000)
PAUSES = {index for index in range(400) if index % 9 > 4}


class Recording:
    """Counted audio with pauses, which begins at a second, with a hole and a notice in it."""

    name, audio_format, speaker, realtime, live = "r.wav", "pcm", "", False, None
    format, begin_ms = WIRE, 1000

    def __init__(self, chunks: int, size: int = 800) -> None:
        self._pcm, self._size = counted(chunks, 8000, PAUSES), size
        self.duration_ms = chunks * 100

    def chunks(self, start: int) -> Iterator[Chunk | Event]:
        """The middle tenth is missing."""
        samples = len(self._pcm) // 2
        for at in range(0, samples, self._size):
            if samples * 5 // 10 <= at < samples * 6 // 10:
                continue
            yield Chunk(start + at, self._pcm[2 * at : 2 * (at + self._size)])
            if at == 0:
                yield Notice("warning", "one packet is damaged")
                yield Gap(1050, 1060, "damaged")
