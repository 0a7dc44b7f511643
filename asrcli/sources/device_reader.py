"""One try with a device, in a thread of its own that may hang: what it says, and when. Knows no sound library."""

from collections.abc import Callable
from dataclasses import dataclass
from threading import Thread
from typing import Protocol, runtime_checkable

from asrcli.core.audio import Format
from asrcli.core.errors import SourceError

LEAVE_S = 0.3  # a reader that is not in trouble ends within a read


@dataclass(frozen=True, slots=True)
class LostSamples:
    """So many samples, at the wire's rate, that the device had and nobody took."""

    samples: int


class Capture(Protocol):
    """An open device. All calls come from the thread that opened it."""

    name: str

    def read(self) -> bytes | LostSamples:
        """The next 20 to 100 ms of mono PCM; waits for it.

        Raises:
            SourceError: the device is gone.
        """
        ...

    def close(self) -> None:
        """Give the device back."""
        ...


@runtime_checkable
class Interruptible(Protocol):
    """A capture whose reads another thread can end."""

    def interrupt(self) -> None:
        """End the read that hangs. Safe from any thread."""
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
class DeviceOpened:
    """The device is open, under this name."""

    name: str


@dataclass(frozen=True, slots=True)
class ReaderCrashed:
    """The reader died of something that is our bug."""

    error: BaseException


Said = bytes | LostSamples | DeviceOpened | SourceError | ReaderCrashed


@dataclass(frozen=True, slots=True)
class ReaderReport:
    """What a reader says, and when it said it: whoever hears of it may be late."""

    reader: "DeviceReader"
    said: Said
    at_s: float


class DeviceReader:
    """A thread that alone opens, reads and closes the device, and that may hang in any of these."""

    def __init__(
        self,
        device: Device,
        audio_format: Format,
        put: Callable[[ReaderReport], None],
        now: Callable[[], float],
        *,
        instead: bool,
    ) -> None:
        self._device, self._format, self._put, self._now, self._instead = device, audio_format, put, now, instead
        self._wanted = True
        self._capture: Capture | None = None
        self._thread = Thread(target=self._run, name="microphone", daemon=True)
        self._thread.start()

    @property
    def alive(self) -> bool:
        """Whether its thread is still in the device, wanted or not."""
        return self._thread.is_alive()

    def leave(self) -> None:
        """Close the device as soon as it lets go; nobody waits longer than a read takes."""
        self._wanted = False
        self._thread.join(LEAVE_S)
        if self.alive and isinstance(self._capture, Interruptible):
            self._capture.interrupt()

    def _run(self) -> None:
        try:
            self._capture = capture = self._device.open(self._format, instead=self._instead)
            try:
                self._say(DeviceOpened(capture.name))
                while self._wanted:
                    self._say(capture.read())
            finally:
                capture.close()
        except SourceError as exc:
            self._say(exc)
        except BaseException as exc:  # the top of a thread: whoever listens must hear of it
            self._say(ReaderCrashed(exc))

    def _say(self, said: Said) -> None:
        self._put(ReaderReport(self, said, self._now()))
