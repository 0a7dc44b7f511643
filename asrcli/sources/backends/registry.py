"""The back ends that read microphones, in the order in which they are tried: ONE row each. Loads no library itself."""

import sys
from collections.abc import Callable
from importlib.util import find_spec
from queue import Empty, SimpleQueue
from threading import Thread

from asrcli.core.dataclass import dataclass
from asrcli.core.errors import SourceError
from asrcli.core.install_advice import install_package
from asrcli.sources.backends import miniaudio, portaudio
from asrcli.sources.backends.input_device import NAME, InputDevice
from asrcli.sources.backends.installation import install_command, program_advice
from asrcli.sources.backends.recording_programs import ARECORD, PAREC, PW_RECORD, ProgramDevice, RecordingProgram
from asrcli.sources.device_reader import Device

LIST_S = 30.0  # a sound system that hangs


@dataclass(frozen=True)
class CaptureBackend:
    """A library or a program through which microphones are read.

    Attributes:
        name: As `--backend` takes it.
        missing: Says what is not installed here and how to get it; empty if it is there. Imports no library.
        load: Imports the library. Raises a SourceError if that fails. Call it before other threads start.
        devices: Lists the input devices. Raises a SourceError if the sound system does not answer.
        device: Makes a device of a number or of a part of a name; an empty name is the default device.
    """

    name: str
    missing: Callable[[], str]
    load: Callable[[], None]
    devices: Callable[[], list[InputDevice]]
    device: Callable[[str], Device]


def capture_backend(name: str = "") -> CaptureBackend:
    """Return the back end of this name, loaded; without a name the first that is installed and loads.

    Raises:
        SourceError: it is not installed or does not load, or there is none at all; says how to get it.
    """
    if name:
        backend = next(row for row in _ROWS if row.name == name)
        if advice := backend.missing():
            raise SourceError(NAME, advice)
        backend.load()
        return backend
    failed = []
    for backend in _ROWS:
        if backend.missing():
            continue
        try:
            backend.load()
        except SourceError as exc:
            failed.append(exc)
        else:
            return backend
    raise failed[0] if failed else SourceError(NAME, _none_installed())


def later_backends(first: CaptureBackend) -> list[CaptureBackend]:
    """Return the back ends that are installed here and are tried after one. None is loaded."""
    return [row for row in _ROWS[names().index(first.name) + 1 :] if not row.missing()]


def input_devices(backend: CaptureBackend, timeout_s: float = LIST_S) -> list[InputDevice]:
    """Return the input devices that a back end finds within this time.

    Raises:
        SourceError: its sound system does not answer, or hangs.
    """
    answer: SimpleQueue[list[InputDevice] | BaseException] = SimpleQueue()

    def look() -> None:
        try:
            answer.put(backend.devices())
        except BaseException as exc:  # the top of a thread: the caller raises it
            answer.put(exc)

    Thread(target=look, name="devices", daemon=True).start()
    try:
        devices = answer.get(timeout=timeout_s)
    except Empty:
        raise SourceError(
            NAME, f"{backend.name} does not answer: no list of devices within {timeout_s:.0f} s"
        ) from None
    if isinstance(devices, BaseException):
        raise devices
    return devices


def names() -> list[str]:
    """Return the names of all back ends, in the order in which they are tried."""
    return [row.name for row in _ROWS]


def installed_backends() -> list[str]:
    """Return the names of the back ends that are installed here. None is loaded."""
    return [row.name for row in _ROWS if not row.missing()]


def _none_installed() -> str:
    """Return what to install where nothing is: PyAudio, or, where it needs no compiler, a program."""
    without_compiler = ""
    if sys.platform == "linux":
        without_compiler = f"; or without a compiler: {program_advice('parec')}"
    return f"PyAudio is not installed: {install_command()}{without_compiler}"


def _pyaudio_missing() -> str:
    if find_spec("pyaudio"):
        return ""
    return f"PyAudio is not installed: {install_command()}"


def _miniaudio_missing() -> str:
    if find_spec("miniaudio"):
        return ""
    return f"miniaudio is not installed: {install_package('miniaudio')}"


def _program(program: RecordingProgram) -> CaptureBackend:
    return CaptureBackend(
        program.name,
        lambda: program_advice(program.name),
        lambda: None,
        program.input_devices,
        lambda wanted: ProgramDevice(program, wanted),
    )


_ROWS = (
    CaptureBackend("pyaudio", _pyaudio_missing, portaudio.load, portaudio.input_devices, portaudio.PortAudio),
    CaptureBackend("miniaudio", _miniaudio_missing, miniaudio.load, miniaudio.input_devices, miniaudio.Miniaudio),
    _program(PAREC),
    _program(PW_RECORD),
    _program(ARECORD),
)
