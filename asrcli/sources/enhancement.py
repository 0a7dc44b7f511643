"""Noise suppression and automatic gain, with as many samples out as in. The only importer of webrtc_noise_gain."""

import sys
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from asrcli.core.audio import SAMPLE_BYTES, Chunk, Format
from asrcli.core.causes import Cause
from asrcli.core.errors import SettingError
from asrcli.core.events import Event, Level, Notice
from asrcli.core.interfaces import Source, SourceWrapper
from asrcli.core.lazy_module import LazyModule

if TYPE_CHECKING:
    from asrcli.core import install_advice
else:
    install_advice = LazyModule("asrcli.core.install_advice")

FORMAT = Format(16000)  # the only format that the library takes
FRAME_BYTES = FORMAT.samples(10) * SAMPLE_BYTES  # the only length of a piece that it takes
LATE_BYTES = 96 * SAMPLE_BYTES  # windows of 256 samples over steps of 160: suppression comes out 6 ms late
LEVELS = range(1, 5)
LEVEL = 2


class Enhancer:
    """Enhances PCM and returns it with the same length and timing: the delay of the library is removed.

    It holds at most 16 ms at any moment; `flush` returns them.

    Args:
        audio_format: Format of the PCM.
        denoise: How strongly noise is suppressed, 1 to 4; 0 does not suppress it.
        agc: Make soft speech louder, by at most 12 dB, and limit loud speech.

    Raises:
        SettingError: the rate is not 16000 Hz, or the library is missing.
    """

    def __init__(self, audio_format: Format, denoise: int = LEVEL, agc: bool = False) -> None:
        setting = "agc"
        if denoise:
            setting = "denoise"
        if audio_format != FORMAT:
            problem = f"works at {FORMAT.rate} Hz, and this model takes {audio_format.rate} Hz"
            raise SettingError(setting, problem, cause=Cause.MODEL_RATE)
        # The library treats all target levels except 0 alike: its gain manager sets its own, 2 dB below the limit.
        self._processor = _processor(setting)(int(agc), denoise)
        self._delay = 0
        if denoise:
            self._delay = LATE_BYTES
        self._held = bytearray()  # less than a frame
        self._late = self._delay  # bytes of the next output that are from before the beginning
        self._pending_bytes = 0

    @property
    def pending_samples(self) -> int:
        """How many samples were taken and not returned yet."""
        return self._pending_bytes // SAMPLE_BYTES

    def process(self, pcm: bytes) -> bytes:
        """Take PCM of any length; return the enhanced samples that are ready, those that were held first."""
        self._held += pcm
        whole = len(self._held) // FRAME_BYTES * FRAME_BYTES
        frames = (bytes(self._held[at : at + FRAME_BYTES]) for at in range(0, whole, FRAME_BYTES))
        out = b"".join(self._processor.Process10ms(frame).audio for frame in frames)
        del self._held[:whole]
        ready = out[self._late :]
        self._late -= len(out) - len(ready)
        self._pending_bytes += len(pcm) - len(ready)
        return ready

    def flush(self) -> bytes:
        """Return all held samples. The next samples start a new stream, for which the noise is known already."""
        pending_bytes = self._pending_bytes
        if not pending_bytes:
            return b""
        rest = self.process(bytes(self._delay + FRAME_BYTES))[:pending_bytes]
        self._held.clear()
        self._late = self._delay
        self._pending_bytes = 0
        return rest

    def of(self, pieces: Iterable[bytes]) -> Iterator[bytes]:
        """Yield the enhanced pieces, with other boundaries."""
        for piece in pieces:
            if ready := self.process(piece):
                yield ready
        if rest := self.flush():
            yield rest


class EnhancedSource(SourceWrapper):
    """A source around another one whose audio is enhanced. Each sample keeps its position.

    Raises:
        SettingError: as Enhancer.
    """

    def __init__(self, source: Source, denoise: int = LEVEL, agc: bool = False) -> None:
        super().__init__(source)
        self._enhancer = Enhancer(source.format, denoise, agc)

    def chunks(self, start: int) -> Iterator[Chunk | Event]:
        """Yield the enhanced audio at the same positions. A chunk ends up to 16 ms before that of the source."""
        end = start
        for item in self._source.chunks(start):
            if isinstance(item, Level | Notice):
                yield item
                continue
            # Yield held samples first: an event, or a jump, must keep its place.
            if not isinstance(item, Chunk) or item.position != end:
                yield from self._rest(end)
            if not isinstance(item, Chunk):
                yield item
                continue
            at = item.position - self._enhancer.pending_samples
            ready = self._enhancer.process(item.pcm)
            if item.cut_after:
                ready += self._enhancer.flush()
            if ready:
                yield replace(item, position=at, pcm=ready)
            end = item.end
        yield from self._rest(end)

    def _rest(self, end: int) -> Iterator[Chunk]:
        at = end - self._enhancer.pending_samples
        if rest := self._enhancer.flush():
            yield Chunk(at, rest)


def _processor(setting: str) -> Any:
    try:
        from webrtc_noise_gain import AudioProcessor
    except ImportError as exc:
        if sys.platform == "linux":
            raise SettingError(setting, "needs webrtc-noise-gain", install_advice.install_extra("denoise")) from exc
        raise SettingError(
            setting,
            "there is no build of webrtc-noise-gain for this system",
            "switch on the system's own noise suppression and leave it out",
        ) from exc
    return AudioProcessor
