"""Lists, finds, opens and reads the inputs of this machine through PyAudio and PortAudio. The only importer of PyAudio.

PortAudio is not thread-safe, so opening and closing take a lock. A stream belongs to the thread that opened it: closing
it from another thread would block a read for ever. A thread that hangs in PortAudio loses the lock to the others.
"""

import contextlib
import io
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any

from asrcli.core.audio import Format
from asrcli.core.errors import SourceError
from asrcli.sources.backends.installation import install_command
from asrcli.sources.backends.library_turn import LibraryTurn
from asrcli.sources.boot_clock import boot_time
from asrcli.sources.convert import converter
from asrcli.sources.device_reader import LostSamples

READ_MS = 50
NAME = "microphone"
SHUNNED = "JACK"  # PortAudio's JACK host API has been seen to crash the process
PROBE_S = 20
LIST_S = 30.0
# Error codes of PortAudio.
OVERFLOWED = -9981
BUSY = -9985
NO_DEVICE = -9996
BAD_RATE = -9997
BAD_CHANNELS = -9998
HOST = -9999
# Without this file PortAudio may abort the process while it reads the ALSA configuration.
ALSA_CONFIGURATION = Path("/usr/share/alsa/alsa.conf")

_turn = LibraryTurn()


@dataclass(frozen=True, slots=True)
class InputDevice:
    """An input device, as PortAudio lists it."""

    index: int
    name: str
    host_api: str
    rate: int
    channels: int
    default: bool


def input_devices() -> list[InputDevice]:
    """Return all input devices, except those of a host API that crashes.

    Raises:
        SourceError: PyAudio is missing, or PortAudio does not work or hangs.
    """
    _load()
    answer: SimpleQueue[list[InputDevice] | BaseException] = SimpleQueue()

    def look() -> None:
        try:
            with _portaudio() as audio:
                answer.put(_inputs(audio))
        except BaseException as exc:  # the top of a thread: the caller raises it
            answer.put(exc)

    Thread(target=look, name="devices", daemon=True).start()
    try:
        devices = answer.get(timeout=LIST_S)
    except Empty:
        raise SourceError(NAME, f"PortAudio does not answer: no list of devices within {LIST_S:.0f} s") from None
    if isinstance(devices, BaseException):
        raise devices
    return devices


class PortAudio:
    """A microphone by its number or by a part of its name; an empty name is the default device.

    Create it before other threads start.

    Raises:
        SourceError: PyAudio is missing; from `open`: no device fits, several fit, or it cannot be opened.
    """

    def __init__(self, wanted: str = "") -> None:
        _load()
        self._wanted = wanted
        self.name = wanted or NAME

    def open(self, audio_format: Format, *, instead: bool) -> "PortAudioCapture":
        """Open the device at the rate of the wire, or at its own rate if it refuses that one."""
        audio = _started()
        try:
            with _turn:
                device = _choose(_inputs(audio), self._wanted, instead=instead)
                self.name = device.name
                return PortAudioCapture(audio, device, audio_format)
        except BaseException:
            with _turn:
                audio.terminate()
            raise


class PortAudioCapture:
    """An open stream of PortAudio, read with blocking calls."""

    def __init__(self, audio: Any, device: InputDevice, audio_format: Format) -> None:
        self.name = device.name
        self._audio = audio
        self._format = audio_format
        rate = audio_format.rate
        channels = 1
        while True:
            self._samples = rate * READ_MS // 1000
            try:
                self._stream = _stream(audio, device.index, rate, channels, self._samples)
                break
            except (OSError, ValueError) as exc:
                code = _code(exc)
                if code == BAD_RATE and rate != device.rate:
                    rate = device.rate
                elif code == BAD_CHANNELS and channels != device.channels:
                    channels = device.channels
                else:
                    raise SourceError(device.name, _explained(exc)) from exc
        self._rate = rate
        self._convert = converter(rate, channels, audio_format)
        self._read_at = boot_time()

    def read(self) -> bytes | LostSamples:
        """Return the next 50 ms; after an overflow, how much was dropped by the clock, this piece included.

        Raises:
            SourceError: the device is gone.
        """
        try:
            pcm = self._stream.read(self._samples, exception_on_overflow=True)
        except OSError as exc:
            if _code(exc) != OVERFLOWED:
                raise SourceError(self.name, _explained(exc)) from exc
            return LostSamples(self._count_lost())
        self._read_at = boot_time()
        return self._convert(pcm)

    def close(self) -> None:
        """Close the stream and PortAudio, so that it searches for devices again next time."""
        with _turn, contextlib.suppress(OSError):  # the stream of a device that is gone cannot be stopped
            self._stream.stop_stream()
        with _turn:
            self._stream.close()
            self._audio.terminate()

    def _count_lost(self) -> int:
        passed_s = boot_time() - self._read_at
        self._read_at = boot_time()
        waiting: int = self._stream.get_read_available()
        return max(self._samples, round(passed_s * self._rate) - waiting) * self._format.rate // self._rate


def _stream(audio: Any, index: int, rate: int, channels: int, samples: int) -> Any:
    import pyaudio

    return audio.open(
        format=pyaudio.paInt16,
        channels=channels,
        rate=rate,
        input=True,
        input_device_index=index,
        frames_per_buffer=samples,
    )


@contextlib.contextmanager
def _portaudio() -> Iterator[Any]:
    audio = _started()
    try:
        yield audio
    finally:
        with _turn:
            audio.terminate()


def _started() -> Any:
    import pyaudio

    _probe()
    with _turn:
        return pyaudio.PyAudio()


def _load() -> None:
    """Import PyAudio. Hide what it prints on failure: standard output is for the transcript only."""
    try:
        with contextlib.redirect_stdout(io.StringIO()):  # changes it for all threads: call this before others start
            import pyaudio  # noqa: F401
    except ImportError as exc:
        absent = isinstance(exc, ModuleNotFoundError) and exc.name == "pyaudio"
        what = "PyAudio is not installed" if absent else f"PyAudio does not load ({exc})"
        raise SourceError(NAME, f"{what}: {install_command()}") from exc


def _probe() -> None:
    """Start PortAudio in a child process first where it may abort: with an unusual ALSA configuration.

    Raises:
        SourceError: it aborted or did not start.
    """
    unusual = "ALSA_CONFIG_PATH" in os.environ or not ALSA_CONFIGURATION.exists()
    if sys.platform != "linux" or not unusual:
        return
    look = [sys.executable, "-P", "-c", "import pyaudio; pyaudio.PyAudio().terminate()"]
    try:
        done = subprocess.run(look, capture_output=True, timeout=PROBE_S, check=False)
    except subprocess.TimeoutExpired as exc:
        raise SourceError(NAME, f"PortAudio does not start: no answer for {PROBE_S} s") from exc
    if done.returncode < 0:
        where = os.environ.get("ALSA_CONFIG_PATH") or "it is missing: apt-get install libasound2-data"
        raise SourceError(NAME, f"PortAudio crashes on the ALSA configuration of this machine ({where})")


def _inputs(audio: Any) -> list[InputDevice]:
    try:
        default = audio.get_default_input_device_info()["index"]
    except OSError:
        default = -1
    apis = [audio.get_host_api_info_by_index(number) for number in range(audio.get_host_api_count())]
    devices = []
    for index in range(audio.get_device_count()):
        about = audio.get_device_info_by_index(index)
        api, channels = apis[about["hostApi"]]["name"], about["maxInputChannels"]
        if channels > 0 and SHUNNED not in api:
            rate = round(about["defaultSampleRate"])
            devices.append(InputDevice(index, str(about["name"]), api, rate, channels, index == default))
    return devices


def _choose(devices: list[InputDevice], wanted: str, *, instead: bool) -> InputDevice:
    """Return the device that the user means; with `instead`, the default one if it is not found.

    Raises:
        SourceError: no device fits, or several do.
    """
    if not devices:
        raise SourceError(wanted or NAME, "this machine has no microphone; asr devices lists what there is")
    if wanted.isdecimal():
        matches = [device for device in devices if device.index == int(wanted)]
    else:
        matches = [device for device in devices if device.name.lower() == wanted.lower()]
        matches = matches or [device for device in devices if wanted and wanted.lower() in device.name.lower()]
    if len(matches) > 1:
        names = ", ".join(f"{device.index}: {device.name} ({device.host_api})" for device in matches)
        raise SourceError(wanted, f"could be several microphones: say which by its number ({names})")
    if wanted and not matches and not instead:
        raise SourceError(
            wanted, f"no microphone is called so; there are {', '.join(device.name for device in devices)}"
        )
    return matches[0] if matches else next((device for device in devices if device.default), devices[0])


def _code(exc: Exception) -> int:
    return next((part for part in exc.args if isinstance(part, int)), 0)


def _explained(exc: Exception) -> str:
    """Return what an error of PortAudio means, for the user."""
    text = next((part for part in exc.args if isinstance(part, str)), str(exc)).lower()
    return {
        NO_DEVICE: "no such microphone any more",
        BUSY: "is in use by another program",
        HOST: "is gone, or its sound system refuses it",
        BAD_RATE: "takes neither the wire's rate nor its own",
        BAD_CHANNELS: "takes neither one channel nor its own number of them",
    }.get(_code(exc), f"cannot be listened to: {text}")
