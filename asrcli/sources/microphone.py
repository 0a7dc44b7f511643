"""A microphone as a source: read in a thread that may hang, watched, tried again. Knows no sound library."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum, auto
from queue import Empty, SimpleQueue
from threading import Thread
from time import monotonic
from typing import Protocol

from asrcli.audio import SAMPLE_BYTES, Chunk, Format
from asrcli.errors import SourceError
from asrcli.events import Absent, Event, Notice
from asrcli.sources.timeline import Hearing, Timeline

SILENT_S = 2.0  # a device that gives nothing for so long is gone, whatever it says
OPEN_S = 10.0  # and one that does not open within so long
RETRY_S = 1.0
TICK_S = 0.1  # how often the silence in the place of a device is topped up
LEAVE_S = 0.3  # a reader that is not in trouble ends within a read
TAIL_S = 0.25  # what was said when the end was asked for is in hand after so long
OVERFLOW = "the device gave audio faster than it was read"


class Wish(Enum):
    """What a person may want while a microphone is listened to."""

    PAUSE = auto()  # hear nothing from now on, or hear again
    MUTE = auto()  # switch the microphone off, or on again
    CUT = auto()  # end the sentence here
    END = auto()


@dataclass(frozen=True, slots=True)
class Lost:
    """So many samples, at the wire's rate, that the device had and nobody took."""

    samples: int


class Capture(Protocol):
    """An open device. All calls come from the thread that opened it."""

    name: str

    def read(self) -> bytes | Lost:
        """The next 20 to 100 ms of mono PCM; waits for it.

        Raises:
            SourceError: the device is gone.
        """
        ...

    def close(self) -> None:
        """Give the device back."""
        ...


class Device(Protocol):
    """What can be opened to be listened to, again and again."""

    name: str

    def open(self, audio_format: Format, *, instead: bool) -> Capture:
        """Open it at a rate; `instead`: where it is not to be found, the default device will do.

        Raises:
            SourceError: it cannot be opened, with what to do about it.
        """
        ...


@dataclass(frozen=True, slots=True)
class Opened:
    """The device is open, under this name."""

    name: str


@dataclass(frozen=True, slots=True)
class Crashed:
    """The reader died of something that is our bug."""

    error: BaseException


_Said = bytes | Lost | Opened | SourceError | Crashed
_Word = tuple["_Reader", _Said] | Wish | Event


class Microphone:
    """The source `asr mic` listens to. It hears the present: `end` ends it, and the keys say the rest.

    Args:
        process: What is done to each piece of audio before anything else; it keeps its length.
        retry: Whether a device that goes away is waited for.

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
        hearing: Hearing,
        *,
        speaker: str = "",
        process: Callable[[bytes], bytes] = lambda pcm: pcm,
        retry: bool = True,
        now: Callable[[], float] = monotonic,
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
        self._reason = ""

    # What others may ask for, from any thread and in a signal handler

    def end(self) -> None:
        """Hear what has been said up to now, and no more."""
        self._inbox.put(Wish.END)

    def ask(self, wish: Wish) -> None:
        """Do this, between two pieces of audio."""
        self._inbox.put(wish)

    def tell(self, event: Event) -> None:
        """Let the listener hear this, in its place between the chunks."""
        self._inbox.put(event)

    # The capture thread

    def chunks(self, start: int) -> Iterator[Chunk | Event]:
        """Chunks of what is heard, with silence in the place of a device that is gone."""
        self._timeline = Timeline(self.format, start, self._hearing)
        self._began_at = self._now()
        self._reader: _Reader | None = self._listen()
        try:
            yield from self._timeline.begin()
            while not self._over():
                yield from self._next()
            if why := self._timeline.over:
                yield Notice("info", f"finishing: {why}")
            yield from self._timeline.end()
        finally:
            self._leave()

    def _obey(self, wish: Wish) -> None:
        if wish is Wish.PAUSE:
            self._timeline.pause()
        elif wish is Wish.MUTE:
            self._timeline.mute()
        elif wish is Wish.CUT:
            self._timeline.cut()
        else:
            self._ends_at = self._ends_at or self._now() + TAIL_S

    def _over(self) -> bool:
        return bool(self._timeline.over) or (self._ends_at is not None and self._now() >= self._ends_at)

    def _listen(self) -> "_Reader":
        self._asked_at = self._now()
        return _Reader(self._device, self.format, self._inbox.put, instead=self._was_open)

    def _leave(self) -> None:
        """What this reader still says is not heard: it may come to itself at any time."""
        if self._reader is not None:
            self._reader.leave()
            self._reader = None

    def _next(self) -> Iterator[Chunk | Event]:
        try:
            word = self._inbox.get(timeout=TICK_S)
        except Empty:
            word = None
        if isinstance(word, tuple):
            reader, said = word
            if reader is self._reader:  # one that was given up has nothing to say any more
                yield from self._said(said)
        elif isinstance(word, Wish):
            self._obey(word)
        elif word is not None:
            yield word
        yield from self._watch()

    def _said(self, said: _Said) -> Iterator[Chunk | Event]:
        if isinstance(said, Crashed):
            raise said.error
        if isinstance(said, SourceError):
            yield from self._gone(said)
        elif isinstance(said, Opened):
            if not self._was_open:
                self.name = said.name
                yield Notice("info", f"listening to {said.name}")
            self._was_open, self._opened, self._heard_at = True, said.name, self._now()
        else:
            yield from self._back(said)
            self._heard_at = self._now()
            yield from self._heard(said)

    def _heard(self, said: bytes | Lost) -> Iterator[Chunk | Event]:
        if isinstance(said, Lost):
            yield Notice("warning", f"{self.name}: {OVERFLOW}: {self.format.ms(said.samples)} ms are lost")
            yield from self._timeline.lost(said.samples, OVERFLOW)
        elif said:
            yield from self._timeline.heard(self._process(said))

    def _back(self, said: bytes | Lost) -> Iterator[Chunk | Event]:
        """The first audio, or the first after an absence: silence stands in for all before it."""
        samples = said.samples if isinstance(said, Lost) else len(said) // SAMPLE_BYTES
        if self.speaker and not self._heard_any:  # on one timeline with others
            late_s = self._now() - self._began_at - samples / self.format.rate
            yield from self._timeline.late(max(0, round(late_s * self.format.rate)))
        self._heard_any = True
        if self._gone_at is None:
            return
        yield from self._fill(self._now() - samples / self.format.rate)
        self._gone_at = None
        back = f"{self.name} is back" if self._opened == self.name else f"listening to {self._opened} instead"
        self.name = self._opened
        yield Notice("warning", back)

    def _gone(self, error: SourceError) -> Iterator[Chunk | Event]:
        self._leave()
        if not self._was_open or not self._retry:
            raise error
        if self._gone_at is None:
            self._gone_at, self._filled, self._reason = self._heard_at, 0, f"no audio from {error}"
            yield Notice("warning", f"{error}; waiting for it")
            yield Absent(self.format.ms(self._timeline.position), error.reason)

    def _watch(self) -> Iterator[Chunk | Event]:
        now = self._now()
        if not self._was_open:
            if now - self._asked_at > OPEN_S:
                raise SourceError(self.name, f"does not open: no answer for {OPEN_S:.0f} s")
        elif self._gone_at is None:
            if now - self._heard_at > SILENT_S:
                yield from self._gone(SourceError(self.name, f"has given nothing for {SILENT_S:.0f} s"))
        else:
            if now - self._asked_at >= (OPEN_S if self._reader is not None and self._reader.alive else RETRY_S):
                self._leave()
                self._reader = self._listen()
            yield from self._fill(now)

    def _fill(self, now: float) -> Iterator[Chunk | Event]:
        """Silence up to now."""
        assert self._gone_at is not None  # noqa: S101  the callers looked
        due = max(0, round((now - self._gone_at) * self.format.rate) - self._filled)
        self._filled += due
        yield from self._timeline.absent(due, self._reason)


class _Reader:
    """One try with a device, in a thread that alone opens, reads and closes it, and that may hang in any of these."""

    def __init__(
        self, device: Device, audio_format: Format, put: Callable[[tuple["_Reader", _Said]], None], *, instead: bool
    ) -> None:
        self._device, self._format, self._put, self._instead = device, audio_format, put, instead
        self._wanted = True
        self._thread = Thread(target=self._run, name="microphone", daemon=True)
        self._thread.start()

    @property
    def alive(self) -> bool:
        """Whether it still tries."""
        return self._thread.is_alive() and self._wanted

    def leave(self) -> None:
        """Close the device as soon as it lets go; nobody waits longer than a read takes."""
        self._wanted = False
        self._thread.join(LEAVE_S)

    def _run(self) -> None:
        try:
            capture = self._device.open(self._format, instead=self._instead)
            try:
                self._put((self, Opened(capture.name)))
                while self._wanted:
                    self._put((self, capture.read()))
            finally:
                capture.close()
        except SourceError as exc:
            self._put((self, exc))
        except BaseException as exc:  # the top of a thread: whoever listens must hear of it
            self._put((self, Crashed(exc)))
