"""The programs of Linux that record: how each lists its devices, and how it is started. The way without any library."""

import functools
import json
import os
import re
import subprocess
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from asrcli.core.audio import Format
from asrcli.core.dataclass import dataclass
from asrcli.core.errors import SourceError
from asrcli.core.settings import without_key
from asrcli.sources.backends.input_device import NAME, InputDevice, choose_device
from asrcli.sources.backends.program_capture import READ_MS, ProgramCapture

LIST_S = 10  # a sound server that hangs
Listed = tuple[InputDevice, str]  # a device, and what its program calls it
SPECIFICATION = re.compile(r"(\d+)ch (\d+)Hz")


@dataclass(frozen=True)
class RecordingProgram:
    """A program that records.

    Attributes:
        name: Of the program.
        inputs: Lists the devices, each with what the program calls it.
        command: The program and its arguments, for a device and a format; an empty string is the default device.
    """

    name: str
    inputs: Callable[[], list[Listed]]
    command: Callable[[str, Format], list[str]]

    def input_devices(self) -> list[InputDevice]:
        """Return all input devices.

        Raises:
            SourceError: the sound system does not answer.
        """
        return [device for device, _ in self.inputs()]


class ProgramDevice:
    """A microphone that a program reads: by its number or a part of its name; an empty name is the default device."""

    def __init__(self, program: RecordingProgram, wanted: str = "") -> None:
        self._program = program
        self._wanted = wanted
        self._was_listed = False
        self.name = wanted or NAME

    def open(self, audio_format: Format, *, instead: bool) -> ProgramCapture:
        """Start the program; the sound system converts to the format of the wire.

        Raises:
            SourceError: no device fits, several fit, or the sound system does not answer.
        """
        inputs = self._program.inputs()
        device = choose_device([device for device, _ in inputs], self._wanted, instead=instead)
        if device is None and self._was_listed:  # it comes back just now: the sound system lists it in a moment
            raise SourceError(self.name, "is not listed")
        self._was_listed = device is not None
        if device is not None:
            self.name = device.name
        key = ""
        if device and (self._wanted or not device.default):
            key = dict(inputs)[device]
        return ProgramCapture(self.name, self._program.command(key, audio_format), audio_format)


def pulse_inputs(sources: str, default: str) -> Iterator[Listed]:
    """Yield the devices in what `pactl list sources` prints; `default` is the name of the default source."""
    for index, source in enumerate(sources.split("\nSource #")):
        found: dict[str, str] = dict(re.findall(r"^\t(\w[\w ]*): (.*)$", source, flags=re.MULTILINE))
        if "Name" not in found:
            continue
        channels, rate = _numbers(SPECIFICATION.search(found.get("Sample Specification", "")))
        name = found.get("Description", found["Name"])
        device = InputDevice(index, name, "PulseAudio", rate, channels, found["Name"] == default)
        yield device, found["Name"]


def pipewire_inputs(dump: Iterable[Any]) -> Iterator[Listed]:
    """Yield the devices in what `pw-dump` prints as JSON."""
    default = ""
    nodes = []
    for thing in dump:
        default = _default_source(thing) or default
        about = (thing.get("info") or {}).get("props") or {}
        if str(about.get("media.class", "")).startswith("Audio/Source") and "node.name" in about:
            nodes.append(about)
    for index, about in enumerate(nodes):
        key = str(about["node.name"])
        channels = about.get("audio.channels")
        name = str(about.get("node.description") or key)
        yield InputDevice(index, name, "PipeWire", about.get("audio.rate"), channels, key == default), key


def alsa_inputs(names: str) -> Iterator[Listed]:
    """Yield the devices in what `arecord -L` prints: those that convert to any rate."""
    found = re.findall(r"^(\S.*)\n((?:[ \t].*\n?)*)", names, flags=re.MULTILINE)
    converting = [(key, about) for key, about in found if re.match(r"(default|pulse|pipewire|plughw)\b", key)]
    for index, (key, about) in enumerate(converting):
        described = about.strip().splitlines()
        name = key
        if described:
            name = f"{described[0].strip()} ({key})"
        yield InputDevice(index, name, "ALSA", None, None, key == "default"), key


def _numbers(match: re.Match[str] | None) -> tuple[int, int] | tuple[None, None]:
    if match:
        return int(match[1]), int(match[2])
    return None, None


def _default_source(thing: Any) -> str:
    """Return the default source that an object of PipeWire names; an empty string if it names none."""
    for entry in thing.get("metadata") or []:
        if entry.get("key") == "default.audio.source" and isinstance(entry.get("value"), dict):
            return str(entry["value"].get("name", ""))
    return ""


def _answer(*command: str) -> str:
    """Run a program that lists, and return what it prints.

    Raises:
        SourceError: it is missing, fails or hangs.
    """
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            env=without_key(os.environ) | {"LC_ALL": "C"},
            timeout=LIST_S,
            check=False,
        )
    except FileNotFoundError:
        raise SourceError(NAME, f"{command[0]} is missing: it lists the devices") from None
    except subprocess.TimeoutExpired:
        raise SourceError(NAME, f"{command[0]} does not answer: no list of devices within {LIST_S} s") from None
    if done.returncode:
        lines = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise SourceError(NAME, f"{command[0]} lists no devices: {lines[-1] if lines else 'no reason given'}")
    return done.stdout.decode("utf-8", "replace")


def _pulse() -> list[Listed]:
    default = os.environ.get("PULSE_SOURCE")
    if not default:
        named = re.search(r"^Default Source: (.*)$", _answer("pactl", "info"), flags=re.MULTILINE)
        default = ""
        if named:
            default = named[1]
    return list(pulse_inputs(_answer("pactl", "list", "sources"), default))


def _pipewire() -> list[Listed]:
    try:
        return list(pipewire_inputs(json.loads(_answer("pw-dump"))))
    except ValueError:
        raise SourceError(NAME, "pw-dump lists no devices: its answer is not JSON") from None


def _alsa() -> list[Listed]:
    return list(alsa_inputs(_answer("arecord", "-L")))


@functools.cache
def _pw_record_raw() -> tuple[str, ...]:
    """Return the option against a header in the output; older versions do not know it, and write no header."""
    if "--raw" in _answer("pw-record", "--help"):
        return ("--raw",)
    return ()


def _parec(key: str, audio_format: Format) -> list[str]:
    form = ["--format=s16le", "--channels=1", f"--rate={audio_format.rate}", "--raw"]
    if key:
        form.insert(0, f"--device={key}")
    return ["parec", *form, f"--latency-msec={READ_MS}", "--client-name=asr"]


def _pw_record(key: str, audio_format: Format) -> list[str]:
    form = ["--format", "s16", "--channels", "1", "--rate", str(audio_format.rate), *_pw_record_raw()]
    if key:
        form = ["--target", key, *form]
    return ["pw-record", *form, "--latency", f"{READ_MS}ms", "-"]


def _arecord(key: str, audio_format: Format) -> list[str]:
    form = ["-t", "raw", "-f", "S16_LE", "-c", "1", "-r", str(audio_format.rate)]
    if key:
        form = ["-D", key, *form]
    times = [f"--period-time={READ_MS * 1000}", f"--buffer-time={READ_MS * 10 * 1000}"]
    return ["arecord", "-q", *form, *times, "-"]


PAREC = RecordingProgram("parec", _pulse, _parec)
PW_RECORD = RecordingProgram("pw-record", _pipewire, _pw_record)
ARECORD = RecordingProgram("arecord", _alsa, _arecord)
