"""Which back end reads microphones: the first that is installed and loads, or the one that is named."""

import sys
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from asrcli.cli.options.values import BackendName
from asrcli.core.audio import Format
from asrcli.core.errors import SourceError
from asrcli.sources.backends import installation
from asrcli.sources.backends.device_names import NamedDevice, find_device
from asrcli.sources.backends.input_device import InputDevice, choose_device
from asrcli.sources.backends.miniaudio import Miniaudio
from asrcli.sources.backends.output_monitor import OutputMonitor
from asrcli.sources.backends.recording_programs import ProgramDevice
from asrcli.sources.backends.registry import CaptureBackend, capture_backend, input_devices, later_backends, names
from tests.support.device import PATIENCE_S

LIBRARIES = ("pyaudio", "miniaudio")


@pytest.fixture
def place(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A machine without any back end, and the folder in which one can be installed."""
    for library in LIBRARIES:
        monkeypatch.delitem(sys.modules, library, raising=False)
        monkeypatch.setitem(sys.modules, library, None)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(installation, "_distribution", lambda: "debian")
    return tmp_path


def install(monkeypatch: pytest.MonkeyPatch, place: Path, name: str, text: str = "") -> None:
    """Put a library or a program there."""
    if name in LIBRARIES:
        place.joinpath(f"{name}.py").write_text(text)
        monkeypatch.delitem(sys.modules, name)
    else:
        place.joinpath(name).touch(0o755)


def test_the_first_that_is_installed_is_taken(monkeypatch: pytest.MonkeyPatch, place: Path) -> None:
    """Each goes before those that were installed before it; the option knows all names in the same order."""
    assert names() == [*BackendName] == ["pyaudio", "miniaudio", "parec", "pw-record", "arecord"]
    for name in reversed(names()):
        install(monkeypatch, place, name)
        assert capture_backend().name == name
    assert [capture_backend(name).name for name in names()] == names()


def test_one_that_does_not_load_is_passed_over_unless_it_is_named(monkeypatch: pytest.MonkeyPatch, place: Path) -> None:
    """Its error is reported where there is no other."""
    install(monkeypatch, place, "pyaudio", "raise ImportError('libportaudio.so.2')")
    with pytest.raises(SourceError, match=r"PyAudio does not load \(libportaudio.so.2\)"):
        capture_backend()
    install(monkeypatch, place, "miniaudio")
    assert capture_backend().name == "miniaudio"
    with pytest.raises(SourceError, match=r"PyAudio does not load \(libportaudio.so.2\)"):
        capture_backend("pyaudio")


WIRE = Format(16000)


def listing(name: str, *devices: str, problem: str = "", busy: bool = False) -> CaptureBackend:
    """A back end that lists these devices, or fails to list any."""
    found = [InputDevice(index, each, name, None, None, default=index == 0) for index, each in enumerate(devices)]

    class Listed:
        def __init__(self, wanted: str) -> None:
            self.name, self._wanted = wanted, wanted

        def open(self, audio_format: Format, *, instead: bool) -> Any:
            device = choose_device(found, self._wanted, instead=instead)
            if busy or device is None:
                raise SourceError(self.name, "is busy")
            self.name = device.name
            return f"{name} {audio_format.rate} {device.name}"

    def devices_of() -> list[InputDevice]:
        if problem:
            raise SourceError(name, problem)
        return found

    return CaptureBackend(name, lambda: "", lambda: None, devices_of, Listed)


def opened(device: Any, *, instead: bool = False) -> Any:
    """What such a back end opens: its name, the rate and the name of the device."""
    return device.open(WIRE, instead=instead)


def test_a_name_is_looked_up_in_every_back_end() -> None:
    """One device has different names in PortAudio and PulseAudio. Once found, it is opened again where it was."""
    others = [listing("b", "x", problem="no sound system"), listing("c", "Desk"), listing("d", "Jabra USB")]
    device = NamedDevice("jabra", listing("a", "HDA Intel: ALC"), others)
    assert opened(device) == "d 16000 Jabra USB"
    assert device.name == "Jabra USB"
    others.clear()
    assert opened(device, instead=True) == "d 16000 Jabra USB"
    assert opened(NamedDevice("hda", listing("a", "HDA Intel"), [listing("b", "hda")])) == "a 16000 HDA Intel"
    assert opened(NamedDevice("gone", listing("a", "HDA"), []), instead=True) == "a 16000 HDA"


def test_a_name_that_no_back_end_lists_is_an_error_that_says_where_it_was_looked_up() -> None:
    """What each of them lists; one that does not work here is no news. A device that is busy is not unknown."""
    others = [listing("b", problem="no sound system"), listing("c"), listing("d", "Desk")]
    with pytest.raises(SourceError) as caught:
        NamedDevice("usb", listing("a", "HDA", "HDMI"), others).open(WIRE, instead=False)
    assert str(caught.value) == "usb: no microphone has this name; a lists HDA, HDMI; c lists none; d lists Desk"
    with pytest.raises(SourceError, match="usb: no microphone has this name; choose one of HDA"):
        NamedDevice("usb", listing("a", "HDA"), []).open(WIRE, instead=False)
    with pytest.raises(SourceError, match="usb: is busy"):
        NamedDevice("usb", listing("a", "HDA"), [listing("b", "USB", busy=True)]).open(WIRE, instead=False)


def test_only_a_name_is_looked_up_elsewhere(monkeypatch: pytest.MonkeyPatch, place: Path) -> None:
    """A number, the default microphone and a back end that is named are of one back end."""
    for name in ("miniaudio", "parec", "arecord"):
        install(monkeypatch, place, name)
    assert [row.name for row in later_backends(capture_backend())] == ["parec", "arecord"]
    assert isinstance(find_device("usb"), NamedDevice)
    assert isinstance(find_device("3"), Miniaudio)
    assert isinstance(find_device("mic"), Miniaudio)
    assert isinstance(find_device("usb", "miniaudio"), Miniaudio)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        (
            "pyaudio",
            "PyAudio is not installed: .*apt-get install portaudio19-dev gcc python3-dev && .* install pyaudio",
        ),
        ("miniaudio", "miniaudio is not installed: .*pip install miniaudio"),
        ("parec", "parec is not installed: .*apt-get install pulseaudio-utils"),
        ("pw-record", "pw-record is not installed: .*apt-get install pipewire-bin"),
        ("arecord", "arecord is not installed: .*apt-get install alsa-utils"),
        ("", "PyAudio is not installed: .*; or without a compiler: .*apt-get install pulseaudio-utils"),
    ],
)
@pytest.mark.usefixtures("place")
def test_what_is_missing_is_reported_with_the_command_that_brings_it(name: str, said: str) -> None:
    """For this distribution, in one line."""
    with pytest.raises(SourceError, match=said) as caught:
        capture_backend(name)
    assert "\n" not in str(caught.value)


def test_programs_of_linux_are_not_looked_for_elsewhere(monkeypatch: pytest.MonkeyPatch, place: Path) -> None:
    """Where one of the same name may be something else."""
    install(monkeypatch, place, "parec")
    monkeypatch.setattr(sys, "platform", "win32")
    with pytest.raises(SourceError, match="parec is a program of Linux"):
        capture_backend("parec")
    with pytest.raises(SourceError, match=r"PyAudio is not installed: .*pip install pyaudio$"):
        capture_backend()


def test_a_name_of_a_device_leads_to_its_back_end(monkeypatch: pytest.MonkeyPatch, place: Path) -> None:
    """`mic` is the default one; the monitor is read by parec in any case."""
    install(monkeypatch, place, "parec")
    install(monkeypatch, place, "miniaudio")
    assert isinstance(find_device("mic"), Miniaudio)
    device = find_device("usb", "parec")
    assert (type(device), device.name) == (ProgramDevice, "usb")
    assert isinstance(find_device("Monitor", "miniaudio"), OutputMonitor)


def test_a_list_that_hangs_is_an_error() -> None:
    """One line instead of a command that never ends; an error of the back end comes through."""
    go = Event()

    def hang() -> list[InputDevice]:
        assert go.wait(PATIENCE_S)
        raise SourceError("microphone", "no list")

    backend = CaptureBackend("x", str, lambda: None, hang, Miniaudio)
    with pytest.raises(SourceError, match="x does not answer: no list of devices within"):
        input_devices(backend, 0.05)
    go.set()
    with pytest.raises(SourceError, match="no list"):
        input_devices(backend, PATIENCE_S)
