"""A microphone as a source: read in a thread that may hang, watched, and opened again. Knows no sound library."""

from collections.abc import Callable, Iterator
from enum import Enum, auto
from queue import Empty, SimpleQueue

from asrcli.core.audio import SAMPLE_BYTES, Chunk, Format
from asrcli.core.causes import Cause
from asrcli.core.errors import SourceError
from asrcli.core.events import Absent, Event, Level, Notice
from asrcli.sources.boot_clock import boot_time
from asrcli.sources.device_reader import (
    OPEN_S,
    RETRY_S,
    Capture,
    Device,
    DeviceOpened,
    DeviceReader,
    LostSamples,
    ReaderAttempts,
    ReaderCrashed,
    ReaderReport,
    ReaderResult,
)
from asrcli.sources.microphone_timeline import Absence, ListeningMode, MicrophoneTimeline
from asrcli.sources.noise_floor import ADVICE, SilenceAlarm

__all__ = ["OPEN_S", "RETRY_S", "Capture", "Device", "KeyCommand", "LostSamples", "Microphone"]

SILENT_S = 2.0  # a device that gives nothing for this long is gone, whatever it reports
STOPPED_S = 3.0  # a process that notices this only so late was not running meanwhile
TICK_S = 0.1  # how often the silence in the place of a device is extended
ASLEEP_S = 1.0  # if a wait of TICK_S takes this long, the process was not running
TAIL_S = 0.25  # how long audio is still read after the user asked for the end: it is on its way
OVERFLOW = "the device gave audio faster than it was read"
STOPPED = "this program was stopped, or the machine slept"


class KeyCommand(Enum):
    """What the user can ask for while a microphone is listened to."""

    PAUSE = auto()  # transcribe nothing from now on, or go on
    MUTE = auto()  # switch the microphone off, or on again
    CUT = auto()  # end the sentence here
    END = auto()


_InboxItem = ReaderReport | KeyCommand | Event


class Microphone:
    """The source of `asr mic`: it is live. `end` ends it; `request` passes on what the user asks for.

    Args:
        device: What is listened to.
        audio_format: Of the chunks.
        mode: How it is listened to.
        speaker: Label of the speaker, if several devices are listened to.
        process: Changes each piece of audio before anything else; it must keep its length.
        retry: Whether to wait for a device that goes away.
        warns_of_silence: Whether to warn about a silent microphone. What a machine plays may well be silent.
        now: A clock in seconds that goes on while the machine sleeps.

    Raises (from `chunks`):
        SourceError: the device cannot be opened, or is gone and `retry` is off.
    """

    audio_format = "pcm"
    begin_ms = 0
    duration_ms = None

    def __init__(
        self,
        device: Device,
        audio_format: Format,
        mode: ListeningMode,
        *,
        speaker: str = "",
        process: Callable[[bytes], bytes] = lambda pcm: pcm,
        retry: bool = True,
        warns_of_silence: bool = True,
        now: Callable[[], float] = boot_time,
    ) -> None:
        self.name = device.name
        self.format = audio_format
        self.speaker = speaker
        self.live = self
        self.realtime = True
        self._device = device
        self._mode = mode
        self._process = process
        self._retry = retry
        self._now = now
        self._silence_alarm = None
        if warns_of_silence:
            self._silence_alarm = SilenceAlarm()
        self._inbox: SimpleQueue[_InboxItem] = SimpleQueue()
        self._attempts = ReaderAttempts(self._start_reader, now)
        self._was_open = False
        self._opened_name = ""  # the device that was opened last
        self._reported_hang = False  # since it was opened last
        self._heard_any = False
        self._heard_at = 0.0  # when the last audio came, in seconds
        self._woke_at = -SILENT_S  # when the process was found to run again, in seconds
        self._early: list[Event] = []  # what is to be told once a device is open: where none is, the error stands alone
        self._absence: Absence | None = None
        self._fill_from = 0.0  # do not fill an absence before this time
        self._ends_at: float | None = None  # when to end, once the user has asked for it

    # For other threads and signal handlers

    def end(self) -> None:
        """End after what has been said until now."""
        self._inbox.put(KeyCommand.END)

    def request(self, command: KeyCommand) -> None:
        """Carry out a command of the user between two pieces of audio."""
        self._inbox.put(command)

    def emit(self, event: Event) -> None:
        """Pass an event to the listener, in its place between the chunks."""
        self._inbox.put(event)

    def chunks(self, start: int) -> Iterator[Chunk | Event]:
        """Yield the audio, with silence in the place of a device that is gone."""
        self._timeline = MicrophoneTimeline(self.format, start, self._mode)
        self._began_at = self._now()
        self._attempts.start()
        try:
            yield from self._timeline.begin()
            while not self._is_over():
                yield from self._next()
            if why := self._timeline.ended:
                yield Notice("info", f"finishing: {why}")
            if self._absence is not None:
                yield from self._fill(self._absence, self._now())
            yield from self._timeline.end()
        finally:
            self._attempts.give_up()

    def _start_reader(self) -> DeviceReader:
        return DeviceReader(self._device, self.format, self._inbox.put, self._now, instead=self._was_open)

    def _carry_out(self, command: KeyCommand) -> None:
        if command is KeyCommand.PAUSE:
            self._timeline.pause()
        elif command is KeyCommand.MUTE:
            self._timeline.mute()
        elif command is KeyCommand.CUT:
            self._timeline.cut()
        else:
            self._ends_at = self._ends_at or self._now() + TAIL_S

    def _is_over(self) -> bool:
        return bool(self._timeline.ended) or (self._ends_at is not None and self._now() >= self._ends_at)

    def _next(self) -> Iterator[Chunk | Event]:
        """Handle the next item of the inbox, then see what the time demands."""
        before = self._now()
        try:
            item = self._inbox.get(timeout=TICK_S)
        except Empty:
            item = None
        now = self._now()
        if now - before > ASLEEP_S:
            self._woke_at = now
        if not self._was_open and now - before > STOPPED_S:
            self._attempts.started_at += now - before  # the device had no chance to open meanwhile
        if isinstance(item, ReaderReport):
            if item.reader is self._attempts.reader:  # reports of a reader that was given up do not count
                yield from self._handle(item.result, item.at_s)
        elif isinstance(item, KeyCommand):
            self._carry_out(item)
        elif item is not None:
            self._early.append(item)
        if self._was_open:
            yield from self._early
            self._early.clear()
        yield from self._watch()

    def _handle(self, result: ReaderResult, at: float) -> Iterator[Chunk | Event]:
        if isinstance(result, ReaderCrashed):
            raise result.error
        if isinstance(result, SourceError):
            yield from self._lose(result)
        elif isinstance(result, DeviceOpened):
            if not self._was_open:
                self.name = result.name
                yield Notice("info", f"listening to {result.name}")
            self._was_open = True
            self._opened_name = result.name
            self._heard_at = at
            self._reported_hang = False
        elif self._absence is None and at - self._heard_at > SILENT_S:
            yield from self._handle_silence(at)  # this audio is old: it waited in the buffers of the system
        else:
            yield from self._begin_audio(result, at)
            self._heard_at = at
            yield from self._take_audio(result)

    @property
    def _was_stopped(self) -> bool:
        """Whether the process did not run at some time since the last audio, or just before it."""
        return self._heard_at - self._woke_at < SILENT_S

    def _take_audio(self, audio: bytes | LostSamples) -> Iterator[Chunk | Event]:
        if isinstance(audio, LostSamples):
            reason = STOPPED if self._was_stopped else OVERFLOW
            yield Notice("warning", f"{self.name}: {reason}: {self.format.ms(audio.samples)} ms are lost")
            yield from self._timeline.lost(audio.samples, reason)
        elif audio:
            seconds = len(audio) / SAMPLE_BYTES / self.format.rate
            for item in self._timeline.captured(self._process(audio)):
                yield item
                if not isinstance(item, Level) or self._silence_alarm is None or self._timeline.held:
                    continue
                if silent_s := self._silence_alarm.due(item.peak_dbfs, seconds):
                    yield Notice("warning", f"{self.name}: nothing heard for {silent_s:.0f} s: {ADVICE}")

    def _begin_audio(self, audio: bytes | LostSamples, at: float) -> Iterator[Chunk | Event]:
        """Before the first audio, and before the first one after an absence, fill the time up to it with silence."""
        samples = audio.samples if isinstance(audio, LostSamples) else len(audio) // SAMPLE_BYTES
        if self.speaker and not self._heard_any:  # on one timeline with other devices
            late_s = at - self._began_at - samples / self.format.rate
            yield from self._timeline.late(max(0, round(late_s * self.format.rate)))
        self._heard_any = True
        if self._absence is None:
            return
        yield from self._fill(self._absence, at - samples / self.format.rate)
        self._absence = None
        text = f"{self.name} is back"
        if self._opened_name != self.name:
            text = f"listening to {self._opened_name} instead"
        self.name = self._opened_name
        yield Notice("warning", text)

    def _lose(self, error: SourceError) -> Iterator[Chunk | Event]:
        """Wait for a device that failed.

        Raises:
            SourceError: the error, if the device never opened or is not waited for.
        """
        self._attempts.give_up()
        if not self._was_open or not self._retry:
            raise error
        if self._was_stopped:
            yield from self._begin_absence(f"{self.name}: {STOPPED}; opening it again", STOPPED, STOPPED)
        else:
            yield from self._begin_absence(f"{error}; waiting for it", error.reason, f"no audio from {error}")

    def _handle_silence(self, now: float) -> Iterator[Chunk | Event]:
        """Open a device again that has delivered no audio for too long: what it has in its buffers is old."""
        silent_s = now - self._heard_at
        if silent_s > STOPPED_S or self._was_stopped:  # a running process would have noticed earlier
            self._attempts.give_up()
            notice = f"{self.name}: nothing heard for {silent_s:.0f} s: {STOPPED}; opening it again"
            yield from self._begin_absence(notice, STOPPED, STOPPED)
            self._fill_from = now + SILENT_S  # a working device will be back by then: that makes one gap only
        else:
            yield from self._lose(SourceError(self.name, f"has delivered no audio for {SILENT_S:.0f} s"))

    def _begin_absence(self, notice: str, state: str, reason: str) -> Iterator[Chunk | Event]:
        if self._absence is None:
            self._absence = Absence(self._heard_at, reason)
            yield Notice("warning", notice)
            yield Absent(self.format.ms(self._timeline.position), state)

    def _watch(self) -> Iterator[Chunk | Event]:
        """Notice a device that does not open or gives nothing, and try again to open one that is gone."""
        now = self._now()
        if not self._was_open:
            if now - self._attempts.started_at > OPEN_S:
                raise SourceError(self.name, f"does not open: no answer for {OPEN_S:.0f} s", cause=Cause.DEVICE_HANGS)
        elif self._absence is None:
            # If the consumer of our chunks was slow, audio waits in the inbox: then the device is not silent.
            if now - self._heard_at > SILENT_S and self._inbox.empty():
                yield from self._handle_silence(now)
        else:
            yield from self._try_again(now)
            if now >= self._fill_from:
                yield from self._fill(self._absence, now)

    def _try_again(self, now: float) -> Iterator[Event]:
        """Open the device once more, at longer intervals while earlier attempts hang in it."""
        attempts = self._attempts
        if attempts.reader is not None and attempts.reader.alive:
            if now - attempts.started_at < OPEN_S:
                return
            if not self._reported_hang:
                self._reported_hang = True
                yield Notice("warning", f"{self.name}: does not open: no answer for {OPEN_S:.0f} s; trying again")
        attempts.give_up()
        if now - attempts.started_at >= attempts.wait_s:
            attempts.start()

    def _fill(self, absence: Absence, now: float) -> Iterator[Chunk | Event]:
        """Put silence up to this time in the place of the device."""
        due = max(0, round((now - absence.since) * self.format.rate) - absence.filled)
        absence.filled += due
        yield from self._timeline.absent(due, absence.reason)
