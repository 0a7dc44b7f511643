"""Lists, finds, opens and reads the inputs of this machine through PyAudio and PortAudio. The only importer of PyAudio.

PortAudio is not thread-safe, so opening and closing take a lock. A stream belongs to the thread that opened it: closing
it from another thread would block a read forever. A thread that hangs in PortAudio loses the lock to the others.
"""

import contextlib
import io
import locale
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from asrcli.core.audio import Format
from asrcli.core.causes import Cause
from asrcli.core.errors import SourceError
from asrcli.core.settings import without_key
from asrcli.sources.backends.input_device import NAME, InputDevice, choose_device
from asrcli.sources.backends.installation import install_command
from asrcli.sources.backends.library_lock import LibraryLock
from asrcli.sources.boot_clock import boot_time
from asrcli.sources.device_reader import LostSamples
from asrcli.sources.resampling import converter

READ_MS = 50
SHUNNED = "JACK"  # PortAudio's JACK host API has been seen to crash the process
# Windows lists each device once for each host API. MME cuts names off at 31 characters; this one gives all of them.
WASAPI = "Windows WASAPI"
PROBE_S = 20
# Error codes of PortAudio.
OVERFLOWED = -9981
BUSY = -9985
NO_DEVICE = -9996
BAD_RATE = -9997
BAD_CHANNELS = -9998
HOST = -9999
# Without this file PortAudio may abort the process while it reads the ALSA configuration.
ALSA_CONFIGURATION = Path("/usr/share/alsa/alsa.conf")

_lock = LibraryLock()


def input_devices() -> list[InputDevice]:
    """Return all input devices, except those of a host API that crashes.

    Raises:
        SourceError: PyAudio is missing, or PortAudio does not work.
    """
    load()
    with _portaudio() as audio:
        return _inputs(audio)


class PortAudio:
    """A microphone by its number or by a part of its name; an empty name is the default device.

    Create it before other threads start.

    Raises:
        SourceError: PyAudio is missing; from `open`: no device fits, several fit, or it cannot be opened.
    """

    def __init__(self, wanted: str = "") -> None:
        load()
        self._wanted = wanted
        self.name = wanted or NAME

    def open(self, audio_format: Format, *, instead: bool) -> "PortAudioCapture":
        """Open the device at the rate of the wire, or at its own rate if it refuses that one."""
        audio = _started()
        try:
            with _lock:
                devices = _inputs(audio)
                device = choose_device(devices, self._wanted, instead=instead) or devices[0]
                self.name = device.name
                return PortAudioCapture(audio, device, audio_format)
        except BaseException:
            with _lock:
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
                own_rate, own_channels = device.rate or rate, device.channels or channels
                if code == BAD_RATE and rate != own_rate:
                    rate = own_rate
                elif code in {BAD_RATE, BAD_CHANNELS} and channels != own_channels:  # WASAPI may blame the rate
                    channels = own_channels
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
        with _lock, contextlib.suppress(OSError):  # the stream of a device that is gone cannot be stopped
            self._stream.stop_stream()
        with _lock:
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
        with _lock:
            audio.terminate()


def _started() -> Any:
    import pyaudio

    _probe()
    with _lock:
        return pyaudio.PyAudio()


def load() -> None:
    """Import PyAudio. Hide what it prints on failure: standard output is for the transcript only.

    Raises:
        SourceError: it is not installed, or does not load.
    """
    try:
        with contextlib.redirect_stdout(io.StringIO()):  # changes it for all threads: call this before others start
            import pyaudio  # noqa: F401
    except ImportError as exc:
        absent = isinstance(exc, ModuleNotFoundError) and exc.name == "pyaudio"
        what = "PyAudio is not installed"
        if not absent:
            what = f"PyAudio does not load ({exc})"
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
        done = subprocess.run(look, capture_output=True, timeout=PROBE_S, check=False, env=without_key(os.environ))
    except subprocess.TimeoutExpired as exc:
        problem = f"PortAudio does not start: no answer for {PROBE_S} s"
        raise SourceError(NAME, problem, cause=Cause.DEVICE_HANGS) from exc
    if done.returncode < 0:
        where = os.environ.get("ALSA_CONFIG_PATH") or "it is missing: apt-get install libasound2-data"
        raise SourceError(NAME, f"PortAudio crashes on the ALSA configuration of this machine ({where})")


def _inputs(audio: Any) -> list[InputDevice]:
    """Return the input devices; on Windows those of WASAPI alone, if it has any."""
    apis = [audio.get_host_api_info_by_index(number) for number in range(audio.get_host_api_count())]
    try:
        default = audio.get_default_input_device_info()["index"]
    except OSError:
        default = -1
    devices = []
    of_wasapi = []
    for index in range(audio.get_device_count()):
        about = audio.get_device_info_by_index(index)
        api = apis[about["hostApi"]]
        if about["maxInputChannels"] <= 0 or SHUNNED in api["name"]:
            continue
        wasapi = WASAPI in api["name"]
        is_default = index == (api.get("defaultInputDevice", -1) if wasapi else default)
        name, rate = device_name(about["name"]), round(about["defaultSampleRate"])
        devices.append(InputDevice(index, name, api["name"], rate, about["maxInputChannels"], is_default))
        if wasapi:
            of_wasapi.append(devices[-1])
    return of_wasapi or devices


def device_name(raw: str | bytes, encoding: str | None = None) -> str:
    """Return the name of a device as it is. PortAudio gives UTF-8; PyAudio decodes it with the encoding of the system.

    Args:
        raw: As PyAudio gives it: bytes where the encoding does not fit.
        encoding: What PyAudio has decoded it with; None is the encoding of this system.
    """
    try:
        return (raw if isinstance(raw, bytes) else raw.encode(encoding or locale.getpreferredencoding(False))).decode()
    except UnicodeError:
        if isinstance(raw, bytes):
            return raw.decode("utf-8", "replace")
        return raw


def _code(exc: Exception) -> int:
    return next((part for part in exc.args if isinstance(part, int)), 0)


def _explained(exc: Exception) -> str:
    """Return what an error of PortAudio means, for the user."""
    text = next((part for part in exc.args if isinstance(part, str)), str(exc)).lower()
    return {
        NO_DEVICE: "no such microphone any more",
        BUSY: "is in use by another program",
        HOST: "the device is gone, or its sound system refuses it",
        BAD_RATE: "takes neither the wire's rate nor its own",
        BAD_CHANNELS: "takes neither one channel nor its own number of them",
    }.get(_code(exc), f"cannot be listened to: {text}")
