"""Which back end reads microphones: the first that is installed and loads, or the one that is named."""

import sys
from pathlib import Path
from threading import Event

import pytest

from asrcli.cli.options.values import BackendName
from asrcli.core.errors import SourceError
from asrcli.sources.backends import installation
from asrcli.sources.backends.device_names import find_device
from asrcli.sources.backends.input_device import InputDevice
from asrcli.sources.backends.miniaudio import Miniaudio
from asrcli.sources.backends.output_monitor import OutputMonitor
from asrcli.sources.backends.recording_programs import ProgramDevice
from asrcli.sources.backends.registry import CaptureBackend, capture_backend, input_devices, names
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
