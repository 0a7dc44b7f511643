"""What a microphone's audio becomes on the run's timeline: pauses, silence, gaps, positions. No device, no clock."""

from collections.abc import Iterator
from dataclasses import dataclass

from asrcli.core.audio import SAMPLE_BYTES, Chunk, Format
from asrcli.core.events import Event, Gap, Level, Paused, Resumed
from asrcli.sources.loudness import loudness
from asrcli.sources.noise_floor import NoiseFloor

Item = Chunk | Event
FILL_MS = 100  # length of a chunk of silence in the place of a device that is gone
FLOOD_MS = 5000  # so much missing at once is the past: nobody waits for it, and nobody should pay to send its silence
BREAK_MS = 3000  # but for this much at its beginning, in which a service ends the sentence that was open


@dataclass(frozen=True, slots=True)
class ListeningMode:
    """How a microphone is listened to.

    Attributes:
        flowing: Silence is sent while nothing is to be heard; otherwise nothing is.
        for_ms: Stop after so much time.
        until_silence_ms: Stop when there was no speech for so long.
        push_to_talk: Begin with a pause.
    """

    flowing: bool = True
    for_ms: int | None = None
    until_silence_ms: int | None = None
    push_to_talk: bool = False


@dataclass(frozen=True, slots=True)
class _Hold:
    begin: int
    muted: bool


class MicrophoneTimeline:
    """Positions that never restart, whatever the device and the user do. Changes take effect between two pieces."""

    def __init__(self, audio_format: Format, start: int, hearing: ListeningMode) -> None:
        self.position = start
        self._format, self._start, self._hearing = audio_format, start, hearing
        self._floor = NoiseFloor()
        self._quiet = 0  # samples without speech up to here
        self._wanted: bool | None = False if hearing.push_to_talk else None  # muted or paused; None is neither
        self._hold = _Hold(start, muted=False) if hearing.push_to_talk else None
        self._cut = False
        self._gap: int | None = None  # where the audio began to be missing
        self._reason = ""

    @property
    def ended(self) -> str:
        """Why it ends here by itself; empty while it does not."""
        for_ms, until_ms = self._hearing.for_ms, self._hearing.until_silence_ms
        if for_ms is not None and self.position - self._start >= self._format.samples(for_ms):
            return f"the {for_ms / 1000:g} s that were asked for are over"
        if until_ms is not None and self._quiet >= self._format.samples(until_ms):
            return f"nobody has spoken for {until_ms / 1000:g} s"
        return ""

    @property
    def held(self) -> bool:
        """Whether nothing is to be heard at the moment."""
        return self._hold is not None

    def late(self, samples: int) -> Iterator[Item]:
        """The device began to give audio so much later than others that are heard with it."""
        yield from self._piece(bytes(samples * SAMPLE_BYTES), quiet=True)

    def begin(self) -> Iterator[Item]:
        """What is so from the beginning."""
        if self._hold is not None:
            yield Paused(self._format.ms(self._hold.begin))

    def pause(self) -> None:
        """Hear nothing from here on, or hear again."""
        self._wanted = False if self._wanted is None else None

    def mute(self) -> None:
        """Switch the microphone off, or on again."""
        self._wanted = None if self._wanted else True

    def cut(self) -> None:
        """End the sentence here."""
        self._cut = True

    def heard(self, pcm: bytes) -> Iterator[Item]:
        """A piece of audio from the device."""
        yield from self._here()
        mean, peak = loudness(pcm, self._format)
        yield from self._piece(pcm, quiet=self._floor.is_quiet(mean, len(pcm) / SAMPLE_BYTES / self._format.rate))
        yield Level(self._format.ms(self.position), mean, peak)

    def lost(self, samples: int, reason: str) -> Iterator[Item]:
        """The device gave too much at once, and so many samples are gone; silence takes their place."""
        yield from self._missing(reason)
        yield from self._silence(samples)
        yield from self._here()

    def absent(self, samples: int, reason: str) -> Iterator[Item]:
        """The device has given nothing for so many samples, and may give nothing for longer.

        Much of it at once, as after a machine that slept, is passed over: the positions jump.
        """
        yield from self._missing(reason)
        if samples > self._format.samples(FLOOD_MS):
            begin = self.position + samples
            yield from self._silence(self._format.samples(BREAK_MS))
            self.position = begin
            if self._hold is None:  # else the end of the hold says so
                yield from self._here()
            yield from self._missing(reason)
        else:
            yield from self._silence(samples)

    def end(self) -> Iterator[Item]:
        """Close what is open."""
        yield from self._here()
        yield from self._release()

    def _piece(self, pcm: bytes, *, quiet: bool) -> Iterator[Item]:
        """One piece under whatever is wanted; a hold begins behind it, and ends before it."""
        if self._hold is not None and self._wanted is not self._hold.muted:
            yield from self._release()
            yield from self._take_hold()  # a pause became a mute, or the other way round
        holds = self._wanted is not None and self._hold is None
        begin = self.position
        self.position += len(pcm) // SAMPLE_BYTES
        if self._hold is None:
            if self._gap is None:  # a device that is gone is no silent room
                self._quiet = self._quiet + len(pcm) // SAMPLE_BYTES if quiet else 0
            cut, self._cut = self._cut or (holds and not self._hearing.flowing), False
            yield Chunk(begin, pcm, cut_after=cut, quiet=quiet)
        elif self._hearing.flowing:
            yield Chunk(begin, bytes(len(pcm)), quiet=True)
        if holds:
            yield from self._take_hold()

    def _take_hold(self) -> Iterator[Item]:
        if self._wanted is not None:
            self._hold = _Hold(self.position, self._wanted)
            yield Paused(self._format.ms(self.position), self._wanted)

    def _release(self) -> Iterator[Item]:
        if self._hold is not None:
            hold, self._hold, self._quiet = self._hold, None, 0
            yield Resumed(self._format.ms(hold.begin), self._format.ms(self.position), hold.muted)

    def _silence(self, samples: int) -> Iterator[Item]:
        while samples > 0:
            size = min(samples, self._format.samples(FILL_MS))
            samples -= size
            yield from self._piece(bytes(size * SAMPLE_BYTES), quiet=True)
            yield from self._missing(self._reason)

    def _missing(self, reason: str) -> Iterator[Item]:
        """From here on audio is missing; what is missing while nothing was to be heard is no loss."""
        self._reason = reason
        if self._hold is not None:
            yield from self._here(self._hold.begin)
        elif self._gap is None:
            self._gap = self.position

    def _here(self, position: int | None = None) -> Iterator[Item]:
        """Name what was missing up to here."""
        gap, self._gap = self._gap, None
        end = self.position if position is None else position
        if gap is not None and end > gap:
            yield Gap(self._format.ms(gap), self._format.ms(end), self._reason)
