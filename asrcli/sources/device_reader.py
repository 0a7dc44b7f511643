"""Opens and reads a device in a thread of its own, which may hang, and reports what happens. Knows no sound library."""

from collections.abc import Callable
from threading import Thread
from typing import Protocol, runtime_checkable

from asrcli.core.audio import Format
from asrcli.core.dataclass import dataclass
from asrcli.core.errors import SourceError

OPEN_S = 10.0  # a device that does not open within this time hangs
OPEN_MOST_S = 640.0  # the longest wait before another try while earlier ones hang
RETRY_S = 1.0  # the wait before another try if at most one hangs
LEAVE_S = 0.3  # how long `leave` waits: a healthy reader ends within one read


@dataclass(frozen=True, slots=True)
class LostSamples:
    """How many samples, at the rate of the wire, the device had to drop because nobody read them in time."""

    samples: int


class Capture(Protocol):
    """An open device. All calls come from the thread that opened it."""

    name: str

    def read(self) -> bytes | LostSamples:
        """Wait for the next 20 to 100 ms of mono PCM and return it.

        Raises:
            SourceError: the device is gone.
        """
        ...

    def close(self) -> None:
        """Close the device."""
        ...


@runtime_checkable
class Interruptible(Protocol):
    """A capture whose `read` another thread can end."""

    def interrupt(self) -> None:
        """End a read that hangs. Safe from any thread."""
        ...


class Device(Protocol):
    """An input that can be opened again and again."""

    name: str

    def open(self, audio_format: Format, *, instead: bool) -> Capture:
        """Open the device.

        Args:
            audio_format: What the capture returns.
            instead: Open the default device if this one is not found.

        Raises:
            SourceError: it cannot be opened; says what the user can do.
        """
        ...


@dataclass(frozen=True, slots=True)
class DeviceOpened:
    """The device is open, under this name."""

    name: str


@dataclass(frozen=True, slots=True)
class ReaderCrashed:
    """The reader ended with an error that is a bug of this program."""

    error: BaseException


ReaderResult = bytes | LostSamples | DeviceOpened | SourceError | ReaderCrashed


@dataclass(frozen=True, slots=True)
class ReaderReport:
    """What a reader reports, and when: it may wait in a queue before it is handled."""

    reader: "DeviceReader"
    result: ReaderResult
    at_s: float


class DeviceReader:
    """A thread that opens, reads and closes a device, and may hang in each of these calls.

    Args:
        device: What to open.
        audio_format: What the capture returns.
        put: Takes reports, from the thread.
        now: A clock in seconds.
        instead: As in Device.open.
    """

    def __init__(
        self,
        device: Device,
        audio_format: Format,
        put: Callable[[ReaderReport], None],
        now: Callable[[], float],
        *,
        instead: bool,
    ) -> None:
        self._device = device
        self._format = audio_format
        self._put = put
        self._now = now
        self._instead = instead
        self._wanted = True
        self._capture: Capture | None = None
        self._thread = Thread(target=self._run, name="microphone", daemon=True)
        self._thread.start()

    @property
    def alive(self) -> bool:
        """Whether its thread is still running, also after `leave`."""
        return self._thread.is_alive()

    def leave(self) -> None:
        """Let the thread close the device after its current call; waits for a short time only."""
        self._wanted = False
        self._thread.join(LEAVE_S)
        if self.alive and isinstance(self._capture, Interruptible):
            self._capture.interrupt()

    def _run(self) -> None:
        try:
            capture = self._device.open(self._format, instead=self._instead)
            self._capture = capture
            try:
                self._report(DeviceOpened(capture.name))
                while self._wanted:
                    self._report(capture.read())
            finally:
                capture.close()
        except SourceError as exc:
            self._report(exc)
        except BaseException as exc:  # the top of a thread: the microphone raises it
            self._report(ReaderCrashed(exc))

    def _report(self, result: ReaderResult) -> None:
        self._put(ReaderReport(self, result, self._now()))


class ReaderAttempts:
    """The current reader of a device, and the earlier ones that were given up and still hang in it.

    Args:
        create: Starts a reader.
        now: A clock in seconds.

    Attributes:
        reader: The current reader; None while there is none.
        started_at: When the last reader was started, in seconds.
    """

    def __init__(self, create: Callable[[], DeviceReader], now: Callable[[], float]) -> None:
        self._create = create
        self._now = now
        self._hung: list[DeviceReader] = []
        self.reader: DeviceReader | None = None
        self.started_at = 0.0

    def start(self) -> None:
        """Start another reader."""
        self.started_at = self._now()
        self.reader = self._create()

    def give_up(self) -> None:
        """Leave the current reader. Ignore its later reports: it may recover from hanging at any time."""
        if self.reader is not None:
            self.reader.leave()
            self._hung.append(self.reader)
            self.reader = None
        self._hung = [reader for reader in self._hung if reader.alive]

    @property
    def wait_s(self) -> float:
        """How long to wait between two starts: longer with each reader that hangs."""
        if len(self._hung) < 2:
            return RETRY_S
        return min(OPEN_MOST_S, OPEN_S * 2.0 ** (len(self._hung) - 2))
