"""Converts frames of any rate and layout to mono PCM: one channel, or the mix of all. Detects channels that cancel."""

from array import array
from operator import mul
from typing import TYPE_CHECKING

from asrcli.core.audio import SAMPLE_BYTES, Format
from asrcli.sources.large_frames import LARGE_SAMPLES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from av import AudioFifo, AudioFrame, AudioResampler
    from av.filter import Graph

# Layouts that the resampler can mix. All others are mixed here in equal parts, so that no channel is lost.
_MIXED = {
    "mono", "stereo", "2.1", "3.0", "3.0(back)", "4.0", "quad", "quad(side)", "3.1", "4.1", "5.0", "5.0(side)", "5.1",
    "5.1(side)", "6.0", "6.1", "6.1(back)", "7.0", "7.1", "7.1(wide)", "7.1(wide-side)",
}  # fmt: skip
CANCELLED = (
    "the channels cancel each other out in the mix, one is upside down: take a single one with --channel 1 (or left)"
)
_FRAME_SAMPLES = 1152  # of a usual frame: a large one counts as several
_MOST_EXAMINED_SAMPLES = 4608  # of a large frame
_FIRST_FRAMES_APART = 8  # at first, one of this many frames is examined
_LATER_FRAMES_APART = 512  # later, one of this many
_FIRST_EXAMINED = 25  # how many frames are examined at first
_LOUD = 100.0  # root mean square, of 32768: softer sound proves nothing
_ENOUGH_S = 0.2  # how much sound must be examined before a decision


class Mixer:
    """Converts frames to mono PCM. It starts again when their format changes.

    Args:
        audio_format: Format of the result.
        channel: Counted from 0; None is the mix of all.
        detect: Whether to detect a mix in which the channels cancel each other.
        together: How many frames are converted at once, which is much faster than one by one. Use 1 for live sound, so
            that nothing waits.

    Attributes:
        detector: Examines some of the frames; None if it is off, or when it has reported.
    """

    def __init__(self, audio_format: Format, channel: int | None, *, detect: bool = True, together: int = 1) -> None:
        self._format = audio_format
        self._channel = channel
        self._kind: tuple[str, str, int] | None = None
        self._resampler: AudioResampler | None = None
        self._even: Graph | None = None
        self._together = together
        self._count = 0
        self._held: AudioFifo | None = None  # frames that wait for others
        self.detector: CancellationDetector | None = None
        if channel is None and detect:
            self.detector = CancellationDetector()

    def pcm(self, frames: "Iterable[AudioFrame]") -> list[bytes]:
        """Take more frames, and return the PCM that is ready; none while the frames wait for others."""
        made: list[bytes] = []
        for frame in frames:
            kind = frame.format.name, frame.layout.name, frame.sample_rate
            if kind != self._kind:
                made += self.rest()
                self._begin(frame)
                self._kind = kind
            if self.detector is not None:
                self.detector.examine(frame)
            frame.pts = None  # the caller knows the place of the sound
            if self._held is None or (frame.samples >= LARGE_SAMPLES and not self._count):
                made += self._converted(frame)
                continue
            self._held.write(frame)
            self._count += 1
            if self._count >= self._together:
                made += self.held()
        return made

    def held(self) -> list[bytes]:
        """Return the PCM of the frames that wait for others."""
        self._count = 0
        if self._held is None:
            return []
        frame = self._held.read()
        if frame is None:
            return []
        return self._converted(frame)

    def take_cancelled(self) -> bool:
        """Return True once, when the channels are found to cancel each other."""
        if self.detector is None or not self.detector.cancelled:
            return False
        self.detector = None
        return True

    def rest(self) -> list[bytes]:
        """Return the PCM that waits and that the filter still holds. The next frame starts a new conversion."""
        made = self.held()
        if self._resampler is not None:
            made += map(self._mono, self._resampler.resample(None))
        self._resampler = self._even = self._kind = self._held = None
        return made

    def _begin(self, frame: "AudioFrame") -> None:
        from av import AudioFifo, AudioResampler

        if self._together > 1:
            self._held = AudioFifo()
        if self._channel is None and frame.layout.name not in _MIXED:
            self._even = equal_mix(frame)
        layout = "mono" if self._channel is None else frame.layout
        self._resampler = AudioResampler(format="s16", layout=layout, rate=self._format.rate)

    def _converted(self, frame: "AudioFrame") -> list[bytes]:
        if self._even is not None:
            frame.pts = None
            self._even.push(frame)
            frame = self._even.pull()  # type: ignore[assignment]
        frame.pts = None
        assert self._resampler is not None  # noqa: S101  made by `_begin`
        return [self._mono(made) for made in self._resampler.resample(frame)]

    def _mono(self, frame: "AudioFrame") -> bytes:
        if self._channel is None:
            return bytes(memoryview(frame.planes[0])[: frame.samples * SAMPLE_BYTES])  # a plane may be padded
        channels = frame.layout.nb_channels
        samples = array("h", bytes(frame.planes[0])[: frame.samples * channels * SAMPLE_BYTES])
        # If a stream changes to fewer channels, its last one is used.
        return samples[min(self._channel, channels - 1) :: channels].tobytes()


def equal_mix(frame: "AudioFrame") -> "Graph":
    """Return a filter that makes one channel, the mean of all, of frames with the format of this one."""
    from fractions import Fraction

    from av.filter import Graph

    count = frame.layout.nb_channels
    graph = Graph()
    begin = graph.add_abuffer(
        sample_rate=frame.sample_rate,
        format=frame.format.name,
        layout=frame.layout.name,
        time_base=Fraction(1, frame.sample_rate),
    )
    pan = graph.add("pan", "mono|c0=" + "+".join(f"{1 / count:.9f}*c{number}" for number in range(count)))
    end = graph.add("abuffersink")
    begin.link_to(pan)
    pan.link_to(end)
    graph.configure()
    return graph


class CancellationDetector:
    """Compares the loudness of the mix with that of the channels, on some of the frames.

    Attributes:
        cancelled: The mix is far softer than it could be, unless some channels are inverted.
    """

    def __init__(self) -> None:
        self._count = 0
        self._next = _FIRST_FRAMES_APART  # the number of the frame that is examined next
        self._seen_s = self._channels = self._mix = 0.0
        self.cancelled = False

    def examine(self, frame: "AudioFrame") -> None:
        """Take one more frame; most are not examined, and of a large one only the beginning."""
        self._count += max(1, frame.samples // _FRAME_SAMPLES)
        if self._count < self._next or self.cancelled:
            return
        self._next = self._count + _FIRST_FRAMES_APART
        if self._count >= _FIRST_FRAMES_APART * _FIRST_EXAMINED:
            self._next = self._count + _LATER_FRAMES_APART
        channels = frame.layout.nb_channels
        if channels < 2:
            return
        from av import AudioResampler

        samples = array("h")
        for piece in AudioResampler(format="s16", layout=frame.layout, rate=frame.sample_rate).resample(frame):
            examined = min(piece.samples, _MOST_EXAMINED_SAMPLES)
            samples.frombytes(memoryview(piece.planes[0])[: examined * channels * SAMPLE_BYTES])
        separate = [samples[number::channels] for number in range(channels)]
        power = sum(sum(map(mul, channel, channel)) for channel in separate) / max(1, len(samples))
        if power < _LOUD**2:
            return
        mix = [sum(together) / channels for together in zip(*separate, strict=True)]
        self._channels += power
        self._mix += sum(map(mul, mix, mix)) / max(1, len(mix))
        self._seen_s += len(mix) / frame.sample_rate
        # A mix of n unrelated channels keeps one n-th of their power; this is a tenth of that.
        self.cancelled = self._seen_s >= _ENOUGH_S and self._mix < self._channels / channels / 10
