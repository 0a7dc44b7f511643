"""A microphone as a source: read in a thread that may hang, watched, tried again. Knows no sound library."""

from collections.abc import Callable, Iterator
from enum import Enum, auto
from queue import Empty, SimpleQueue

from asrcli.core.audio import SAMPLE_BYTES, Chunk, Format
from asrcli.core.errors import SourceError
from asrcli.core.events import Absent, Event, Level, Notice
from asrcli.sources.boot_clock import boot_time
from asrcli.sources.device_reader import (
    Capture,
    Device,
    DeviceOpened,
    DeviceReader,
    LostSamples,
    ReaderCrashed,
    ReaderReport,
    Said,
)
from asrcli.sources.microphone_timeline import ListeningMode, MicrophoneTimeline
from asrcli.sources.noise_floor import ADVICE, SilenceAlarm

__all__ = ["Capture", "Device", "KeyCommand", "LostSamples", "Microphone"]

SILENT_S = 2.0  # a device that gives nothing for so long is gone, whatever it says
STOPPED_S = 3.0  # who notices that so late was not running meanwhile
OPEN_S = 10.0  # and one that does not open within so long
OPEN_MOST_S = 640.0  # the longest wait for another try while earlier ones hang
RETRY_S = 1.0
TICK_S = 0.1  # how often the silence in the place of a device is topped up
TAIL_S = 0.25  # what was said when the end was asked for is in hand after so long
OVERFLOW = "the device gave audio faster than it was read"
STOPPED = "this program was stopped, or the machine slept"


class KeyCommand(Enum):
    """What a person may want while a microphone is listened to."""

    PAUSE = auto()  # hear nothing from now on, or hear again
    MUTE = auto()  # switch the microphone off, or on again
    CUT = auto()  # end the sentence here
    END = auto()


_Word = ReaderReport | KeyCommand | Event


class Microphone:
    """The source `asr mic` listens to. It hears the present: `end` ends it, and the keys say the rest.

    Args:
        process: What is done to each piece of audio before anything else; it keeps its length.
        retry: Whether a device that goes away is waited for.
        tells_silence: Whether it is told when nothing is to be heard: what a machine plays may well be silent.
        now: Seconds of a clock that goes on while the machine sleeps.

    Raises (from `chunks`):
        SourceError: the device never opened, or is gone and is not waited for.
    """

    audio_format = "pcm"
    begin_ms = 0
    duration_ms = None

    def __init__(
        self,
        device: Device,
        audio_format: Format,
        hearing: ListeningMode,
        *,
        speaker: str = "",
        process: Callable[[bytes], bytes] = lambda pcm: pcm,
        retry: bool = True,
        tells_silence: bool = True,
        now: Callable[[], float] = boot_time,
    ) -> None:
        self.name, self.format, self.speaker = device.name, audio_format, speaker
        self.live, self.realtime = self, True
        self._device, self._hearing, self._process, self._retry, self._now = device, hearing, process, retry, now
        self._inbox: SimpleQueue[_Word] = SimpleQueue()
        self._ends_at: float | None = None
        self._was_open = self._heard_any = False
        self._opened = ""  # what was opened last
        self._asked_at = self._heard_at = 0.0
        self._gone_at: float | None = None  # when the device gave its last audio; None while it gives some
        self._filled = 0  # samples of silence since then
        self._fill_from = 0.0  # and when the next will do
        self._reason = ""
        self._hung: list[DeviceReader] = []  # given up, but still in the device
        self._told_hung = False
        self._deafness = SilenceAlarm() if tells_silence else None

    # What others may ask for, from any thread and in a signal handler

    def end(self) -> None:
        """Hear what has been said up to now, and no more."""
        self._inbox.put(KeyCommand.END)

    def request(self, wish: KeyCommand) -> None:
        """Do this, between two pieces of audio."""
        self._inbox.put(wish)

    def emit(self, event: Event) -> None:
        """Let the listener hear this, in its place between the chunks."""
        self._inbox.put(event)

    # The capture thread

    def chunks(self, start: int) -> Iterator[Chunk | Event]:
        """Chunks of what is heard, with silence in the place of a device that is gone."""
        self._timeline = MicrophoneTimeline(self.format, start, self._hearing)
        self._began_at = self._now()
        self._reader: DeviceReader | None = self._listen()
        try:
            yield from self._timeline.begin()
            while not self._over():
                yield from self._next()
            if why := self._timeline.ended:
                yield Notice("info", f"finishing: {why}")
            if self._gone_at is not None:
                yield from self._fill(self._now())
            yield from self._timeline.end()
        finally:
            self._leave()

    def _obey(self, wish: KeyCommand) -> None:
        if wish is KeyCommand.PAUSE:
            self._timeline.pause()
        elif wish is KeyCommand.MUTE:
            self._timeline.mute()
        elif wish is KeyCommand.CUT:
            self._timeline.cut()
        else:
            self._ends_at = self._ends_at or self._now() + TAIL_S

    def _over(self) -> bool:
        return bool(self._timeline.ended) or (self._ends_at is not None and self._now() >= self._ends_at)

    def _listen(self) -> DeviceReader:
        self._asked_at = self._now()
        return DeviceReader(self._device, self.format, self._inbox.put, self._now, instead=self._was_open)

    def _leave(self) -> None:
        """What this reader still says is not heard: it may come to itself at any time."""
        if self._reader is not None:
            self._reader.leave()
            self._hung = [reader for reader in (*self._hung, self._reader) if reader.alive]
            self._reader = None

    def _next(self) -> Iterator[Chunk | Event]:
        before = self._now()
        try:
            word = self._inbox.get(timeout=TICK_S)
        except Empty:
            word = None
        if not self._was_open and self._now() - before > STOPPED_S:
            self._asked_at += self._now() - before  # the device had no chance to open meanwhile
        if isinstance(word, ReaderReport):
            if word.reader is self._reader:  # one that was given up has nothing to say any more
                yield from self._said(word.said, word.at_s)
        elif isinstance(word, KeyCommand):
            self._obey(word)
        elif word is not None:
            yield word
        yield from self._watch()

    def _said(self, said: Said, at: float) -> Iterator[Chunk | Event]:
        if isinstance(said, ReaderCrashed):
            raise said.error
        if isinstance(said, SourceError):
            yield from self._gone(said)
        elif isinstance(said, DeviceOpened):
            if not self._was_open:
                self.name = said.name
                yield Notice("info", f"listening to {said.name}")
            self._was_open, self._opened, self._heard_at, self._told_hung = True, said.name, at, False
        elif self._gone_at is None and at - self._heard_at > SILENT_S:
            yield from self._silent(at)  # this is old: it waited in the buffers of the system
        else:
            yield from self._back(said, at)
            self._heard_at = at
            yield from self._heard(said)

    def _heard(self, said: bytes | LostSamples) -> Iterator[Chunk | Event]:
        if isinstance(said, LostSamples):
            yield Notice("warning", f"{self.name}: {OVERFLOW}: {self.format.ms(said.samples)} ms are lost")
            yield from self._timeline.lost(said.samples, OVERFLOW)
        elif said:
            for item in self._timeline.heard(self._process(said)):
                yield item
                if isinstance(item, Level) and self._deafness is not None and not self._timeline.held:
                    seconds = len(said) / SAMPLE_BYTES / self.format.rate
                    if deaf_s := self._deafness.due(item.peak_dbfs, seconds):
                        yield Notice("warning", f"{self.name}: nothing heard for {deaf_s:.0f} s: {ADVICE}")

    def _back(self, said: bytes | LostSamples, at: float) -> Iterator[Chunk | Event]:
        """The first audio, or the first after an absence: silence stands in for all before it."""
        samples = said.samples if isinstance(said, LostSamples) else len(said) // SAMPLE_BYTES
        if self.speaker and not self._heard_any:  # on one timeline with others
            late_s = at - self._began_at - samples / self.format.rate
            yield from self._timeline.late(max(0, round(late_s * self.format.rate)))
        self._heard_any = True
        if self._gone_at is None:
            return
        yield from self._fill(at - samples / self.format.rate)
        self._gone_at = None
        back = f"{self.name} is back" if self._opened == self.name else f"listening to {self._opened} instead"
        self.name = self._opened
        yield Notice("warning", back)

    def _gone(self, error: SourceError) -> Iterator[Chunk | Event]:
        self._leave()
        if not self._was_open or not self._retry:
            raise error
        yield from self._missed(f"{error}; waiting for it", error.reason, f"no audio from {error}")

    def _silent(self, now: float) -> Iterator[Chunk | Event]:
        """Nothing has come for so long that the device is opened anew, and what it had in store is old."""
        silent_s = now - self._heard_at
        if silent_s > STOPPED_S:  # else it would have been noticed earlier
            self._leave()
            told = f"{self.name}: nothing heard for {silent_s:.0f} s: {STOPPED}; opening it anew"
            yield from self._missed(told, STOPPED, STOPPED)
            self._fill_from = now + SILENT_S  # a device that is there will be back by then: one gap, and no more
        else:
            yield from self._gone(SourceError(self.name, f"has given nothing for {SILENT_S:.0f} s"))

    def _missed(self, told: str, state: str, reason: str) -> Iterator[Chunk | Event]:
        if self._gone_at is None:
            self._gone_at, self._filled, self._reason = self._heard_at, 0, reason
            yield Notice("warning", told)
            yield Absent(self.format.ms(self._timeline.position), state)

    def _watch(self) -> Iterator[Chunk | Event]:
        now = self._now()
        if not self._was_open:
            if now - self._asked_at > OPEN_S:
                raise SourceError(self.name, f"does not open: no answer for {OPEN_S:.0f} s")
        elif self._gone_at is None:
            # Whoever takes our chunks may have been slow: then audio is there, and only late.
            if now - self._heard_at > SILENT_S and self._inbox.empty():
                yield from self._silent(now)
        else:
            yield from self._try_again(now)
            if now >= self._fill_from:
                yield from self._fill(now)

    def _try_again(self, now: float) -> Iterator[Event]:
        """Open the device once more, seldom while earlier tries still hang in it."""
        if self._reader is not None and self._reader.alive:
            if now - self._asked_at < OPEN_S:
                return
            if not self._told_hung:
                self._told_hung = True
                yield Notice("warning", f"{self.name}: does not open: no answer for {OPEN_S:.0f} s; trying again")
        self._leave()
        self._hung = [reader for reader in self._hung if reader.alive]
        wait_s = RETRY_S if len(self._hung) < 2 else min(OPEN_MOST_S, OPEN_S * 2.0 ** (len(self._hung) - 2))
        if now - self._asked_at >= wait_s:
            self._reader = self._listen()

    def _fill(self, now: float) -> Iterator[Chunk | Event]:
        """Silence up to now."""
        assert self._gone_at is not None  # noqa: S101  the callers looked
        due = max(0, round((now - self._gone_at) * self.format.rate) - self._filled)
        self._filled += due
        yield from self._timeline.absent(due, self._reason)
