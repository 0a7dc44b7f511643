"""Inputs of this machine through PyAudio and PortAudio: listed, found by name, opened, read. Its only importer.

PortAudio is not safe in several threads, so opening and closing take turns. A stream belongs to the thread that opened
it: closing it from another one hangs a read for good. A thread that hangs in PortAudio loses its turn to the others.
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
from asrcli.sources.backends.library_turn import LibraryTurn
from asrcli.sources.boot_clock import boot_time
from asrcli.sources.convert import converter
from asrcli.sources.device_reader import LostSamples

READ_MS = 50
NAME = "microphone"
SHUNNED = "JACK"  # PortAudio's JACK host API has been seen to crash the process
PROBE_S = 20
LIST_S = 30.0
BAD_RATE, BAD_CHANNELS, NO_DEVICE, BUSY, HOST, OVERFLOWED = -9997, -9998, -9996, -9985, -9999, -9981
# Hosts whose ALSA configuration may be such that PortAudio aborts while it looks at it.
ALSA_CONFIGURATION = Path("/usr/share/alsa/alsa.conf")

_turn = LibraryTurn()


@dataclass(frozen=True, slots=True)
class InputDevice:
    """A device that can be listened to, as PortAudio lists it."""

    index: int
    name: str
    host_api: str
    rate: int
    channels: int
    default: bool


def input_devices() -> list[InputDevice]:
    """All inputs, but for those of a host API that crashes.

    Raises:
        SourceError: PyAudio is not here, or PortAudio does not work, or it hangs.
    """
    _load()
    answer: SimpleQueue[list[InputDevice] | BaseException] = SimpleQueue()

    def look() -> None:
        try:
            with _portaudio() as audio:
                answer.put(_inputs(audio))
        except BaseException as exc:  # the top of a thread: whoever waits must hear of it
            answer.put(exc)

    Thread(target=look, name="devices", daemon=True).start()
    try:
        found = answer.get(timeout=LIST_S)
    except Empty:
        raise SourceError(NAME, f"PortAudio does not answer: no list of devices within {LIST_S:.0f} s") from None
    if isinstance(found, BaseException):
        raise found
    return found


class PortAudio:
    """An input by its number or by a part of its name; empty is the default. To be made before there are threads.

    Raises:
        SourceError: PyAudio is not here; from `open`: none of that name, several, none at all, or one that fails.
    """

    def __init__(self, wanted: str = "") -> None:
        _load()
        self._wanted, self.name = wanted, wanted or NAME

    def open(self, audio_format: Format, *, instead: bool) -> "PortAudioCapture":
        """Open it at the wire's rate, or as it is where it refuses that."""
        audio = _started()
        try:
            with _turn:
                found = _chosen(_inputs(audio), self._wanted, instead=instead)
                self.name = found.name
                return PortAudioCapture(audio, found, audio_format)
        except BaseException:
            with _turn:
                audio.terminate()
            raise


class PortAudioCapture:
    """An open stream of PortAudio, read by blocking."""

    def __init__(self, audio: Any, found: InputDevice, audio_format: Format) -> None:
        self.name, self._audio, self._format = found.name, audio, audio_format
        rate, channels = audio_format.rate, 1
        while True:
            self._samples = rate * READ_MS // 1000
            try:
                self._stream = _stream(audio, found.index, rate, channels, self._samples)
                break
            except (OSError, ValueError) as exc:
                code = _code(exc)
                if code == BAD_RATE and rate != found.rate:
                    rate = found.rate
                elif code == BAD_CHANNELS and channels != found.channels:
                    channels = found.channels
                else:
                    raise SourceError(found.name, _explained(exc)) from exc
        self._rate = rate
        self._convert = converter(rate, channels, audio_format)
        self._read_at = boot_time()

    def read(self) -> bytes | LostSamples:
        """The next 50 ms; what PortAudio had to drop is measured by the clock, with the piece it takes back."""
        try:
            pcm = self._stream.read(self._samples, exception_on_overflow=True)
        except OSError as exc:
            if _code(exc) != OVERFLOWED:
                raise SourceError(self.name, _explained(exc)) from exc
            return LostSamples(self._lost())
        self._read_at = boot_time()
        return self._convert(pcm)

    def close(self) -> None:
        """Close the stream and let PortAudio go, so that it looks for devices anew next time."""
        with _turn, contextlib.suppress(OSError):  # a device that is gone has no stream to stop
            self._stream.stop_stream()
        with _turn:
            self._stream.close()
            self._audio.terminate()

    def _lost(self) -> int:
        passed_s, self._read_at = boot_time() - self._read_at, boot_time()
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
    """Import PyAudio. It prints to standard output when it cannot be, and that is for the transcript alone."""
    try:
        with contextlib.redirect_stdout(io.StringIO()):  # of all threads: hence before there are others
            import pyaudio  # noqa: F401
    except ImportError as exc:
        absent = isinstance(exc, ModuleNotFoundError) and exc.name == "pyaudio"
        what = "PyAudio is not installed" if absent else f"PyAudio does not load ({exc})"
        raise SourceError(NAME, f"{what}: {_installation()}") from exc


def _installation() -> str:
    """The commands that bring PyAudio to this machine."""
    pip = (
        "pipx inject asrcli pyaudio" if "pipx" in Path(sys.prefix).parts else f"{sys.executable} -m pip install pyaudio"
    )
    if sys.platform == "win32":
        return pip
    if sys.platform == "darwin":
        return f"brew install portaudio && {pip}"
    packages = {
        "debian": "apt-get install portaudio19-dev gcc python3-dev",
        "fedora": "dnf install portaudio-devel gcc python3-devel",
        "suse": "zypper install portaudio-devel gcc python3-devel",
        "arch": "pacman -S portaudio gcc",
        "alpine": "apk add portaudio-dev gcc musl-dev python3-dev",
    }
    like = _distribution()
    command = next((command for name, command in packages.items() if name in like), "")
    root = "" if os.geteuid() == 0 else "sudo "
    return f"{root}{command} && {pip}" if command else f"install PortAudio with its headers, then {pip}"


def _distribution() -> str:
    import platform

    try:
        about = platform.freedesktop_os_release()
    except OSError:
        return ""
    return f"{about.get('ID', '')} {about.get('ID_LIKE', '')}"


def _probe() -> None:
    """Let a child look first where PortAudio is known to abort: with an ALSA configuration that names no device.

    Raises:
        SourceError: it did.
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
    found = []
    for index in range(audio.get_device_count()):
        about = audio.get_device_info_by_index(index)
        api, channels = apis[about["hostApi"]]["name"], about["maxInputChannels"]
        if channels > 0 and SHUNNED not in api:
            rate = round(about["defaultSampleRate"])
            found.append(InputDevice(index, str(about["name"]), api, rate, channels, index == default))
    return found


def _chosen(found: list[InputDevice], wanted: str, *, instead: bool) -> InputDevice:
    """The input that is meant."""
    if not found:
        raise SourceError(wanted or NAME, "this machine has no microphone; asr devices lists what there is")
    if wanted.isdecimal():
        matches = [one for one in found if one.index == int(wanted)]
    else:
        matches = [one for one in found if one.name.lower() == wanted.lower()]
        matches = matches or [one for one in found if wanted and wanted.lower() in one.name.lower()]
    if len(matches) > 1:
        names = ", ".join(f"{one.index}: {one.name} ({one.host_api})" for one in matches)
        raise SourceError(wanted, f"could be several microphones: say which by its number ({names})")
    if wanted and not matches and not instead:
        raise SourceError(wanted, f"no microphone is called so; there are {', '.join(one.name for one in found)}")
    return matches[0] if matches else next((one for one in found if one.default), found[0])


def _code(exc: Exception) -> int:
    return next((part for part in exc.args if isinstance(part, int)), 0)


def _explained(exc: Exception) -> str:
    """What PortAudio's error means for a person."""
    said = next((part for part in exc.args if isinstance(part, str)), str(exc)).lower()
    return {
        NO_DEVICE: "no such microphone any more",
        BUSY: "is in use by another program",
        HOST: "is gone, or its sound system refuses it",
        BAD_RATE: "takes neither the wire's rate nor its own",
        BAD_CHANNELS: "takes neither one channel nor its own number of them",
    }.get(_code(exc), f"cannot be listened to: {said}")
