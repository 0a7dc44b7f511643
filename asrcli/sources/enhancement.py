"""Noise suppression and automatic gain: PCM to as much PCM, sample for sample. webrtc_noise_gain's only importer."""

import sys
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from asrcli.core.audio import SAMPLE_BYTES, Chunk, Format
from asrcli.core.errors import UsageError
from asrcli.core.events import Event, Level, Notice
from asrcli.core.interfaces import Source, SourceWrapper

FORMAT = Format(16000)  # what the library is made for
FRAME_BYTES = FORMAT.samples(10) * SAMPLE_BYTES  # and it takes nothing longer or shorter
LATE_BYTES = 96 * SAMPLE_BYTES  # windows of 256 samples over steps of 160: suppression comes out 6 ms late
LEVELS = range(1, 5)
LEVEL = 2


class Enhancer:
    """What goes in comes out, as long and at the same time: the delay of the library is taken away again.

    At most 16 ms are held at any moment, and `flush` gives them out.

    Args:
        audio_format: Of the PCM.
        denoise: How strongly noise is suppressed, 1 to 4; 0 leaves it.
        agc: Bring soft speech up, by 12 dB at most, and hold loud speech at the limit.

    Raises:
        UsageError: another rate than 16000, or no library to do it.
    """

    def __init__(self, audio_format: Format, denoise: int = LEVEL, agc: bool = False) -> None:
        option = "--denoise" if denoise else "--agc"
        if audio_format != FORMAT:
            raise UsageError(
                f"{option} works at {FORMAT.rate} Hz, and this model takes {audio_format.rate} Hz",
                f"name a --model for {FORMAT.rate} Hz, or leave {option} out",
            )
        # Any target level but 0 is the same to the library: its gain manager sets its own, 2 dB below the limit.
        self._processor = _processor(option)(int(agc), denoise)
        self._delay = LATE_BYTES if denoise else 0
        self._held = bytearray()  # less than a frame
        self._late = self._delay  # what comes out first is from before the beginning
        self._owed = 0

    @property
    def pending_samples(self) -> int:
        """Samples that went in and are not out yet."""
        return self._owed // SAMPLE_BYTES

    def process(self, pcm: bytes) -> bytes:
        """Take PCM of any length; what is ready of it and of what was held before."""
        self._held += pcm
        whole = len(self._held) // FRAME_BYTES * FRAME_BYTES
        frames = (bytes(self._held[at : at + FRAME_BYTES]) for at in range(0, whole, FRAME_BYTES))
        out = b"".join(self._processor.Process10ms(frame).audio for frame in frames)
        del self._held[:whole]
        ready = out[self._late :]
        self._late -= len(out) - len(ready)
        self._owed += len(pcm) - len(ready)
        return ready

    def flush(self) -> bytes:
        """The rest, to the last sample. What is processed afterwards is a new beginning, with the noise known."""
        owed = self._owed
        if not owed:
            return b""
        rest = self.process(bytes(self._delay + FRAME_BYTES))[:owed]
        self._held.clear()
        self._late, self._owed = self._delay, 0
        return rest

    def of(self, pieces: Iterable[bytes]) -> Iterator[bytes]:
        """The pieces, enhanced; cut elsewhere."""
        for piece in pieces:
            if ready := self.process(piece):
                yield ready
        if rest := self.flush():
            yield rest


class EnhancedSource(SourceWrapper):
    """A source whose chunks are enhanced, each sample where it was.

    Raises:
        UsageError: see Enhancer.
    """

    def __init__(self, source: Source, denoise: int = LEVEL, agc: bool = False) -> None:
        super().__init__(source)
        self._enhancer = Enhancer(source.format, denoise, agc)

    def chunks(self, start: int) -> Iterator[Chunk | Event]:
        """As much audio as the source has, at the same positions; a chunk ends up to 16 ms before the source's."""
        end = start
        for item in self._source.chunks(start):
            if isinstance(item, Level | Notice):
                yield item
                continue
            # What an event says of this place, and audio that is not there, must not move by what is held.
            if not isinstance(item, Chunk) or item.position != end:
                yield from self._rest(end)
            if not isinstance(item, Chunk):
                yield item
                continue
            at = item.position - self._enhancer.pending_samples
            ready = self._enhancer.process(item.pcm) + (self._enhancer.flush() if item.cut_after else b"")
            if ready:
                yield replace(item, position=at, pcm=ready)
            end = item.end
        yield from self._rest(end)

    def _rest(self, end: int) -> Iterator[Chunk]:
        at = end - self._enhancer.pending_samples
        if rest := self._enhancer.flush():
            yield Chunk(at, rest)


def _processor(option: str) -> Any:
    try:
        from webrtc_noise_gain import AudioProcessor
    except ImportError as exc:
        if sys.platform == "linux":
            raise UsageError(f"{option} needs webrtc-noise-gain", "pip install 'asrcli[denoise]'") from exc
        raise UsageError(
            f"{option}: there is no build of webrtc-noise-gain for this system",
            "switch on the system's own noise suppression and leave it out",
        ) from exc
    return AudioProcessor
