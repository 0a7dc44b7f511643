"""Places the audio of a microphone on the timeline of the run, with pauses, silence and gaps. No device, no clock."""

from collections.abc import Iterator

from asrcli.core.audio import SAMPLE_BYTES, Chunk, Format
from asrcli.core.dataclass import dataclass
from asrcli.core.events import Event, Gap, Level, Paused, Resumed
from asrcli.sources.loudness import loudness
from asrcli.sources.noise_floor import NoiseFloor

Item = Chunk | Event
FILL_MS = 100  # length of a chunk of silence in the place of a device that is gone
FLOOD_MS = 5000  # a longer absence is skipped: nobody should wait and pay for sending its silence
BREAK_MS = 3000  # the silence that is sent before the skip, so that a service ends the open sentence


@dataclass(frozen=True, slots=True)
class ListeningMode:
    """How a microphone is listened to.

    Attributes:
        flowing: Send silence during a pause; if False, send nothing.
        for_ms: End after this time.
        until_silence_ms: End when there was no speech for this time.
        push_to_talk: Begin with a pause.
    """

    flowing: bool = True
    for_ms: int | None = None
    until_silence_ms: int | None = None
    push_to_talk: bool = False

    @property
    def ends_by_itself(self) -> bool:
        """Whether the microphone ends although nobody ends it."""
        return self.for_ms is not None or self.until_silence_ms is not None


@dataclass(frozen=True, slots=True)
class _Hold:
    """A pause or a mute that goes on."""

    begin: int
    muted: bool


@dataclass(slots=True)
class Absence:
    """A time in which the device gives no audio.

    Attributes:
        since: When it gave its last audio, in seconds.
        reason: Why there is none.
        filled: How many samples of silence have taken its place so far.
    """

    since: float
    reason: str
    filled: int = 0


class MicrophoneTimeline:
    """Gives each piece of audio a position that never restarts. Commands of the user take effect between two pieces."""

    def __init__(self, audio_format: Format, start: int, mode: ListeningMode) -> None:
        self.position = start
        self._format = audio_format
        self._start = start
        self._mode = mode
        self._floor = NoiseFloor()
        self._quiet = 0  # how many samples without speech came last
        self._wanted_hold: bool | None = None  # what the user wants: True a mute, False a pause, None neither
        self._hold: _Hold | None = None
        if mode.push_to_talk:
            self._wanted_hold = False
            self._hold = _Hold(start, muted=False)
        self._cut = False
        self._gap: int | None = None  # position from which audio is missing; None if none is
        self._reason = ""

    @property
    def ended(self) -> str:
        """Why the listening ends by itself now; an empty string if it goes on."""
        for_ms, until_ms = self._mode.for_ms, self._mode.until_silence_ms
        if for_ms is not None and self.position - self._start >= self._format.samples(for_ms):
            return f"the {for_ms / 1000:g} s that were asked for are over"
        if until_ms is not None and self._quiet >= self._format.samples(until_ms):
            return f"nobody has spoken for {until_ms / 1000:g} s"
        return ""

    @property
    def held(self) -> bool:
        """Whether a pause or a mute goes on."""
        return self._hold is not None

    def late(self, samples: int) -> Iterator[Item]:
        """Yield silence for the time by which a device began later than others on the same timeline."""
        yield from self._piece(bytes(samples * SAMPLE_BYTES), quiet=True)

    def begin(self) -> Iterator[Item]:
        """Yield the pause that push-to-talk begins with."""
        if self._hold is not None:
            yield Paused(self._format.ms(self._hold.begin))

    def pause(self) -> None:
        """Begin or end a pause."""
        self._wanted_hold = False if self._wanted_hold is None else None

    def mute(self) -> None:
        """Switch the microphone off or on."""
        self._wanted_hold = None if self._wanted_hold else True

    def cut(self) -> None:
        """End the sentence here."""
        self._cut = True

    def captured(self, pcm: bytes) -> Iterator[Item]:
        """Yield a piece of audio from the device, and its level."""
        yield from self._close_gap()
        mean, peak = loudness(pcm, self._format)
        yield from self._piece(pcm, quiet=self._floor.is_quiet(mean, len(pcm) / SAMPLE_BYTES / self._format.rate))
        yield Level(self._format.ms(self.position), mean, peak)

    def lost(self, samples: int, reason: str) -> Iterator[Item]:
        """Yield silence in the place of samples that the device had to drop."""
        yield from self._missing(reason)
        yield from self._silence(samples)
        yield from self._close_gap()

    def absent(self, samples: int, reason: str) -> Iterator[Item]:
        """Yield silence in the place of samples that the device did not give; more may follow.

        A long absence, as after a machine that slept, is skipped: the positions jump.
        """
        yield from self._missing(reason)
        if samples > self._format.samples(FLOOD_MS):
            begin = self.position + samples
            yield from self._silence(self._format.samples(BREAK_MS))
            self.position = begin
            if self._hold is None:  # at the end of a hold the Resumed event says so
                yield from self._close_gap()
            yield from self._missing(reason)
        else:
            yield from self._silence(samples)

    def end(self) -> Iterator[Item]:
        """Yield the gap and the pause that are still open."""
        yield from self._close_gap()
        yield from self._release()

    def _piece(self, pcm: bytes, *, quiet: bool) -> Iterator[Item]:
        """Yield one piece, or what replaces it during a hold. A hold begins after a piece, and ends before one."""
        if self._hold is not None and self._wanted_hold is not self._hold.muted:
            yield from self._release()
            yield from self._take_hold()  # a pause became a mute, or a mute a pause
        holds = self._wanted_hold is not None and self._hold is None
        begin = self.position
        self.position += len(pcm) // SAMPLE_BYTES
        if self._hold is None:
            if self._gap is None:  # an absent device says nothing about silence in the room
                self._quiet += len(pcm) // SAMPLE_BYTES
                if not quiet:
                    self._quiet = 0
            cut = self._cut or (holds and not self._mode.flowing)
            self._cut = False
            yield Chunk(begin, pcm, cut_after=cut, quiet=quiet)
        elif self._mode.flowing:
            yield Chunk(begin, bytes(len(pcm)), quiet=True)
        if holds:
            yield from self._take_hold()

    def _take_hold(self) -> Iterator[Item]:
        if self._wanted_hold is not None:
            self._hold = _Hold(self.position, self._wanted_hold)
            yield Paused(self._format.ms(self.position), self._wanted_hold)

    def _release(self) -> Iterator[Item]:
        if self._hold is not None:
            hold = self._hold
            self._hold = None
            self._quiet = 0
            yield Resumed(self._format.ms(hold.begin), self._format.ms(self.position), hold.muted)

    def _silence(self, samples: int) -> Iterator[Item]:
        while samples > 0:
            size = min(samples, self._format.samples(FILL_MS))
            samples -= size
            yield from self._piece(bytes(size * SAMPLE_BYTES), quiet=True)
            yield from self._missing(self._reason)

    def _missing(self, reason: str) -> Iterator[Item]:
        """Note that audio is missing from here on. During a hold that is no loss."""
        self._reason = reason
        if self._hold is not None:
            yield from self._close_gap(self._hold.begin)
        elif self._gap is None:
            self._gap = self.position

    def _close_gap(self, position: int | None = None) -> Iterator[Item]:
        """Yield a gap for the audio that was missing up to here, if any was."""
        gap = self._gap
        self._gap = None
        if position is None:
            position = self.position
        if gap is not None and position > gap:
            yield Gap(self._format.ms(gap), self._format.ms(position), self._reason)
