"""Frames of any rate and layout to mono PCM of one rate: a channel, or the mix of all, which may cancel itself."""

from array import array
from operator import mul
from typing import TYPE_CHECKING

from asrcli.core.audio import SAMPLE_BYTES, Format

if TYPE_CHECKING:
    from av import AudioFifo, AudioFrame, AudioResampler
    from av.filter import Graph

# Layouts whose speakers a resampler knows how to mix. All others are mixed evenly, so that no channel is lost.
_MIXED = {
    "mono", "stereo", "2.1", "3.0", "3.0(back)", "4.0", "quad", "quad(side)", "3.1", "4.1", "5.0", "5.0(side)", "5.1",
    "5.1(side)", "6.0", "6.1", "6.1(back)", "7.0", "7.1", "7.1(wide)", "7.1(wide-side)",
}  # fmt: skip
CANCELLED = (
    "the channels cancel each other out in the mix, one is upside down: take a single one with --channel 1 (or left)"
)
_EVERY, _EVERY_LATER, _LOOKS = 8, 512, 25  # one frame of so many is looked at, and fewer after so many looks
_LOUD = 100.0  # of 32768: what is softer proves nothing
_ENOUGH_S = 0.2  # of the sound that is looked at, before it is told


class Mixer:
    """Frames to mono PCM; a change in mid-stream is a new beginning.

    Args:
        audio_format: What is wanted.
        channel: Counted from 0; None is the mix of all.
        watch: Whether a mix that cancels itself is looked for.
        together: So many frames are converted at once: that costs a fraction of what each by itself does. Live sound
            takes 1, so that nothing waits.
    """

    def __init__(self, audio_format: Format, channel: int | None, *, watch: bool = True, together: int = 1) -> None:
        self._format, self._channel = audio_format, channel
        self._kind: tuple[str, str, int] | None = None
        self._resampler: AudioResampler | None = None
        self._even: Graph | None = None
        self._together, self._count = together, 0
        self._held: AudioFifo | None = None  # frames that wait for others
        self.balance = CancellationWatch() if channel is None and watch else None

    def pcm(self, frame: "AudioFrame") -> list[bytes]:
        """The PCM of one more frame, and of those that waited for it; nothing where it waits for others itself."""
        kind = frame.format.name, frame.layout.name, frame.sample_rate
        before = []
        if kind != self._kind:
            before = self.rest()
            self._begin(frame)
            self._kind = kind
        if self.balance is not None:
            self.balance.look(frame)
        frame.pts = None  # the place of the sound is known elsewhere
        if self._held is None:
            return before + self._converted(frame)
        self._held.write(frame)
        self._count += 1
        return before + self.held() if self._count >= self._together else before

    def held(self) -> list[bytes]:
        """The PCM of the frames that wait for others."""
        self._count = 0
        frame = None if self._held is None else self._held.read()
        return [] if frame is None else self._converted(frame)

    def tells_cancelled(self) -> bool:
        """Whether it has just been found that the mix cancels itself; once."""
        if self.balance is None or not self.balance.cancelled:
            return False
        self.balance = None
        return True

    def rest(self) -> list[bytes]:
        """What waits, and what the filter still holds; the next frame begins anew."""
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
            self._even = even(frame)
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
        channels = 1 if self._channel is None else frame.layout.nb_channels
        data = bytes(frame.planes[0])[: frame.samples * channels * SAMPLE_BYTES]  # a plane may be padded
        if self._channel is None:
            return data
        # A stream that changes to fewer channels in its middle goes on with the last it has.
        return array("h", data)[min(self._channel, channels - 1) :: channels].tobytes()


def even(frame: "AudioFrame") -> "Graph":
    """What makes one channel of frames like this: the mean of all."""
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


class CancellationWatch:
    """Holds the loudness of the mix against that of the channels, on some of the frames."""

    def __init__(self) -> None:
        self._count = 0
        self._seen_s = self._channels = self._mix = 0.0
        self.cancelled = False  # what is mixed is far softer than it can be unless channels are upside down

    def look(self, frame: "AudioFrame") -> None:
        """Look at one more frame, or not."""
        self._count += 1
        if self._count % (_EVERY if self._count < _EVERY * _LOOKS else _EVERY_LATER) or self.cancelled:
            return
        channels = frame.layout.nb_channels
        if channels < 2:
            return
        from av import AudioResampler

        samples = array("h")
        for piece in AudioResampler(format="s16", layout=frame.layout, rate=frame.sample_rate).resample(frame):
            samples.frombytes(bytes(piece.planes[0])[: piece.samples * channels * SAMPLE_BYTES])
        each = [samples[number::channels] for number in range(channels)]
        power = sum(sum(map(mul, one, one)) for one in each) / max(1, len(samples))
        if power < _LOUD**2:
            return
        mix = [sum(together) / channels for together in zip(*each, strict=True)]
        self._channels += power
        self._mix += sum(map(mul, mix, mix)) / max(1, len(mix))
        self._seen_s += len(mix) / frame.sample_rate
        # Channels that have nothing to do with each other leave one part in so many; this is a tenth of that.
        self.cancelled = self._seen_s >= _ENOUGH_S and self._mix < self._channels / channels / 10
